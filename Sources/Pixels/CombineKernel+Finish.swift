extension CombineKernel {
  /// Value, error, flags, count and scatter of sixteen pixels from their surviving samples.
  @inline(__always)
  func finish(
    _ stack: CombineStack, _ low: Lanes, _ high: Lanes, _ sums: Sums
  ) -> CombineResult {
    let spread = spreads(stack, low, high, sums)
    let several = sums.count .>= 2
    let scatter = (spread.square / (sums.count - 1)).squareRoot().replacing(with: .nan, where: .!several)
    var error = spread.propagated.squareRoot() / sums.weight
    if options.errors == .measure {
      let measured = (spread.weightedSquare * sums.count / (sums.count - 1)).squareRoot() / sums.weight
      error.replace(with: measured, where: several)
    }
    let value: Lanes
    switch options.method {
    case .mean, .wmean: value = sums.mean
    case .median:
      value = stack.median(low, high, count: sums.count)
      error *= errorFactor(sums.count)
    case .wmedian:
      value = weightedMedian(stack, low, high)
      error *= errorFactor(sums.count)
    }
    let empty = sums.count .<= 0
    var flags = sums.flags
    if options.flags == .allSamples || anyLane(empty) {
      var seen = FlagLanes.zero
      for j in 0..<stack.n { seen |= stack.flags[j] }
      if options.flags == .allSamples { flags = seen }
      flags = flags.replacing(with: seen | DQ.doNotUse, where: empty)
    }
    error = error.replacing(with: .nan, where: empty)
    flags = flags.raising(DQ.unreliableError, where: (error .!= error) .& .!empty)
    return CombineResult(
      value: value.replacing(with: .nan, where: empty), error: error, scatter: scatter, count: sums.count,
      flags: flags)
  }

  /// Sums of squares over the samples used: of deviations, of weighted deviations, of weighted errors.
  private struct Spreads {
    var square = Lanes.zero
    var weightedSquare = Lanes.zero
    var propagated = Lanes.zero
  }

  @inline(__always)
  private func spreads(
    _ stack: CombineStack, _ low: Lanes, _ high: Lanes, _ sums: Sums
  ) -> Spreads {
    // The scatter is about the plain mean; with equal weights that is the mean at hand.
    let weighted = options.isWeighted
    let mean = weighted ? plainMean(stack, low, high, sums) : sums.mean
    var result = Spreads()
    for j in 0..<stack.n {
      let x = stack.samples[j]
      let used = (x .>= low) .& (x .<= high)
      let d = Lanes.zero.replacing(with: x - mean, where: used)
      result.square += d * d
      let e = Lanes.zero.replacing(with: stack.errors[j], where: used)
      guard weighted else {
        result.propagated += e * e
        continue
      }
      let w = Lanes.zero.replacing(with: weight(stack, j), where: used)
      let wd = Lanes.zero.replacing(with: w * (x - sums.mean), where: used)
      result.weightedSquare += wd * wd
      result.propagated += (w * e) * (w * e)
    }
    if !weighted { result.weightedSquare = result.square }
    return result
  }

  @inline(__always)
  private func plainMean(_ stack: CombineStack, _ low: Lanes, _ high: Lanes, _ sums: Sums) -> Lanes {
    var total = Lanes.zero
    for j in 0..<stack.n {
      let x = stack.samples[j]
      total += Lanes.zero.replacing(with: x - sums.mean, where: (x .>= low) .& (x .<= high))
    }
    return sums.mean + total / sums.count
  }

  /// The value where the weights, summed upwards, reach half; the mean of two where they meet it exactly.
  @inline(__always)
  private func weightedMedian(_ stack: CombineStack, _ low: Lanes, _ high: Lanes) -> Lanes {
    let companions = stack.sorted
    for j in 0..<stack.n {
      let x = stack.samples[j]
      let used = (x .>= low) .& (x .<= high)
      stack.spare[j] = Lanes(repeating: .infinity).replacing(with: x, where: used)
      companions[j] = Lanes.zero.replacing(with: weight(stack, j), where: used)
    }
    stack.sortSpare(carrying: companions)
    // Summed in sorted order, as the running sum below is, so that an exact half is seen as one.
    var total = Lanes.zero
    for j in 0..<stack.n { total += companions[j] }
    let half = 0.5 * total
    var running = Lanes.zero
    var value = Lanes(repeating: .nan)
    for j in 0..<stack.n {
      let next = running + companions[j]
      let crossing = (running .< half) .& (next .>= half)
      var here = stack.spare[j]
      if j + 1 < stack.n {
        let upper = stack.spare[j + 1]
        let tie = (next .== half) .& (upper .< Lanes(repeating: .infinity))
        here.replace(with: 0.5 * here + 0.5 * upper, where: tie)
      }
      value.replace(with: here, where: crossing)
      running = next
    }
    return value
  }
}

extension CombineKernel {
  /// Value, error, flags, count and scatter of sixteen pixels from their surviving samples.
  @inline(__always)
  func finish(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ i: Int, _ stack: CombineStack, _ low: Lanes,
    _ high: Lanes, _ sums: Sums, _ seen: FlagLanes, _ target: CombineTarget
  ) {
    let spread = spreads(frames, i, stack, low, high, sums)
    let several = sums.count .>= 2
    let scatter = (spread.square / (sums.count - 1)).squareRoot().replacing(with: .nan, where: .!several)
    var error = spread.propagated.squareRoot() / sums.weight
    if options.errors == .measure {
      let measured = (spread.weightedSquare * sums.count / (sums.count - 1)).squareRoot() / sums.weight
      error.replace(with: measured, where: several)
    }
    error *= errorFactor(sums.count)
    let value: Lanes
    switch options.method {
    case .mean, .wmean: value = sums.mean
    case .median: value = stack.median(low, high, count: sums.count)
    case .wmedian: value = weightedMedian(frames, i, stack, low, high, sums)
    }
    let empty = sums.count .<= 0
    var flags = options.flags == .allSamples ? seen : sums.flags
    flags = flags.replacing(with: seen | DQ.doNotUse, where: empty)
    error = error.replacing(with: .nan, where: empty)
    flags = flags.raising(DQ.unreliableError, where: (error .!= error) .& .!empty)
    target.value.store(value.replacing(with: .nan, where: empty), at: i)
    target.error.store(error, at: i)
    target.quality.store(flags, at: i)
    target.scatter.store(scatter, at: i)
    target.count.store(SIMD16<UInt16>(truncatingIfNeeded: SIMD16<Int32>(sums.count)), at: i)
  }

  /// Sums of squares over the samples used: of deviations, of weighted deviations, of weighted errors.
  private struct Spreads {
    var square = Lanes.zero
    var weightedSquare = Lanes.zero
    var propagated = Lanes.zero
  }

  @inline(__always)
  private func spreads(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ i: Int, _ stack: CombineStack, _ low: Lanes,
    _ high: Lanes, _ sums: Sums
  ) -> Spreads {
    // The scatter is about the plain mean; with equal weights that is the mean at hand.
    let weighted = options.method == .wmean || options.method == .wmedian
    let mean = weighted ? plainMean(stack, low, high, sums) : sums.mean
    var result = Spreads()
    for j in 0..<frames.count {
      let x = stack.samples[j]
      let used = (x .>= low) .& (x .<= high)
      let d = Lanes.zero.replacing(with: x - mean, where: used)
      result.square += d * d
      let e = Lanes.zero.replacing(with: frames[j].error.lanes(i), where: used)
      guard weighted else {
        result.propagated += e * e
        continue
      }
      let w = Lanes.zero.replacing(with: weight(frames, j, i), where: used)
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
  private func weightedMedian(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ i: Int, _ stack: CombineStack, _ low: Lanes,
    _ high: Lanes, _ sums: Sums
  ) -> Lanes {
    let companions = stack.sorted
    for j in 0..<frames.count {
      let x = stack.samples[j]
      let used = (x .>= low) .& (x .<= high)
      stack.spare[j] = Lanes(repeating: .infinity).replacing(with: x, where: used)
      companions[j] = Lanes.zero.replacing(with: weight(frames, j, i), where: used)
    }
    stack.sortSpare(carrying: companions)
    // Summed in sorted order, as the running sum below is, so that an exact half is seen as one.
    var total = Lanes.zero
    for j in 0..<frames.count { total += companions[j] }
    let half = 0.5 * total
    var running = Lanes.zero
    var value = Lanes(repeating: .nan)
    for j in 0..<frames.count {
      let next = running + companions[j]
      let crossing = (running .< half) .& (next .>= half)
      var here = stack.spare[j]
      if j + 1 < frames.count {
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

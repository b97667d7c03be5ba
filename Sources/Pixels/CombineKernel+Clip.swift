extension CombineKernel {
  /// The median error of the usable samples where a stack is small, else 0.
  @inline(__always)
  private func errorFloor(_ clipping: Clipping, _ usable: Lanes, _ stack: CombineStack) -> Lanes {
    let small = usable .< Lanes(repeating: Float(clipping.errorFloorBelow))
    guard clipping.spread == .mad, anyLane(small) else { return .zero }
    var known = Lanes.zero
    for j in 0..<stack.n {
      let x = stack.samples[j]
      let e = stack.errors[j]
      let good = (x .== x) .& (e .>= 0) .& (e .<= Float.greatestFiniteMagnitude)
      stack.spare[j] = Lanes(repeating: .infinity).replacing(with: e, where: good)
      known += ones(where: good)
    }
    stack.sortSpare()
    let median = stack.median(stack.spare, first: .zero, count: known)
    return Lanes.zero.replacing(with: median, where: small .& (known .> 0))
  }

  /// Narrows `low...high` round by round; the samples left inside are those used.
  @inline(__always)
  func clip(_ clipping: Clipping, _ stack: CombineStack, _ low: inout Lanes, _ high: inout Lanes) {
    var count = stack.count(low, high)
    let floor = errorFloor(clipping, count, stack)
    for _ in 0..<clipping.maximumIterations {
      let (center, sigma) = centerAndSigma(clipping, stack, low, high, count, floor)
      let bottom = center - clipping.kappaLow * sigma
      let top = center + clipping.kappaHigh * sigma
      let newLow = low.replacing(with: bottom, where: bottom .> low)
      let newHigh = high.replacing(with: top, where: top .< high)
      let newCount = stack.count(newLow, newHigh)
      let rejects =
        (newCount .< count) .& (newCount .>= Float(clipping.minimumSurvivors))
        .& (count .>= Float(clipping.minimumSamples)) .& (sigma .> 0)
      guard anyLane(rejects) else { break }
      low.replace(with: newLow, where: rejects)
      high.replace(with: newHigh, where: rejects)
      count.replace(with: newCount, where: rejects)
    }
  }

  @inline(__always)
  private func centerAndSigma(
    _ clipping: Clipping, _ stack: CombineStack, _ low: Lanes, _ high: Lanes, _ count: Lanes, _ floor: Lanes
  ) -> (Lanes, Lanes) {
    let center: Lanes
    switch clipping.center {
    case .median: center = stack.median(low, high, count: count)
    case .mean:
      let pivot = stack.median(low, high, count: count)
      center = stack.mean(low, high, count: count, pivot: pivot)
    case .biweight: center = stack.biweightLocation(low, high, count: count)
    }
    switch clipping.spread {
    case .mad:
      let deviation = stack.medianDeviation(low, high, count: count, from: center)
      var sigma = 1.4826022 * deviation
      sigma.replace(with: floor, where: floor .> sigma)
      let flat = .!(sigma .> 0)
      guard anyLane(flat) else { return (center, sigma) }
      // More than half of the samples are equal (quantised data): the MAD says nothing.
      return (center, sigma.replacing(with: deviationFromMean(stack, low, high, count), where: flat))
    case .standardDeviation: return (center, deviationFromMean(stack, low, high, count))
    case .biweight: return (center, stack.biweightSigma(low, high, count: count, center: center))
    }
  }

  @inline(__always)
  private func deviationFromMean(_ stack: CombineStack, _ low: Lanes, _ high: Lanes, _ count: Lanes) -> Lanes
  {
    let pivot = stack.median(low, high, count: count)
    let mean = stack.mean(low, high, count: count, pivot: pivot)
    return stack.standardDeviation(low, high, count: count, mean: mean)
  }
}

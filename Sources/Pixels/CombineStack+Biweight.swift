extension CombineStack {
  /// Tukey's biweight location (c = 6) of the usable samples in `low...high`; the median where the MAD is 0.
  @inline(__always)
  func biweightLocation(_ low: Lanes, _ high: Lanes, count: Lanes) -> Lanes {
    let median = median(low, high, count: count)
    let scale = 6 * medianDeviation(low, high, count: count, from: median)
    var sum = Lanes.zero
    var weight = Lanes.zero
    for j in 0..<n {
      let x = sorted[j]
      let d = x - median
      let u = d / scale
      let t = 1 - u * u
      let used = (x .>= low) .& (x .<= high) .& (t .> 0)
      sum += Lanes.zero.replacing(with: d * t * t, where: used)
      weight += Lanes.zero.replacing(with: t * t, where: used)
    }
    return median + (sum / weight).replacing(with: 0, where: .!(weight .> 0))
  }

  /// The root of the biweight midvariance (c = 9) of the usable samples in `low...high` about `center`,
  /// with the number of samples that have weight in the place of n; 0 where the MAD is 0.
  @inline(__always)
  func biweightSigma(_ low: Lanes, _ high: Lanes, count: Lanes, center: Lanes) -> Lanes {
    let scale = 9 * medianDeviation(low, high, count: count, from: center)
    var top = Lanes.zero
    var bottom = Lanes.zero
    var inliers = Lanes.zero
    for j in 0..<n {
      let x = sorted[j]
      let d = x - center
      let u = d / scale
      let uu = u * u
      let t = 1 - uu
      let used = (x .>= low) .& (x .<= high) .& (t .> 0)
      let tt = t * t
      top += Lanes.zero.replacing(with: d * d * tt * tt, where: used)
      bottom += Lanes.zero.replacing(with: t * (1 - 5 * uu), where: used)
      inliers += ones(where: used)
    }
    let variance = inliers * top / (bottom * bottom)
    return variance.squareRoot().replacing(with: 0, where: .!(scale .> 0))
  }
}

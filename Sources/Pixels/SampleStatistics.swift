/// Robust statistics of a few samples, in double precision: the textbook forms that kernels are tested
/// against.
///
/// Samples that are NaN are the caller's to leave out. Of no samples every statistic is NaN.
public enum SampleStatistics {
  /// The middle value, or the mean of the middle two.
  public static func median(_ samples: [Double]) -> Double {
    guard !samples.isEmpty else { return .nan }
    let sorted = samples.sorted()
    let n = sorted.count
    return n % 2 == 1 ? sorted[n / 2] : 0.5 * sorted[n / 2 - 1] + 0.5 * sorted[n / 2]
  }

  /// The median absolute deviation from `center` (the median by default), not scaled.
  public static func medianAbsoluteDeviation(_ samples: [Double], center: Double? = nil) -> Double {
    let center = center ?? median(samples)
    return median(samples.map { abs($0 - center) })
  }

  /// Tukey's biweight location with tuning constant `c` (Beers, Flynn & Gebhardt 1990, eq. 5); the median
  /// where the MAD is 0.
  public static func biweightLocation(_ samples: [Double], c: Double = 6) -> Double {
    let center = median(samples)
    let mad = medianAbsoluteDeviation(samples, center: center)
    guard mad > 0 else { return center }
    var top = 0.0
    var bottom = 0.0
    for x in samples {
      let u = (x - center) / (c * mad)
      let t = 1 - u * u
      guard t > 0 else { continue }
      top += (x - center) * t * t
      bottom += t * t
    }
    return center + top / bottom
  }

  /// The biweight midvariance about `center` (the median by default) with tuning constant `c` (Beers, Flynn
  /// & Gebhardt 1990, eq. 9); 0 where the MAD is 0.
  ///
  /// - Parameter countsOnlyWeighted: n counts only the samples that have weight, not all.
  public static func biweightMidvariance(
    _ samples: [Double], center: Double? = nil, c: Double = 9, countsOnlyWeighted: Bool = false
  ) -> Double {
    let center = center ?? median(samples)
    let mad = medianAbsoluteDeviation(samples, center: center)
    guard mad > 0 else { return mad }
    var top = 0.0
    var bottom = 0.0
    var weighted = 0
    for x in samples {
      let u = (x - center) / (c * mad)
      let t = 1 - u * u
      guard t > 0 else { continue }
      top += (x - center) * (x - center) * t * t * t * t
      bottom += t * (1 - 5 * u * u)
      weighted += 1
    }
    return Double(countsOnlyWeighted ? weighted : samples.count) * top / (bottom * bottom)
  }

  /// `sum w x / sum w`.
  public static func weightedMean(_ samples: [Double], weights: [Double]) -> Double {
    zip(samples, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }

  /// The smallest sample at which the weights, summed upwards, reach the fraction `q` of all; the mean of it
  /// and the next one where they meet it exactly.
  public static func weightedQuantile(_ samples: [Double], weights: [Double], q: Double = 0.5) -> Double {
    let sorted = zip(samples, weights).sorted { $0.0 < $1.0 }
    let target = q * sorted.reduce(0) { $0 + $1.1 }
    var running = 0.0
    for (i, (x, w)) in sorted.enumerated() {
      running += w
      if running == target, i + 1 < sorted.count { return 0.5 * (x + sorted[i + 1].0) }
      if running >= target { return x }
    }
    return sorted.last?.0 ?? .nan
  }

  /// The half-sample mode: the narrowest window that holds half of the samples, again and again
  /// (Robertson & Cryer 1974; Bickel 2002). Of quantised samples, where values occur ten times on average,
  /// the most frequent value. `sorted` must rise and hold no NaN; NaN for no samples.
  public static func halfSampleMode(sorted: [Float]) -> Float {
    var low = 0
    var n = sorted.count
    guard n > 0 else { return .nan }
    if let common = commonValue(sorted) { return common }
    while n > 3 {
      let half = (n + 1) / 2
      var best = low
      var width = Float.infinity
      for i in low...(low + n - half) where sorted[i + half - 1] - sorted[i] < width {
        (best, width) = (i, sorted[i + half - 1] - sorted[i])
      }
      (low, n) = (best, half)
    }
    if n == 1 { return sorted[low] }
    if n == 2 { return 0.5 * (sorted[low] + sorted[low + 1]) }
    let left = sorted[low + 1] - sorted[low]
    let right = sorted[low + 2] - sorted[low + 1]
    if left == right { return sorted[low + 1] }
    return left < right
      ? 0.5 * (sorted[low] + sorted[low + 1]) : 0.5 * (sorted[low + 1] + sorted[low + 2])
  }

  /// The most frequent value of samples that repeat ten times on average, else nil.
  private static func commonValue(_ sorted: [Float]) -> Float? {
    var distinct = 0
    var run = 0
    var longest = 0
    var common = Float.nan
    for (i, x) in sorted.enumerated() {
      if i == 0 || x != sorted[i - 1] { (distinct, run) = (distinct + 1, 0) }
      run += 1
      if run > longest { (longest, common) = (run, x) }
    }
    return distinct * 10 <= sorted.count ? common : nil
  }
}

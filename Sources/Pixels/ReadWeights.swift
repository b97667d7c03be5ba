/// The weights of a linear rate estimator for a given set of usable reads: `rate = sum w_j y_j / divisor`.
///
/// The division stands last so that whole numbers of seconds and of DN give whole rates exactly.
///
/// Every method here is linear in the reads, so its variances follow from the weights alone. A Poisson
/// process gains `rate * dt` of variance in each interval, which all later reads share:
/// `var_P = rate / gain * sum_i dt_i (sum_{j >= i} w_j)^2`, and `var_R = R^2 sum w_j^2`. For equal spacing
/// these are ALGORITHMS 1.21's 1.2 (n^2+1)/(n(n^2-1)) and 12/((n^3-n) t^2) for UTR, and Vacca, Cushing &
/// Rayner (2004) for MCDS.
struct ReadWeights: Sendable {
  /// One weight per read, 0 for those not used; to be divided by `divisor`.
  let weights: [Float]
  /// What the weighted sum is divided by; 1 where there is no rate.
  let divisor: Float
  /// `sum (w / divisor)^2`: the read-noise variance for a noise of 1.
  let read: Float
  /// The Poisson variance for a rate of 1 and a gain of 1.
  let poisson: Float
  /// Usable reads; no rate for fewer than two.
  let used: Int

  init(method: RampFitOptions.Method, times: [Double], usable: [Int]) {
    var w = [Double](repeating: 0, count: times.count)
    let n = usable.count
    var divisor = 1.0
    if n >= 2 {
      switch method {
      case .cds: divisor = Self.difference(1, times, usable, &w)
      case .mcds(let m): divisor = Self.difference(max(min(m, n / 2), 1), times, usable, &w)
      case .utr, .gls: divisor = Self.slope(times, usable, &w)
      }
    }
    weights = w.map { Float($0) }
    self.divisor = Float(divisor)
    w = w.map { $0 / divisor }
    read = Float(w.reduce(0) { $0 + $1 * $1 })
    var later = 0.0
    var poisson = 0.0
    for j in stride(from: times.count - 1, to: 0, by: -1) {
      later += w[j]
      poisson += (times[j] - times[j - 1]) * later * later
    }
    self.poisson = Float(poisson)
    used = n
  }

  /// Weights of group means, times m; returns the time between the means, times m.
  private static func difference(
    _ m: Int, _ times: [Double], _ usable: [Int], _ w: inout [Double]
  ) -> Double {
    let first = usable.prefix(m)
    let last = usable.suffix(m)
    for j in first { w[j] -= 1 }
    for j in last { w[j] += 1 }
    return last.reduce(0) { $0 + times[$1] } - first.reduce(0) { $0 + times[$1] }
  }

  /// Times from their mean; returns the sum of their squares.
  private static func slope(_ times: [Double], _ usable: [Int], _ w: inout [Double]) -> Double {
    let mean = usable.reduce(0) { $0 + times[$1] } / Double(usable.count)
    for j in usable { w[j] = times[j] - mean }
    return usable.reduce(0) { $0 + w[$1] * w[$1] }
  }
}

/// The weights of one integration for every number of leading reads, 0 to all.
struct IntegrationWeights: Sendable {
  let times: [Double]
  /// Reads that are not dropped.
  let kept: [Int]
  /// `prefix[n]` uses the first n of the kept reads.
  let prefix: [ReadWeights]
  let method: RampFitOptions.Method
  /// The straight line of equal weights through all kept reads, as weights of the differences that lead to each of
  /// them (0 for the first).
  let differences: [Float]

  init(times: [Double], options: RampFitOptions) {
    self.times = times
    method = options.method
    let kept = times.indices.filter { !options.droppedReads.contains($0) }
    self.kept = kept
    prefix = (0...kept.count).map { n in
      ReadWeights(method: options.method, times: times, usable: Array(kept.prefix(n)))
    }
    let line = ReadWeights(method: .utr, times: times, usable: kept)
    differences = kept.map { read in
      kept.filter { $0 >= read }.reduce(0) { $0 + line.weights[$1] } / line.divisor
    }
  }
}

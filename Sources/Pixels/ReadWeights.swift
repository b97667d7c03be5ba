import Glibc

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

  /// - Parameter power: of the weights of least squares over the distance from the ramp's middle, see
  ///   `FixsenWeights`.
  init(method: RampFitOptions.Method, times: [Double], usable: [Int], power: Double = 0) {
    var w = [Double](repeating: 0, count: times.count)
    let n = usable.count
    var divisor = 1.0
    if n >= 2 {
      switch method {
      case .cds: divisor = Self.difference(1, times, usable, &w)
      case .mcds(let m): divisor = Self.difference(max(min(m, n / 2), 1), times, usable, &w)
      case .utr, .gls: divisor = Self.slope(times, usable, &w)
      case .optimal: divisor = Self.slope(times, usable, power: power, &w)
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

  /// Weighted times from their weighted mean; returns the weighted sum of their squares.
  private static func slope(
    _ times: [Double], _ usable: [Int], power: Double, _ w: inout [Double]
  ) -> Double {
    let (first, last) = (times[usable[0]], times[usable[usable.count - 1]])
    let weight = usable.map { FixsenWeights.weight(of: times[$0], from: first, to: last, power: power) }
    let sum = weight.reduce(0, +)
    let mean = zip(usable, weight).reduce(0) { $0 + $1.1 * times[$1.0] } / sum
    for (j, p) in zip(usable, weight) { w[j] = p * (times[j] - mean) }
    return usable.reduce(0) { $0 + w[$1] * (times[$1] - mean) }
  }
}

/// The weights of least squares by signal of Fixsen et al. (2000, PASP 112, 1350): a read counts
/// `|t - middle|^P`, with `P` rising from 0 at low signal to 10, where all but the end reads say little.
enum FixsenWeights {
  /// Signal-to-noise ratios above which the powers after the first hold.
  static let limits: [Float] = [5, 10, 20, 50, 100]
  /// The powers.
  static let powers: [Double] = [0, 0.4, 1, 3, 6, 10]

  /// The weight of a read at `time`; `first` and `last` are the times of the segment's ends.
  static func weight(of time: Double, from first: Double, to last: Double, power: Double) -> Double {
    guard power > 0 else { return 1 }
    return pow(abs(2 * time - first - last) / (last - first), power)
  }

  /// Which power the signal between the first and the last read asks for.
  /// - Parameters:
  ///   - signal: data numbers.
  ///   - read: squared read noise in data numbers.
  ///   - inverseGain: data numbers per electron.
  @inline(__always)
  static func level(signal: Float, read: Float, inverseGain: Float) -> Int {
    guard signal > 0 else { return 0 }
    let ratio = signal / (read + signal * inverseGain).squareRoot()
    var level = 0
    for limit in limits where ratio > limit { level += 1 }
    return level
  }
}

/// How the level of a pixel falls behind the charge in it: by a polynomial that undoes it.
///
/// The true signal F that a measured signal m stands for is, both in adu over the zero of the pixel,
///
///     F = m + a m q(m / M),   q(u) = 0.6 u + 0.3 u² + 0.1 u³
///
/// where M is the measured signal at full well and a the pixel's strength. So F = Σ c_n mⁿ with c_0 = 0, c_1 = 1,
/// c_2 = 0.6 a/M, c_3 = 0.3 a/M², c_4 = 0.1 a/M³: what a linearity correction of fourth order takes; and at full well
/// F = (1 + a) M, of which the share a / (1 + a) is missing.
public struct ResponseCurve: Sendable, Hashable {
  /// Measured signal at full well, adu.
  public let scale: Double
  private static let shares = (0.6, 0.3, 0.1)

  /// A curve on which `missing` of the signal is missing at a true signal of `fullWell` adu.
  init(missing: Double, fullWell: Double) { scale = fullWell * (1 - missing) }

  /// The strength of a pixel of which `missing` of the signal is missing at full well.
  static func strength(missing: Double) -> Double { missing / (1 - missing) }

  /// c_0 … c_4 of a pixel of strength `a`.
  public func coefficients(strength a: Double) -> [Double] {
    let (s1, s2, s3) = Self.shares
    return [0, 1, a * s1 / scale, a * s2 / (scale * scale), a * s3 / (scale * scale * scale)]
  }

  /// The true signal of a measured one.
  @inline(__always) public func trueSignal(_ measured: Double, strength a: Double) -> Double {
    let (s1, s2, s3) = Self.shares
    let u = measured / scale
    return measured + a * measured * u * (s1 + u * (s2 + u * s3))
  }

  /// The measured signal of a true one, to rounding: four steps of Newton from 5 % off. A negative signal is measured
  /// as it is.
  @inline(__always) public func measured(_ signal: Double, strength a: Double) -> Double {
    guard a != 0, signal > 0 else { return signal }
    let (s1, s2, s3) = Self.shares
    var m = signal / (1 + a * s1 * signal / scale)
    for _ in 0..<4 {
      let u = m / scale
      let value = m + a * m * u * (s1 + u * (s2 + u * s3)) - signal
      let slope = 1 + a * u * (2 * s1 + u * (3 * s2 + u * 4 * s3))
      m -= value / slope
    }
    return m
  }
}

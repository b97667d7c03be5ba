import Glibc

extension Double {
  /// e to the power `x`.
  static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  /// The natural logarithm of `x`.
  static func log(_ x: Double) -> Double { Glibc.log(x) }

  /// ln(k!) for k ≥ 0: a table below 16, Stirling's series with three terms above (error below 1e-10).
  static func logFactorial(_ k: Double) -> Double {
    if k < 16 { return smallLogFactorials[Int(k)] }
    let x = k + 1
    let inverse = 1 / x
    let square = inverse * inverse
    let series = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260)))
    return (x - 0.5) * log(x) - x + 0.918_938_533_204_672_8 + series
  }

  private static let smallLogFactorials: [Double] = {
    var sum = 0.0
    return (0..<16).map { k in
      if k > 1 { sum += log(Double(k)) }
      return sum
    }
  }()
}

/// Powers of two coordinates, `sum of c[p, q] u^p v^q` over `p + q <= order`: the form of SIP and TPV.
public struct Polynomial2D: Sendable, Equatable {
  /// Highest total degree.
  public let order: Int
  /// `order + 1` rows (p) of `order + 1` (q); those of a higher total degree are 0.
  private var factors: [Double]

  /// The polynomial 0.
  public init(order: Int) {
    precondition(order >= 0, "an order of \(order)")
    self.order = order
    factors = [Double](repeating: 0, count: (order + 1) * (order + 1))
  }

  /// The factor of `u^p v^q`; 0 beyond the order.
  public subscript(p: Int, q: Int) -> Double {
    get { p >= 0 && q >= 0 && p + q <= order ? factors[p * (order + 1) + q] : 0 }
    set {
      precondition(p >= 0 && q >= 0 && p + q <= order, "a term beyond the order")
      factors[p * (order + 1) + q] = newValue
    }
  }

  /// The powers of all terms, by total degree, then by falling power of `u`.
  public static func terms(order: Int, from least: Int = 0) -> [(p: Int, q: Int)] {
    order < least ? [] : (least...order).flatMap { n in (0...n).map { (n - $0, $0) } }
  }

  /// Its value, by Horner's rule.
  public func callAsFunction(_ u: Double, _ v: Double) -> Double {
    var sum = 0.0
    for p in (0...order).reversed() {
      var inner = 0.0
      for q in (0...order - p).reversed() { inner = inner * v + factors[p * (order + 1) + q] }
      sum = sum * u + inner
    }
    return sum
  }

  /// Its derivatives along `u` and `v`.
  public func gradient(_ u: Double, _ v: Double) -> (u: Double, v: Double) {
    (derivative(alongU: true)(u, v), derivative(alongU: false)(u, v))
  }

  /// Its derivative along one coordinate, a polynomial.
  func derivative(alongU: Bool) -> Polynomial2D {
    var result = Polynomial2D(order: max(order - 1, 0))
    for (p, q) in Self.terms(order: order, from: 1) {
      if alongU, p > 0 { result[p - 1, q] = Double(p) * self[p, q] }
      if !alongU, q > 0 { result[p, q - 1] = Double(q) * self[p, q] }
    }
    return result
  }

  /// The polynomial `f(a u + b v + s, c u + d v + t)`, term by term (binomial theorem): of the same order.
  public func substituting(
    u first: (a: Double, b: Double, s: Double), v second: (c: Double, d: Double, t: Double)
  ) -> Polynomial2D {
    var one = Polynomial2D(order: 0)
    one[0, 0] = 1
    let powersU = Self.powers(first.a, first.b, first.s, one, order)
    let powersV = Self.powers(second.c, second.d, second.t, one, order)
    var result = Polynomial2D(order: order)
    for (p, q) in Self.terms(order: order) where self[p, q] != 0 {
      let product = powersU[p].times(powersV[q])
      for (i, j) in Self.terms(order: p + q) { result[i, j] += self[p, q] * product[i, j] }
    }
    return result
  }

  private static func powers(
    _ a: Double, _ b: Double, _ c: Double, _ one: Polynomial2D, _ order: Int
  ) -> [Polynomial2D] {
    var linear = Polynomial2D(order: 1)
    (linear[1, 0], linear[0, 1], linear[0, 0]) = (a, b, c)
    var all = [one]
    for _ in 0..<order { all.append(all[all.count - 1].times(linear)) }
    return all
  }

  /// The product; its order is the sum of both.
  func times(_ other: Polynomial2D) -> Polynomial2D {
    var result = Polynomial2D(order: order + other.order)
    for (p, q) in Self.terms(order: order) where self[p, q] != 0 {
      for (i, j) in Self.terms(order: other.order) {
        result[p + i, q + j] += self[p, q] * other[i, j]
      }
    }
    return result
  }

  /// `a f + b g`, of the higher order.
  static func combination(_ a: Double, _ f: Polynomial2D, _ b: Double, _ g: Polynomial2D) -> Polynomial2D {
    var result = Polynomial2D(order: max(f.order, g.order))
    for (p, q) in terms(order: result.order) { result[p, q] = a * f[p, q] + b * g[p, q] }
    return result
  }
}

import FITSStructure

/// The same polynomials in the plane of the sky (`TPV`), which SExtractor and SWarp understand: they know
/// nothing of SIP.
///
/// SIP shifts pixels before the matrix: `xi = CD (u + f(u))`. TPV shifts the plane after it: `xi = P(x)`, `x
/// = CD u`. Both are one map when `P(x) = x + CD f(CD^-1 x)`, a polynomial of the same order: the two forms
/// agree exactly. TPV has terms up to order 7 (`PVi_0 … PVi_39`); its radial terms (`PVi_3, 11, 23, 39`) are
/// not polynomials and stay 0.
enum TPV {
  static let maximumOrder = 7

  /// The index of `PVi_m` of each term `x^p y^q`, x being the axis itself and y the other one.
  private static let indices: [(p: Int, q: Int, m: Int)] = {
    var all: [(Int, Int, Int)] = []
    var next = 0
    for order in 0...maximumOrder {
      for (p, q) in Polynomial2D.terms(order: order, from: order) {
        all.append((p, q, next))
        next += 1
      }
      // The power of r of an odd order follows its terms.
      if order % 2 == 1 { next += 1 }
    }
    return all.map { (p: $0.0, q: $0.1, m: $0.2) }
  }()

  private static let radial: Set<Int> = [3, 11, 23, 39]

  /// `PVi_m` of a matrix (degrees per pixel) and a distortion about the reference pixel.
  /// - Throws: `distortion-order` beyond 7, `wcs-singular`.
  static func cards(_ matrix: PlaneTransform, _ distortion: SIPDistortion) throws(AstrometryError) -> [Card] {
    guard distortion.order <= maximumOrder else {
      throw AstrometryError(
        "distortion-order",
        "TPV has room for order \(maximumOrder), the distortion is of \(distortion.order)",
        subject: "A_ORDER", hint: "keep SIP")
    }
    guard let back = matrix.inverse else {
      throw AstrometryError("wcs-singular", "its matrix cannot be inverted", subject: "CD1_1")
    }
    let f = distortion.a.substituting(u: (back.a, back.b, 0), v: (back.c, back.d, 0))
    let g = distortion.b.substituting(u: (back.a, back.b, 0), v: (back.c, back.d, 0))
    var xi = Polynomial2D.combination(matrix.a, f, matrix.b, g)
    var eta = Polynomial2D.combination(matrix.c, f, matrix.d, g)
    (xi, eta) = (xi.raised(to: 1), eta.raised(to: 1))
    xi[1, 0] += 1
    eta[0, 1] += 1
    return axis(1) { xi[$0, $1] } + axis(2) { eta[$1, $0] }
  }

  /// The terms of one axis; `PVi_1` is said even when it is 0, for without it there it is 1.
  private static func axis(_ i: Int, _ factor: (Int, Int) -> Double) -> [Card] {
    indices.compactMap { term in
      let value = factor(term.p, term.q)
      return value != 0 || term.m == 1 ? Card("PV\(i)_\(term.m)", value) : nil
    }
  }

  /// The distortion of pixels about `reference` that `PVi_m` among `cards` amount to.
  /// - Throws: `distortion-radial` for radial terms, `wcs-singular`.
  static func distortion(
    _ cards: [Card], _ matrix: PlaneTransform, reference: PixelPosition
  ) throws(AstrometryError) -> SIPDistortion {
    guard let back = matrix.inverse else {
      throw AstrometryError("wcs-singular", "its matrix cannot be inverted", subject: "CD1_1")
    }
    var values: [String: Double] = [:]
    for card in cards where card.keyword.hasPrefix("PV") { values[card.keyword] = card.double }
    let odd = values.first { key, value in
      value != 0 && radial.contains(Int(key.dropFirst(4)) ?? -1)
    }
    if let odd {
      throw AstrometryError("distortion-radial", "a radial term is no polynomial", subject: odd.key)
    }
    func plane(_ i: Int) -> Polynomial2D {
      let used = indices.filter { values["PV\(i)_\($0.m)"].map { $0 != 0 } ?? false }
      var result = Polynomial2D(order: max(used.map { $0.p + $0.q }.max() ?? 1, 1))
      for term in used {
        let value = values["PV\(i)_\(term.m)"] ?? 0
        if i == 1 { result[term.p, term.q] = value } else { result[term.q, term.p] = value }
      }
      if values["PV\(i)_1"] == nil { result[i == 1 ? 1 : 0, i == 1 ? 0 : 1] = 1 }
      return result
    }
    var (xi, eta) = (plane(1), plane(2))
    let order = max(xi.order, eta.order)
    (xi, eta) = (xi.raised(to: order), eta.raised(to: order))
    xi[1, 0] -= 1
    eta[0, 1] -= 1
    let f = xi.substituting(u: (matrix.a, matrix.b, 0), v: (matrix.c, matrix.d, 0))
    let g = eta.substituting(u: (matrix.a, matrix.b, 0), v: (matrix.c, matrix.d, 0))
    return SIPDistortion(
      reference: reference, a: .combination(back.a, f, back.b, g), b: .combination(back.c, f, back.d, g))
  }
}

extension Polynomial2D {
  /// Of at least this order.
  func raised(to least: Int) -> Polynomial2D {
    Polynomial2D.combination(1, self, 0, Polynomial2D(order: max(least, 0)))
  }
}

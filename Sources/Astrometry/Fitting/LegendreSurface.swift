/// A sum of products of Legendre polynomials `P_i(s) P_j(t)`, `i + j <= order`, over a square of pixels:
/// nearly orthogonal for points that cover it, so that it can be fitted to a high order.
struct LegendreSurface: Sendable, Equatable {
  let order: Int
  let domain: Domain
  /// Factors in the order of `Polynomial2D.terms`.
  var coefficients: [Double]

  /// The square that is mapped on -1 … 1 in both coordinates; a square, so that turns and scales stay what
  /// they are.
  struct Domain: Sendable, Equatable {
    let centre: PixelPosition
    let half: Double

    /// The square about an image, in FITS pixels (the centre of the first pixel is 1).
    init(width: Int, height: Int) {
      centre = PixelPosition(x: Double(width + 1) / 2, y: Double(height + 1) / 2)
      half = Double(max(width, height, 2)) / 2
    }

    /// The square that holds points.
    init(around points: [PixelPosition]) {
      let (xs, ys) = (points.map(\.x), points.map(\.y))
      let (x0, x1) = (xs.min() ?? 0, xs.max() ?? 0)
      let (y0, y1) = (ys.min() ?? 0, ys.max() ?? 0)
      centre = PixelPosition(x: (x0 + x1) / 2, y: (y0 + y1) / 2)
      half = max(x1 - x0, y1 - y0, 1e-300) / 2
    }

    func unit(_ position: PixelPosition) -> (s: Double, t: Double) {
      ((position.x - centre.x) / half, (position.y - centre.y) / half)
    }
  }

  static func termCount(order: Int) -> Int { (order + 1) * (order + 2) / 2 }

  /// Values of all terms at a place.
  static func basis(order: Int, at unit: (s: Double, t: Double)) -> [Double] {
    let (first, second) = (values(order, unit.s), values(order, unit.t))
    return Polynomial2D.terms(order: order).map { first[$0.p] * second[$0.q] }
  }

  /// `P_0(x) … P_order(x)` by the recurrence of Bonnet.
  private static func values(_ order: Int, _ x: Double) -> [Double] {
    var all = [1.0, x]
    for n in 1..<max(order, 1) {
      let k = Double(n)
      all.append(((2 * k + 1) * x * all[n] - k * all[n - 1]) / (k + 1))
    }
    return Array(all.prefix(order + 1))
  }

  func callAsFunction(_ position: PixelPosition) -> Double {
    zip(coefficients, Self.basis(order: order, at: domain.unit(position))).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The same in powers of the distance from a pixel.
  func polynomial(about origin: PixelPosition) -> Polynomial2D {
    let powers = Self.powers(order)
    var inUnits = Polynomial2D(order: order)
    for (term, c) in zip(Polynomial2D.terms(order: order), coefficients) {
      for i in 0...term.p {
        for j in 0...term.q { inUnits[i, j] += c * powers[term.p][i] * powers[term.q][j] }
      }
    }
    let start = domain.unit(origin)
    return inUnits.substituting(u: (1 / domain.half, 0, start.s), v: (0, 1 / domain.half, start.t))
  }

  /// Factors of the powers in `P_0 … P_order`.
  private static func powers(_ order: Int) -> [[Double]] {
    var all: [[Double]] = [[1], [0, 1]]
    for n in 1..<max(order, 1) {
      let k = Double(n)
      var next = [0.0] + all[n].map { (2 * k + 1) * $0 / (k + 1) }
      for (i, value) in all[n - 1].enumerated() { next[i] -= k * value / (k + 1) }
      all.append(next)
    }
    return Array(all.prefix(order + 1))
  }

  /// The surface of least squares through values at places.
  /// - Throws: `fit-underdetermined` when they do not determine it.
  static func fitted(
    to values: [Double], at positions: [PixelPosition], order: Int, domain: Domain
  ) throws(AstrometryError) -> LegendreSurface {
    let count = termCount(order: order)
    var problem = LeastSquares(unknowns: count, expectingRows: values.count)
    for (position, value) in zip(positions, values) {
      problem.add(basis(order: order, at: domain.unit(position)), equals: value)
    }
    let (found, rank) = try problem.solved()
    guard rank == count else {
      throw AstrometryError(
        "fit-underdetermined", "\(values.count) points do not determine \(count) coefficients",
        subject: "order \(order)")
    }
    return LegendreSurface(order: order, domain: domain, coefficients: found)
  }
}

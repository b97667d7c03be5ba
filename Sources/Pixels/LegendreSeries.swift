/// A sum of Legendre polynomials over an interval, as fitted to points.
public struct LegendreSeries: Sendable, Equatable {
  /// Factors of P_0, P_1, …
  public let coefficients: [Double]
  /// The interval that is mapped on -1 … 1.
  public let domain: ClosedRange<Double>

  /// A series by its coefficients.
  public init(coefficients: [Double], domain: ClosedRange<Double>) {
    self.coefficients = coefficients
    self.domain = domain
  }

  /// The sum at `x` (by the recurrence of Bonnet).
  public func callAsFunction(_ x: Double) -> Double {
    var sum = 0.0
    Self.eachTerm(Self.unit(x, domain), coefficients.count) { sum += coefficients[$0] * $1 }
    return sum
  }

  /// How points are fitted.
  public struct FitOptions: Sendable, Equatable {
    /// Highest degree.
    public var order: Int
    /// Points whose residuals are farther than this many sigmas (of their MAD) from their median are rejected.
    public var kappa: Double
    /// Rounds of rejection at most.
    public var maximumIterations: Int

    /// Order 8, kappa 3, 10 rounds.
    public init(order: Int = 8, kappa: Double = 3, maximumIterations: Int = 10) {
      self.order = order
      self.kappa = kappa
      self.maximumIterations = maximumIterations
    }
  }

  /// Fits points by least squares with rejection; points whose y is not finite do not count.
  ///
  /// The normal equations are solved by Cholesky in double precision. For points that cover the domain they are close to
  /// diagonal (the polynomials are orthogonal): their condition number is about `2 order + 1`.
  /// - Throws: `legendre-points` when fewer than two points per coefficient are left, or they do not determine them.
  public init(
    fitting points: [(x: Double, y: Double)], domain: ClosedRange<Double>, options: FitOptions = FitOptions()
  ) throws(PixelsError) {
    var used = points.filter { $0.y.isFinite }
    var series = try Self.leastSquares(used, domain, options.order)
    for _ in 0..<options.maximumIterations {
      let residuals = used.map { $0.y - series($0.x) }
      // About their median: outliers of one sign lift the first fit off the good points.
      let center = SampleStatistics.median(residuals)
      let sigma = madToSigma * SampleStatistics.medianAbsoluteDeviation(residuals, center: center)
      guard sigma > 0 else { break }
      let kept = zip(used, residuals).filter { abs($0.1 - center) <= options.kappa * sigma }.map(\.0)
      if kept.count == used.count { break }
      used = kept
      series = try Self.leastSquares(used, domain, options.order)
    }
    self = series
  }

  private static func unit(_ x: Double, _ domain: ClosedRange<Double>) -> Double {
    let half = (domain.upperBound - domain.lowerBound) / 2
    return half > 0 ? (x - domain.lowerBound) / half - 1 : 0
  }

  /// Calls `body` with k and P_k(u), k = 0 … count - 1.
  @inline(__always)
  private static func eachTerm(_ u: Double, _ count: Int, _ body: (Int, Double) -> Void) {
    var (previous, current) = (0.0, 1.0)
    for k in 0..<count {
      body(k, current)
      let n = Double(k)
      (previous, current) = (current, ((2 * n + 1) * u * current - n * previous) / (n + 1))
    }
  }

  private static func leastSquares(
    _ points: [(x: Double, y: Double)], _ domain: ClosedRange<Double>, _ order: Int
  ) throws(PixelsError) -> LegendreSeries {
    let n = order + 1
    let few = PixelsError(
      code: "legendre-points", message: "\(points.count) points do not determine \(n) coefficients",
      subject: "fit", hint: "take a lower order")
    guard points.count >= 2 * n else { throw few }
    var matrix = [Double](repeating: 0, count: n * n)
    var right = [Double](repeating: 0, count: n)
    var terms = [Double](repeating: 0, count: n)
    for point in points {
      eachTerm(unit(point.x, domain), n) { terms[$0] = $1 }
      for i in 0..<n {
        right[i] += terms[i] * point.y
        for j in 0...i { matrix[i * n + j] += terms[i] * terms[j] }
      }
    }
    guard solve(&matrix, &right, n) else { throw few }
    return LegendreSeries(coefficients: right, domain: domain)
  }

  /// Cholesky of the lower triangle, then both substitutions; false for a matrix that is not positive definite.
  private static func solve(_ a: inout [Double], _ b: inout [Double], _ n: Int) -> Bool {
    for i in 0..<n {
      for j in 0...i {
        var sum = a[i * n + j]
        for k in 0..<j { sum -= a[i * n + k] * a[j * n + k] }
        if i == j {
          guard sum > 1e-12 * a[i * n + i] else { return false }
          a[i * n + i] = sum.squareRoot()
        } else {
          a[i * n + j] = sum / a[j * n + j]
        }
      }
    }
    for i in 0..<n {
      for k in 0..<i { b[i] -= a[i * n + k] * b[k] }
      b[i] /= a[i * n + i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      for k in i + 1..<max(n, i + 1) { b[i] -= a[k * n + i] * b[k] }
      b[i] /= a[i * n + i]
    }
    return true
  }
}

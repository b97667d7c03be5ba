import CLAPACKE

/// A linear least-squares problem that is filled row by row and solved by LAPACK (`dgelsy`: complete
/// orthogonal factorisation of the design matrix itself, so the condition number is not squared).
struct LeastSquares {
  let unknowns: Int
  private(set) var rows = 0
  private var design: [Double] = []
  private var right: [Double] = []

  /// A problem of so many unknowns.
  init(unknowns: Int, expectingRows: Int = 0) {
    self.unknowns = unknowns
    design.reserveCapacity(unknowns * expectingRows)
    right.reserveCapacity(expectingRows)
  }

  /// Adds `row * x = target`, which counts as if both sides were multiplied by `weight`.
  mutating func add(_ row: [Double], equals target: Double, weight: Double = 1) {
    precondition(row.count == unknowns, "a row of another length")
    for value in row { design.append(value * weight) }
    right.append(target * weight)
    rows += 1
  }

  /// The unknowns, and the rank of the design: where it is below `unknowns`, they are those of the smallest
  /// norm.
  /// - Parameter tolerance: directions whose singular value is below this share of the greatest do not count.
  /// - Throws: `fit-underdetermined` without rows, `fit-failed` for numbers that are not finite.
  func solved(tolerance: Double = 1e-13) throws(AstrometryError) -> (values: [Double], rank: Int) {
    guard rows > 0, unknowns > 0 else {
      throw AstrometryError("fit-underdetermined", "there is nothing to fit", subject: "least squares")
    }
    var (a, b) = (design, right + [Double](repeating: 0, count: max(0, unknowns - rows)))
    var pivots = [Int32](repeating: 0, count: unknowns)
    var rank: Int32 = 0
    let status = LAPACKE_dgelsy(
      LAPACK_ROW_MAJOR, Int32(rows), Int32(unknowns), 1, &a, Int32(unknowns), &b, 1, &pivots,
      tolerance, &rank)
    guard status == 0, b.prefix(unknowns).allSatisfy({ $0.isFinite }) else {
      throw AstrometryError(
        "fit-failed", "the fit has no finite solution (LAPACK status \(status))", subject: "least squares")
    }
    return (Array(b.prefix(unknowns)), Int(rank))
  }
}

/// Normal equations `N x = b` of a problem with far more rows than unknowns, each row of which touches few of
/// them.
struct NormalEquations {
  let unknowns: Int
  private var matrix: [Double]
  private var right: [Double]
  /// LAPACK's name of the triangle that is given.
  private static let upper = CChar(UInt8(ascii: "U"))

  init(unknowns: Int) {
    self.unknowns = unknowns
    matrix = [Double](repeating: 0, count: unknowns * unknowns)
    right = [Double](repeating: 0, count: unknowns)
  }

  /// Adds `sum of factor * x[index] = target` with a weight (1 over the variance).
  mutating func add(_ terms: [(index: Int, factor: Double)], equals target: Double, weight: Double) {
    for (i, a) in terms {
      right[i] += weight * a * target
      for (j, b) in terms { matrix[i * unknowns + j] += weight * a * b }
    }
  }

  /// The unknowns, by Cholesky factors (`dposv`).
  /// - Throws: `fit-underdetermined` when the rows do not determine them.
  func solved() throws(AstrometryError) -> [Double] {
    var (a, b) = (matrix, right)
    let n = Int32(unknowns)
    guard unknowns > 0, LAPACKE_dposv(LAPACK_ROW_MAJOR, Self.upper, n, 1, &a, n, &b, 1) == 0 else {
      throw AstrometryError(
        "fit-underdetermined", "the equations do not determine every unknown", subject: "least squares")
    }
    return b
  }
}

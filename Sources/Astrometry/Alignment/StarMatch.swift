import Glibc

/// Which star of one list is which of another that is shifted, and perhaps turned a little.
///
/// The shift is the peak of the histogram of all differences of positions: stars that are the same differ by
/// the same, others by anything. Then stars match that are each other's nearest within the tolerance; a map
/// fitted to them is applied and they are matched anew, so that a turn that moves the corners by more than
/// the tolerance is followed.
public struct StarMatch: Sendable {
  /// Largest shift, in the unit of the positions.
  public var search: Double
  /// How far matched stars may be from each other at last.
  public var tolerance: Double
  /// Fewer matches are none.
  public var minimum: Int

  public init(search: Double, tolerance: Double, minimum: Int = 3) {
    (self.search, self.tolerance, self.minimum) = (search, tolerance, minimum)
  }

  /// Pairs of indices (first, second); empty when no shift stands out of chance by five sigmas.
  public func pairs(_ first: [PixelPosition], _ second: [PixelPosition]) -> [(first: Int, second: Int)] {
    guard first.count >= minimum, second.count >= minimum, let shift = shift(first, second) else { return [] }
    var map = PlaneTransform(s: shift.x, t: shift.y)
    var found: [(first: Int, second: Int)] = []
    for factor in [3.0, 2, 1, 1] {
      found = nearest(first, second, map, factor * tolerance)
      guard found.count >= minimum else { return [] }
      map = similarity(found.map { first[$0.first] }, found.map { second[$0.second] }) ?? map
    }
    return found
  }

  /// The most frequent difference `second - first`; nil when none is frequent enough.
  func shift(_ first: [PixelPosition], _ second: [PixelPosition]) -> PixelPosition? {
    let half = max(1, min(400, Int((search / tolerance).rounded(.up))))
    let (bin, side) = (search / Double(half), 2 * half + 3)
    var counts = [Int](repeating: 0, count: side * side)
    var differences: [(PixelPosition, Int)] = []
    let index = PositionIndex(second, cell: max(search, tolerance))
    for a in first {
      index.each(near: a, within: 1.5 * search) { j, _ in
        let d = PixelPosition(x: second[j].x - a.x, y: second[j].y - a.y)
        guard abs(d.x) <= search, abs(d.y) <= search else { return }
        let k = (Int((d.y / bin).rounded()) + half + 1) * side + Int((d.x / bin).rounded()) + half + 1
        counts[k] += 1
        differences.append((d, k))
      }
    }
    guard let peak = Self.peak(counts, side) else { return nil }
    // Of a box of nine cells chance fills this many.
    let chance = 9 * Double(differences.count - peak.count) / Double(side * side)
    guard Double(peak.count) >= max(Double(minimum), chance + 5 * chance.squareRoot()) else { return nil }
    let near = differences.filter { Self.isBeside($0.1, peak.cell, side) }.map(\.0)
    return PixelPosition(x: median(near.map(\.x)), y: median(near.map(\.y)))
  }

  /// The cell whose box of 3 x 3 holds most; of equals the one nearest to no shift.
  private static func peak(_ counts: [Int], _ side: Int) -> (cell: Int, count: Int)? {
    var best: (cell: Int, count: Int, own: Int, distance: Int)?
    for y in 1..<side - 1 {
      for x in 1..<side - 1 {
        var sum = 0
        for k in stride(from: (y - 1) * side + x, through: (y + 1) * side + x, by: side) {
          sum += counts[k - 1] + counts[k] + counts[k + 1]
        }
        guard sum > 0 else { continue }
        let (dx, dy) = (x - side / 2, y - side / 2)
        let this = (cell: y * side + x, count: sum, own: counts[y * side + x], distance: dx * dx + dy * dy)
        let isBetter = best.map { (sum, this.own, -this.distance) > ($0.count, $0.own, -$0.distance) } ?? true
        if isBetter { best = this }
      }
    }
    return best.map { ($0.cell, $0.count) }
  }

  private static func isBeside(_ k: Int, _ cell: Int, _ side: Int) -> Bool {
    abs(k / side - cell / side) <= 1 && abs(k % side - cell % side) <= 1
  }

  /// Each other's nearest within `radius` after the first were mapped.
  private func nearest(
    _ first: [PixelPosition], _ second: [PixelPosition], _ map: PlaneTransform, _ radius: Double
  ) -> [(first: Int, second: Int)] {
    let mapped = first.map { map($0) }
    let (firstIndex, secondIndex) = (
      PositionIndex(mapped, cell: max(radius, 1e-9)), PositionIndex(second, cell: max(radius, 1e-9))
    )
    return mapped.indices.compactMap { i in
      guard let j = secondIndex.nearest(to: mapped[i], within: radius),
        firstIndex.nearest(to: second[j], within: radius) == i
      else { return nil }
      return (i, j)
    }
  }

  /// Shift, turn and scale between matched positions, with points beyond 4 sigmas left out; nil when they say
  /// nothing of a turn.
  private func similarity(_ from: [PixelPosition], _ to: [PixelPosition]) -> PlaneTransform? {
    var kept = Array(from.indices)
    var map: PlaneTransform?
    for _ in 0..<5 where kept.count >= 3 {
      map = PlaneTransform.similarity(kept.map { from[$0] }, kept.map { to[$0] })
      guard let map else { return nil }
      let residuals = from.indices.map { distance(map(from[$0]), to[$0]) }
      let limit = 4 * max(1.2 * median(kept.map { residuals[$0] }), 1e-6 * tolerance)
      let next = from.indices.filter { residuals[$0] <= limit }
      if next == kept { break }
      kept = next
    }
    return map
  }
}

extension PlaneTransform {
  /// The shift, turn and scale of least squares that takes one list of positions to another; nil for fewer
  /// than two places.
  package static func similarity(_ from: [PixelPosition], _ to: [PixelPosition]) -> PlaneTransform? {
    let n = Double(from.count)
    guard from.count >= 2 else { return nil }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / n }
    let (cx, cy) = (mean(from.map(\.x)), mean(from.map(\.y)))
    let (ex, ey) = (mean(to.map(\.x)), mean(to.map(\.y)))
    var (square, along, across) = (0.0, 0.0, 0.0)
    for (p, q) in zip(from, to) {
      let (x, y, u, v) = (p.x - cx, p.y - cy, q.x - ex, q.y - ey)
      square += x * x + y * y
      along += x * u + y * v
      across += x * v - y * u
    }
    guard square > 0 else { return nil }
    let (a, c) = (along / square, across / square)
    return PlaneTransform(a: a, b: -c, c: c, d: a, s: ex - a * cx + c * cy, t: ey - c * cx - a * cy)
  }
}

/// The middle value, or the mean of the middle two; NaN of none.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

func distance(_ a: PixelPosition, _ b: PixelPosition) -> Double {
  ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
}

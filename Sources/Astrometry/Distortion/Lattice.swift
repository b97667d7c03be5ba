import Glibc

/// The places of points on a square lattice, found from the points alone.
///
/// Pitch and direction are those of most neighbours (the direction modulo 90 degrees: the first axis is the
/// one nearest to +x); from a point in the middle, neighbours are then followed one step at a time, each step
/// as the one before went, so that a smooth distortion of many pixels is followed and points that belong to
/// no lattice are passed over.
public struct Lattice: Sendable {
  /// Column and row of a point.
  public struct Index: Hashable, Sendable {
    public let column: Int
    public let row: Int

    public init(column: Int, row: Int) { (self.column, self.row) = (column, row) }
  }

  /// Mean distance of neighbours, in the unit of the positions.
  public let pitch: Double
  /// Index of each point; nil for points that belong to no lattice.
  public let indices: [Index?]

  /// - Parameter reach: a neighbour may be this share of the pitch from where it is expected.
  /// - Throws: `lattice-missing` for fewer than nine points, or when no neighbours are found.
  public init(of points: [PixelPosition], reach: Double = 0.3) throws(AstrometryError) {
    guard points.count >= 9, let steps = Self.steps(points) else {
      throw AstrometryError(
        "lattice-missing", "\(points.count) points show no square lattice", subject: "pinholes")
    }
    let start = (steps.x * steps.x + steps.y * steps.y).squareRoot()
    var walk = LatticeWalk(points, step: steps, reach: reach * start)
    walk.run()
    guard walk.indices.count >= 9 else {
      throw AstrometryError("lattice-missing", "the points show no square lattice", subject: "pinholes")
    }
    indices = points.indices.map { walk.indices[$0] }
    pitch = walk.meanStep
  }

  /// The step from a point to its neighbour along the axis nearest to +x.
  private static func steps(_ points: [PixelPosition]) -> PixelPosition? {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    let area = ((xs.max() ?? 0) - (xs.min() ?? 0)) * ((ys.max() ?? 0) - (ys.min() ?? 0))
    guard area > 0 else { return nil }
    // A lattice with gaps is wider than this says: neighbours within twice it are looked at.
    let guess = (area / Double(points.count)).squareRoot()
    let index = PositionIndex(points, cell: guess)
    var nearest: [(length: Double, dx: Double, dy: Double)] = []
    for i in points.indices {
      var own: (Double, Double, Double)?
      index.each(near: points[i], within: 2 * guess) { j, squared in
        guard j != i, own.map({ squared < $0.0 * $0.0 }) ?? true else { return }
        own = (squared.squareRoot(), points[j].x - points[i].x, points[j].y - points[i].y)
      }
      if let own { nearest.append((own.0, own.1, own.2)) }
    }
    let pitch = median(nearest.map(\.length))
    var (sine, cosine) = (0.0, 0.0)
    for step in nearest where abs(step.length / pitch - 1) < 0.2 {
      let angle = 4 * atan2(step.dy, step.dx)
      sine += sin(angle)
      cosine += cos(angle)
    }
    guard pitch.isFinite, pitch > 0, sine != 0 || cosine != 0 else { return nil }
    let direction = atan2(sine, cosine) / 4
    return PixelPosition(x: pitch * cos(direction), y: pitch * sin(direction))
  }
}

/// The walk from neighbour to neighbour.
private struct LatticeWalk {
  let points: [PixelPosition]
  let step: PixelPosition
  let reach: Double
  private(set) var indices: [Int: Lattice.Index] = [:]
  private var taken: [Lattice.Index: Int] = [:]
  /// The steps along both axes at each point that was reached.
  private var local: [Int: (PixelPosition, PixelPosition)] = [:]
  private let index: PositionIndex

  init(_ points: [PixelPosition], step: PixelPosition, reach: Double) {
    (self.points, self.step, self.reach) = (points, step, reach)
    index = PositionIndex(points, cell: max(reach, 1e-9))
  }

  private static let ways = [(1, 0), (-1, 0), (0, 1), (0, -1)]

  mutating func run() {
    guard let seed else { return }
    take(seed, Lattice.Index(column: 0, row: 0), (step, PixelPosition(x: -step.y, y: step.x)))
    var queue = [seed]
    var next = 0
    while next < queue.count {
      let here = queue[next]
      next += 1
      guard let place = indices[here], let axes = local[here] else { continue }
      for way in Self.ways {
        let target = Lattice.Index(column: place.column + way.0, row: place.row + way.1)
        guard taken[target] == nil, let found = neighbour(of: here, axes, way), indices[found] == nil else {
          continue
        }
        take(found, target, turned(axes, way, from: here, to: found))
        queue.append(found)
      }
    }
  }

  /// Mean distance of neighbours.
  var meanStep: Double {
    let lengths = taken.flatMap { place, i in
      [(1, 0), (0, 1)].compactMap { way in
        taken[Lattice.Index(column: place.column + way.0, row: place.row + way.1)].map {
          distance(points[i], points[$0])
        }
      }
    }
    return lengths.reduce(0, +) / Double(max(lengths.count, 1))
  }

  /// The point nearest to the middle that has neighbours on all sides.
  private var seed: Int? {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    let middle = PixelPosition(
      x: ((xs.min() ?? 0) + (xs.max() ?? 0)) / 2, y: ((ys.min() ?? 0) + (ys.max() ?? 0)) / 2)
    let axes = (step, PixelPosition(x: -step.y, y: step.x))
    let sorted = points.indices.sorted { distance(points[$0], middle) < distance(points[$1], middle) }
    return sorted.first { i in Self.ways.allSatisfy { neighbour(of: i, axes, $0) != nil } }
  }

  private func neighbour(
    of i: Int, _ axes: (PixelPosition, PixelPosition), _ way: (Int, Int)
  ) -> Int? {
    let (m, n) = (Double(way.0), Double(way.1))
    let place = PixelPosition(
      x: points[i].x + m * axes.0.x + n * axes.1.x, y: points[i].y + m * axes.0.y + n * axes.1.y)
    return index.nearest(to: place, within: reach)
  }

  private mutating func take(_ i: Int, _ place: Lattice.Index, _ axes: (PixelPosition, PixelPosition)) {
    indices[i] = place
    taken[place] = i
    local[i] = axes
  }

  /// The axes at the point that was reached: the one that was walked is half of what it was and half of what
  /// this step was.
  private func turned(
    _ axes: (PixelPosition, PixelPosition), _ way: (Int, Int), from i: Int, to j: Int
  ) -> (PixelPosition, PixelPosition) {
    let sign = Double(way.0 + way.1)
    func mixed(_ axis: PixelPosition) -> PixelPosition {
      PixelPosition(
        x: (axis.x + sign * (points[j].x - points[i].x)) / 2,
        y: (axis.y + sign * (points[j].y - points[i].y)) / 2)
    }
    return way.0 != 0 ? (mixed(axes.0), axes.1) : (axes.0, mixed(axes.1))
  }
}

/// The areas that four drops share with the output pixels around them.
///
/// Of a convex polygon the part with x < X and y < Y has the area `-∮ min(y - Y, 0) dx` over the contour where x < X
/// (counter-clockwise): the heights of its vertical cuts below Y. Per edge the integral has a closed form without a
/// branch. Pixels' areas are second differences of these.
final class DropCells {
  /// Areas by pixel of the box, lines upwards, four drops each.
  private var areas: UnsafeMutablePointer<SIMD4<Double>>
  /// Areas left of and below each corner of the box's pixels.
  private var corners: UnsafeMutablePointer<SIMD4<Double>>
  private var capacity = 16

  init() {
    areas = .allocate(capacity: capacity)
    corners = .allocate(capacity: capacity)
  }

  deinit {
    areas.deallocate()
    corners.deallocate()
  }

  /// Finds the areas of drops.
  @inline(__always)
  func divide(_ drops: Drops) {
    let outline = Outline(drops)
    if drops.columns <= 2, drops.lines <= 2 {
      // Boxes of one pixel in a direction have nothing beyond the corner.
      let (both, left, below) = outline.parts(x: 0.5, y: 0.5)
      areas[0] = both
      if drops.columns == 2 { areas[1] = below - both }
      areas[drops.columns * (drops.lines - 1)] = drops.lines == 2 ? left - both : areas[0]
      if drops.columns == 2, drops.lines == 2 { areas[3] = drops.area - left - below + both }
      return
    }
    divideBox(drops, outline)
  }

  private func divideBox(_ drops: Drops, _ outline: Outline) {
    let (columns, lines) = (drops.columns, drops.lines)
    grow((columns + 1) * (lines + 1))
    let stride = columns + 1
    for j in 0...lines {
      for i in 0...columns {
        let corner = corners + j * stride + i
        switch (i, j) {
        case (0, _), (_, 0): corner.pointee = .zero
        case (columns, lines): corner.pointee = drops.area
        case (columns, _): corner.pointee = outline.below(Double(j) - 0.5)
        case (_, lines): corner.pointee = outline.left(of: Double(i) - 0.5)
        default: corner.pointee = outline.parts(x: Double(i) - 0.5, y: Double(j) - 0.5).both
        }
      }
    }
    for j in 0..<lines {
      for i in 0..<columns {
        let corner = corners + j * stride + i
        areas[j * columns + i] = corner[stride + 1] - corner[stride] - corner[1] + corner[0]
      }
    }
  }

  private func grow(_ count: Int) {
    guard count > capacity else { return }
    areas.deallocate()
    corners.deallocate()
    capacity = 2 * count
    areas = .allocate(capacity: capacity)
    corners = .allocate(capacity: capacity)
  }

  /// Shares one of the drops among the output pixels; `density` is its weight per area.
  @inline(__always)
  func add(
    _ lane: Int, of drops: Drops, to band: MosaicBand, density: Double, _ value: Double, _ variance: Double,
    _ marks: UInt32
  ) {
    let (column, line) = (Int(drops.column[lane]), Int(drops.line[lane]))
    let shared = UnsafeRawPointer(areas).assumingMemoryBound(to: Double.self) + lane
    for j in 0..<drops.lines where UInt(bitPattern: line + j) < UInt(band.height) {
      let start = (line + j) * band.width
      for i in 0..<drops.columns where UInt(bitPattern: column + i) < UInt(band.width) {
        let area = shared[4 * (j * drops.columns + i)]
        // What is left of a difference of areas is not shared.
        guard area > 1e-13 else { continue }
        band.add(start + column + i, weight: area * density, value, variance, marks)
      }
    }
  }
}

/// The contours of four parallelograms.
private struct Outline {
  private typealias Lanes = SIMD4<Double>
  private let sign: SIMD4<Double>
  private let first: Edge
  private let second: Edge
  private let third: Edge
  private let fourth: Edge

  @inline(__always)
  init(_ drops: Drops) {
    let (ax, ay, bx, by) = (drops.alongX, drops.alongY, drops.upX, drops.upY)
    let along = Self.slope(ax, ay)
    let up = Self.slope(bx, by)
    let (x0, y0) = (drops.x - ax - bx, drops.y - ay - by)
    let (x1, y1) = (drops.x + ax - bx, drops.y + ay - by)
    let (x2, y2) = (drops.x + ax + bx, drops.y + ay + by)
    let (x3, y3) = (drops.x - ax + bx, drops.y - ay + by)
    sign = drops.sign
    first = Edge(x1: x0, y1: y0, x2: x1, y2: y1, slope: along)
    second = Edge(x1: x1, y1: y1, x2: x2, y2: y2, slope: up)
    third = Edge(x1: x2, y1: y2, x2: x3, y2: y3, slope: along)
    fourth = Edge(x1: x3, y1: y3, x2: x0, y2: y0, slope: up)
  }

  /// Vertical sides cover no x, so any slope will do.
  @inline(__always)
  private static func slope(_ x: Lanes, _ y: Lanes) -> Lanes {
    Lanes.zero.replacing(with: y / x, where: x .!= 0)
  }

  /// The areas left of `x` and below `y`, left of `x`, and below `y`.
  @inline(__always)
  func parts(x: Double, y: Double) -> (both: SIMD4<Double>, left: SIMD4<Double>, below: SIMD4<Double>) {
    let (a, b, c, d) = (
      first.parts(x, y), second.parts(x, y), third.parts(x, y), fourth.parts(x, y)
    )
    return (
      (a.both + b.both + c.both + d.both) * sign, (a.left + b.left + c.left + d.left) * sign,
      (a.below + b.below + c.below + d.below) * sign
    )
  }

  @inline(__always)
  func left(of x: Double) -> SIMD4<Double> { parts(x: x, y: 0).left }

  @inline(__always)
  func below(_ y: Double) -> SIMD4<Double> {
    (first.below(y) + second.below(y) + third.below(y) + fourth.below(y)) * sign
  }
}

/// One side of each of four polygons.
private struct Edge {
  let x1: SIMD4<Double>
  let y1: SIMD4<Double>
  let x2: SIMD4<Double>
  let y2: SIMD4<Double>
  let slope: SIMD4<Double>

  /// What it adds to the three areas of a corner.
  @inline(__always)
  func parts(_ x: Double, _ y: Double) -> (both: SIMD4<Double>, left: SIMD4<Double>, below: SIMD4<Double>) {
    let (u, v) = (x1 - x, x2 - x)
    let (ua, vb) = (negativePart(u), negativePart(v))
    let (y1, y2) = (self.y1 - y, self.y2 - y)
    let (ya, yb) = (y1 + slope * (ua - u), y2 + slope * (vb - v))
    let run = vb - ua
    return (Self.under(ya, yb) * run, -0.5 * (ya + yb) * run, Self.under(y1, y2) * (x2 - x1))
  }

  @inline(__always)
  func below(_ y: Double) -> SIMD4<Double> { Self.under(y1 - y, y2 - y) * (x2 - x1) }

  /// The mean of `max(-y, 0)` along a straight line from `a` to `b`.
  @inline(__always)
  private static func under(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
    let negative = negativePart(a) + negativePart(b)
    return negative * negative / (2 * (magnitude(a) + magnitude(b)) + .leastNormalMagnitude)
  }
}

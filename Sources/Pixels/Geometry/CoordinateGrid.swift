import Glibc

/// A smooth map of pixel positions, kept on a coarse grid and interpolated between its nodes: where the pixels of one
/// image lie in another.
///
/// Positions are array indices on both sides (the centre of the first pixel is 0). The map is asked for the nodes only,
/// so that a coordinate system with distortion costs nothing per pixel; between them it is a cubic through the four
/// nearest nodes of each axis, exact for affine maps and for polynomials of degree 3. The grid is refined until the
/// interpolation is within the tolerance of the map itself at places between nodes. The same type serves either
/// direction: input to output of `drizzle`, output to input of `lanczos3`.
///
/// Where the map is NaN (a place that has no image) so is the interpolation in the cells around.
public struct CoordinateGrid: Sendable {
  /// The pixels it covers, to the outer edges of the outer ones.
  public let window: PixelWindow
  /// Distance of the nodes in x and in y, pixels.
  public let spacing: (x: Double, y: Double)
  /// The largest difference from the map that was seen between nodes, pixels.
  public let largestError: Double
  let columns: Int
  let rows: Int
  /// Mapped x of the nodes, then mapped y of them; row by row.
  let x: [Double]
  let y: [Double]

  /// Positions of the other image for positions of the window's.
  public typealias Map = (_ x: [Double], _ y: [Double]) throws -> [(x: Double, y: Double)]

  /// A grid over the pixels of a window.
  /// - Parameters:
  ///   - window: the pixels that will be asked for.
  ///   - tolerance: how far interpolated positions may be from the map's, pixels.
  ///   - spacing: distance of nodes to begin with; it is halved until the tolerance is met.
  ///   - map: the map, any number of positions at a time; it is asked for places up to the outer edges of the window's
  ///     outer pixels.
  /// - Throws: `PixelsError` `map-not-smooth` when nodes at every pixel, or half a million, do not meet the tolerance; what `map` throws.
  public init(
    window: PixelWindow, tolerance: Double = 1e-4, spacing: Int = 64, map: Map
  ) throws {
    precondition(window.width > 0 && window.height > 0, "a grid over \(window)")
    var step = max(spacing, 1)
    while true {
      let grid = try Nodes(window: window, step: step, map: map)
      let error = try grid.largestError(map: map)
      // NaN: no cell has all its nodes on the map.
      if !(error > tolerance) {
        self.init(window, grid, error.isNaN ? 0 : error)
        return
      }
      // Each node costs the map itself: no smooth map needs so many.
      guard step > 1, 4 * grid.columns * grid.rows <= max(1 << 21, 4 * window.width) else {
        throw PixelsError(
          code: "map-not-smooth",
          message:
            "between nodes \(step) pixel apart the map of positions bends by \(error) pixel, and \(tolerance) is wanted",
          subject: "\(window)")
      }
      step /= 2
    }
  }

  private init(_ window: PixelWindow, _ nodes: Nodes, _ error: Double) {
    self.window = window
    self.spacing = (nodes.stepX, nodes.stepY)
    largestError = error
    columns = nodes.columns
    rows = nodes.rows
    x = nodes.x
    y = nodes.y
  }

  /// The mapped position of one position of the window.
  ///
  /// NaN of a position that is not finite.
  public func position(x px: Double, y py: Double) -> (x: Double, y: Double) {
    guard px.isFinite, py.isFinite else { return (.nan, .nan) }
    let across = Stencil(at: (px - Double(window.x0) + 0.5) / spacing.x, nodes: columns)
    let up = Stencil(at: (py - Double(window.y0) + 0.5) / spacing.y, nodes: rows)
    var sum = SIMD2<Double>.zero
    for j in 0..<4 {
      for i in 0..<4 {
        let node = (up.first + j) * columns + across.first + i
        sum += up.weights[j] * across.weights[i] * SIMD2(x[node], y[node])
      }
    }
    return (sum.x, sum.y)
  }

  /// The box that holds the mapped positions of whole rows of the window, with a margin for what lies between nodes;
  /// nil when none of them has a position.
  public func bounds(rows wanted: Range<Int>) -> (x: ClosedRange<Double>, y: ClosedRange<Double>)? {
    let low = (Double(wanted.lowerBound - window.y0)) / spacing.y
    let high = (Double(wanted.upperBound - window.y0)) / spacing.y
    let first = min(max(Int(low.rounded(.down)), 0), rows - 1)
    let last = min(max(Int(high.rounded(.up)), 0), rows - 1)
    var least = SIMD2<Double>(repeating: .infinity)
    var most = -least
    for node in first * columns..<(last + 1) * columns {
      let place = SIMD2(x[node], y[node])
      // NaN compares false.
      least.replace(with: place, where: place .< least)
      most.replace(with: place, where: place .> most)
    }
    guard least.x <= most.x, least.y <= most.y else { return nil }
    return (least.x - 1...most.x + 1, least.y - 1...most.y + 1)
  }
}

/// Which four nodes a place lies between, and how the cubic through them weighs them (Lagrange's form).
struct Stencil {
  let first: Int
  let weights: SIMD4<Double>

  /// - Parameter place: in nodes; places beyond the first and the last are extrapolated.
  init(at place: Double, nodes: Int) {
    let cell = min(max(place.rounded(.down), 0), Double(nodes - 1))
    first = min(max(Int(cell) - 1, 0), nodes - 4)
    let t = place - Double(first)
    let (a, b, c, d) = (t, t - 1, t - 2, t - 3)
    weights = SIMD4(-b * c * d / 6, a * c * d / 2, -a * b * d / 2, a * b * c / 6)
  }
}

/// The nodes of one spacing.
private struct Nodes {
  let window: PixelWindow
  let columns: Int
  let rows: Int
  let stepX: Double
  let stepY: Double
  let x: [Double]
  let y: [Double]

  init(window: PixelWindow, step: Int, map: CoordinateGrid.Map) throws {
    self.window = window
    // Four nodes at least make a cubic.
    columns = max((window.width + step - 1) / step + 1, 4)
    rows = max((window.height + step - 1) / step + 1, 4)
    stepX = Double(window.width) / Double(columns - 1)
    stepY = Double(window.height) / Double(rows - 1)
    let (width, height, left, bottom) = (columns, rows, Double(window.x0) - 0.5, Double(window.y0) - 0.5)
    let (dx, dy) = (stepX, stepY)
    let mapped = try map(
      (0..<width * height).map { left + dx * Double($0 % width) },
      (0..<width * height).map { bottom + dy * Double($0 / width) })
    x = mapped.map(\.x)
    y = mapped.map(\.y)
  }

  /// The largest distance from the map off the nodes, in cells spread over the window, its edges included; NaN when no
  /// cell has a position.
  func largestError(map: CoordinateGrid.Map) throws -> Double {
    let (across, up) = (Self.spread(columns - 1), Self.spread(rows - 1))
    var asked: (x: [Double], y: [Double]) = ([], [])
    var found: [SIMD2<Double>] = []
    for row in up {
      for column in across {
        // Off the middle, where an odd error would vanish.
        let place = (Double(column) + 0.45, Double(row) + 0.55)
        asked.x.append(Double(window.x0) - 0.5 + stepX * place.0)
        asked.y.append(Double(window.y0) - 0.5 + stepY * place.1)
        found.append(interpolated(place.0, place.1))
      }
    }
    var largest = Double.nan
    for (truth, ours) in zip(try map(asked.x, asked.y), found) {
      let distance = hypot(truth.x - ours.x, truth.y - ours.y)
      if !distance.isNaN { largest = largest.isNaN ? distance : max(largest, distance) }
    }
    return largest
  }

  private func interpolated(_ px: Double, _ py: Double) -> SIMD2<Double> {
    let (across, up) = (Stencil(at: px, nodes: columns), Stencil(at: py, nodes: rows))
    var sum = SIMD2<Double>.zero
    for j in 0..<4 {
      for i in 0..<4 {
        let node = (up.first + j) * columns + across.first + i
        sum += up.weights[j] * across.weights[i] * SIMD2(x[node], y[node])
      }
    }
    return sum
  }

  /// At most 33 of the cells, the first and the last among them.
  private static func spread(_ cells: Int) -> [Int] {
    let count = min(cells, 33)
    guard count > 1 else { return [0] }
    return (0..<count).map { $0 * (cells - 1) / (count - 1) }
  }
}

import Foundation
import Pixels
import Testing

/// The interpolated map of positions against the map itself.
@Suite struct CoordinateGridTests {
  private static let window = PixelWindow(x0: 5, y0: -3, width: 301, height: 190)

  /// A turned image with a distortion of `amplitude` pixels and terms up to the seventh order.
  private static func bent(_ amplitude: Double) -> CoordinateGrid.Map {
    { xs, ys in
      zip(xs, ys).map { x, y in
        let (u, v) = ((x - 150) / 150, (y - 90) / 150)
        let radius = u * u + v * v
        let bend = amplitude * (radius + 0.3 * radius * radius * radius * u)
        return (40 + 0.99 * x - 0.12 * y + bend * u, -7 + 0.12 * x + 0.99 * y + bend * v)
      }
    }
  }

  private static func largestDistance(_ grid: CoordinateGrid, from map: CoordinateGrid.Map) throws -> Double {
    var largest = 0.0
    var (xs, ys) = ([Double](repeating: 0, count: window.width), [Double](repeating: 0, count: window.width))
    for y in window.y0..<window.y0 + window.height {
      grid.positions(row: Double(y), from: window.x0, count: window.width, x: &xs, y: &ys)
      let truth = try map(
        (0..<window.width).map { Double(window.x0 + $0) },
        [Double](repeating: Double(y), count: window.width))
      for i in 0..<window.width { largest = max(largest, hypot(xs[i] - truth[i].x, ys[i] - truth[i].y)) }
    }
    return largest
  }

  /// Every pixel is within the tolerance (the check between nodes is a sample: 2 x is allowed), and a stronger bend
  /// needs a finer grid.
  @Test(arguments: [0.01, 3, 60]) func followsASmoothMap(amplitude: Double) throws {
    let map = Self.bent(amplitude)
    let grid = try CoordinateGrid(window: Self.window, map: map)
    #expect(grid.largestError <= 1e-4)
    #expect(try Self.largestDistance(grid, from: map) < 2e-4)
    if amplitude > 10 { #expect(grid.spacing.x < 40) }
  }

  @Test func affineMapsAreExact() throws {
    let map = Self.bent(0)
    let grid = try CoordinateGrid(window: Self.window, map: map)
    #expect(grid.spacing.x > 50)
    #expect(try Self.largestDistance(grid, from: map) < 1e-10)
    let one = grid.position(x: 17.25, y: 44.5)
    let truth = try map([17.25], [44.5])[0]
    #expect(hypot(one.x - truth.x, one.y - truth.y) < 1e-10)
  }

  @Test func aPositionThatIsNoneHasNoPlace() throws {
    let grid = try CoordinateGrid(window: Self.window, map: Self.bent(3))
    for (x, y) in [(Double.nan, 0), (0, Double.infinity), (-.infinity, .nan)] {
      let place = grid.position(x: x, y: y)
      #expect(place.x.isNaN && place.y.isNaN)
    }
  }

  /// A map that jumps from pixel to pixel of a whole detector is refused long before it was asked for every pixel.
  @Test func aRoughMapIsNotFollowedToTheEnd() throws {
    var asked = 0
    let window = PixelWindow(x0: 0, y0: 0, width: 8192, height: 8192)
    let failure = #expect(throws: PixelsError.self) {
      _ = try CoordinateGrid(window: window) { xs, ys in
        asked += xs.count
        return zip(xs, ys).map { x, y in (x + sin(x * x + 7 * y), y + cos(y * x)) }
      }
    }
    #expect(failure?.code == "map-not-smooth")
    #expect(asked < 8 << 20, "\(asked) positions")
  }

  /// Runs that begin anywhere are the same numbers as whole rows, and single positions agree.
  @Test func partsOfRowsAgree() throws {
    let grid = try CoordinateGrid(window: Self.window, map: Self.bent(3))
    var (xs, ys) = ([Double](repeating: 0, count: 301), [Double](repeating: 0, count: 301))
    var (part, other) = (xs, ys)
    grid.positions(row: 40, from: 5, count: 301, x: &xs, y: &ys)
    grid.positions(row: 40, from: 105, count: 77, x: &part, y: &other)
    for i in 0..<77 {
      #expect(abs(part[i] - xs[100 + i]) < 1e-9 && abs(other[i] - ys[100 + i]) < 1e-9)
      let one = grid.position(x: Double(105 + i), y: 40)
      #expect(abs(one.x - part[i]) < 1e-9 && abs(one.y - other[i]) < 1e-9)
    }
  }

  @Test func boundsHoldTheRows() throws {
    let grid = try CoordinateGrid(window: Self.window, map: Self.bent(3))
    let bounds = try #require(grid.bounds(rows: 30..<61))
    for y in [30.0, 44, 60] {
      for x in stride(from: 5.0, through: 305, by: 3) {
        let place = grid.position(x: x, y: y)
        #expect(bounds.x.contains(place.x) && bounds.y.contains(place.y))
      }
    }
    #expect(bounds.y.upperBound - bounds.y.lowerBound < 260)
  }

  /// A place without an image stays without one and does not spoil the rest.
  @Test func placesOffTheMapAreNaN() throws {
    let map: CoordinateGrid.Map = { xs, ys in
      zip(xs, ys).map { x, y in x > 250 ? (.nan, .nan) : (x + 1, y + 2) }
    }
    let grid = try CoordinateGrid(window: Self.window, map: map)
    #expect(grid.position(x: 290, y: 10).x.isNaN)
    #expect(abs(grid.position(x: 20, y: 10).x - 21) < 1e-10)
  }

  @Test func aMapThatJumpsIsRefused() {
    #expect {
      try CoordinateGrid(window: Self.window) { xs, ys in
        zip(xs, ys).map { x, y in (x + (Int((x * 7).rounded()) % 2 == 0 ? 0.3 : 0), y) }
      }
    } throws: { ($0 as? PixelsError)?.code == "map-not-smooth" }
  }
}

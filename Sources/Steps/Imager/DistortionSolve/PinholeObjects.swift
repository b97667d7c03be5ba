import Astrometry
import Glibc
import PipelineEngine

/// The pinholes of a mask in several exposures, each known by its column and row in the first one.
///
/// Which pinhole is which in an exposure that is shifted by more than half a pitch or turned by more than 45
/// degrees follows from the headers' offsets and position angles.
struct PinholeObjects {
  private(set) var observed = ObservedObjects()
  private var numbers: [Lattice.Index: Int] = [:]

  /// - Throws: `lattice-missing`.
  init(_ frames: [Frame], _ points: [FrameStars]) throws(AstrometryError) {
    var first: Grid?
    for (exposure, stars) in points.enumerated() {
      let lattice = try Lattice(of: stars.pixels)
      let own = try Grid(lattice, stars.pixels)
      let base = first ?? own
      first = base
      let change = base.change(from: own, by: Self.expected(frames[exposure], frames[0]))
      for (i, index) in lattice.indices.enumerated() {
        guard let index else { continue }
        observed.add(number(change(index)), exposure, stars, i)
      }
    }
  }

  private mutating func number(_ index: Lattice.Index) -> Int {
    if let known = numbers[index] { return known }
    numbers[index] = observed.objects.count
    observed.objects.append(PixelPosition(x: Double(index.column), y: Double(index.row)))
    return observed.objects.count - 1
  }

  /// The map of a frame's pixels to the first one's by the headers.
  private static func expected(_ frame: Frame, _ first: Frame) -> PlaneTransform {
    let turn = (frame.metadata.positionAngle ?? 0) - (first.metadata.positionAngle ?? 0)
    guard let scale = frame.metadata.scale.flatMap(Double.init), scale > 0 else { return .identity }
    let angle = (first.metadata.positionAngle ?? 0) * .pi / 180
    let east = ((frame.metadata.xOffset ?? 0) - (first.metadata.xOffset ?? 0)) / scale
    let north = ((frame.metadata.yOffset ?? 0) - (first.metadata.yOffset ?? 0)) / scale
    let middle = PixelPosition(x: Double(frame.width + 1) / 2, y: Double(frame.height + 1) / 2)
    // East is -x at position angle 0, +y lies at the angle East of North.
    let shift = PlaneTransform(
      s: -east * cos(angle) + north * sin(angle), t: east * sin(angle) + north * cos(angle))
    return PlaneTransform.turn(degrees: turn, about: middle).then(shift)
  }

  /// A lattice with the map of its indices to pixels.
  private struct Grid {
    let map: PlaneTransform
    let middle: Lattice.Index

    init(_ lattice: Lattice, _ points: [PixelPosition]) throws(AstrometryError) {
      let own = points.indices.filter { lattice.indices[$0] != nil }
      let places = own.map { i in
        PixelPosition(x: Double(lattice.indices[i]?.column ?? 0), y: Double(lattice.indices[i]?.row ?? 0))
      }
      guard let map = PlaneTransform.similarity(places, own.map { points[$0] }) else {
        throw AstrometryError("lattice-missing", "the points show no square lattice", subject: "pinholes")
      }
      self.map = map
      let count = Double(max(places.count, 1))
      middle = Lattice.Index(
        column: Int((places.reduce(0) { $0 + $1.x } / count).rounded()),
        row: Int((places.reduce(0) { $0 + $1.y } / count).rounded()))
    }

    /// From another exposure's indices to these: whole quarter turns, then whole steps.
    func change(
      from other: Grid, by expected: PlaneTransform
    ) -> (Lattice.Index) -> Lattice.Index {
      let turn = other.map.rotationDegrees + expected.rotationDegrees - map.rotationDegrees
      let quarters = ((Int((turn / 90).rounded()) % 4) + 4) % 4
      func turned(_ i: Lattice.Index) -> Lattice.Index {
        (0..<quarters).reduce(i) { index, _ in Lattice.Index(column: -index.row, row: index.column) }
      }
      let pixel = other.map(PixelPosition(x: Double(other.middle.column), y: Double(other.middle.row)))
      let place = map.inverse?(expected(pixel)) ?? PixelPosition(x: 0, y: 0)
      let moved = turned(other.middle)
      let (dx, dy) = (Int(place.x.rounded()) - moved.column, Int(place.y.rounded()) - moved.row)
      return { index in
        let own = turned(index)
        return Lattice.Index(column: own.column + dx, row: own.row + dy)
      }
    }
  }
}

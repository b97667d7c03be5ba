/// What stands in for single pixels: the good ones of the 5 x 5 about each.
struct CosmicRayReplacement {
  let kind: CosmicRayOptions.Replacement
  let width: Int
  let height: Int

  /// The value that stands in for pixel (x, y), nil where no pixel about it is unmarked.
  func value(
    x: Int, y: Int, in pixels: UnsafePointer<Float>, _ marks: UnsafePointer<UInt8>
  ) -> Float? {
    var (sum, weight) = (Float(0), Float(0))
    var good: [Float] = []
    for j in max(y - 2, 0)..<min(y + 3, height) {
      for i in max(x - 2, 0)..<min(x + 3, width) where marks[j * width + i] == 0 {
        let share = kind == .inverseDistance ? Self.weight(i - x, j - y) : 1
        sum += share * pixels[j * width + i]
        weight += share
        if kind == .median { good.append(pixels[j * width + i]) }
      }
    }
    guard weight > 0 else { return nil }
    return kind == .median ? good.sorted()[(good.count - 1) / 2] : sum / weight
  }

  /// Replaces some pixels, all of them marked, from those that are not; those that got another value.
  ///
  /// Where no pixel about one is unmarked, the median of all that are stands in.
  func replace(_ pixels: [Int], in plane: inout Plane<Float>, _ marks: Plane<UInt8>) -> [Int] {
    let (values, flags) = (plane.filledBase(), marks.laneBase)
    var typical: Float?
    var changed: [Int] = []
    for i in pixels {
      var value = value(x: i % width, y: i / width, in: UnsafePointer(values.base), flags.base)
      if value == nil {
        typical = typical ?? median(of: plane, quality: marks.map { UInt32($0) }, excluding: .max)
        value = typical
      }
      guard let value, value.bitPattern != values.base[i].bitPattern else { continue }
      values.base[i] = value.isFinite ? value : 0
      changed.append(i)
    }
    return withExtendedLifetime((plane, marks)) { changed }
  }

  private static func weight(_ dx: Int, _ dy: Int) -> Float { 1 / Float(dx * dx + dy * dy).squareRoot() }
}

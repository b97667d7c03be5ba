import Pixels

/// The image slicer's detector: long bands of 44 pixels, one per slice, separated by two dark rows; the
/// spectrum runs along x. At 4096 pixels there are 88 slices.
struct SlicerOptics: Sendable {
  static let sliceHeight = 44
  static let gap = 2
  let size: Int
  let scale: Double

  private var slices: Int { max(size / (Self.sliceHeight + Self.gap), 1) }
  private var bottom: Int { (size - slices * (Self.sliceHeight + Self.gap)) / 2 }

  /// Adds the light of `scene` to `plane`, photo-electrons per second for a response of 1.
  func add(_ scene: SpectrographScene, to plane: inout Plane<Float>) {
    let light = SpectrographLight(scene, channels: size, scale: scale)
    let spectrum = light.spectrum.values.map { Float($0) }
    let size = size
    plane.withUnsafeMutableBuffer { pixels in
      for y in 0..<size {
        guard let place = spaxel(atRow: y) else { continue }
        let brightness =
          Float(light.brightness(column: place.column, row: place.row)) * Float(slitIllumination(atRow: y))
        guard brightness > 0 else { continue }
        let response = blaze(atRow: y)
        for x in 0..<size { pixels[y * size + x] += brightness * spectrum[x] * response[x] }
      }
    }
  }

  /// Rows of each slice that are on the detector.
  var sliceRows: [Range<Int>] {
    (0..<slices).map { slice in
      let first = bottom + slice * (Self.sliceHeight + Self.gap)
      return (first..<first + Self.sliceHeight).clamped(to: 0..<size)
    }
  }

  /// The field stop cuts the light of the outermost row on both sides of a slice to a fifth.
  private func slitIllumination(atRow y: Int) -> Double {
    let along = (y - bottom) % (Self.sliceHeight + Self.gap)
    return along == 0 || along == Self.sliceHeight - 1 ? 0.2 : 1
  }

  /// What the grating makes of each column of a row's slice: a smooth hump, each slice's a little elsewhere and a little
  /// lower, because the slices meet the grating at their own angles.
  private func blaze(atRow y: Int) -> [Float] {
    let slice = Double((y - bottom) / (Self.sliceHeight + Self.gap))
    let phase = (slice * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1)
    let (center, height) = (0.4 * (phase - 0.5), 1 - 0.15 * phase)
    return (0..<size).map { x in
      let u = 2 * (Double(x) + 0.5) / Double(size) - 1
      return Float(height * Spectrum.bell(u - center, 1.2))
    }
  }

  /// The spaxel (from the field's centre) that row `y` shows; nil in a gap.
  private func spaxel(atRow y: Int) -> (column: Double, row: Double)? {
    let (slice, along) = (y - bottom).quotientAndRemainder(dividingBy: Self.sliceHeight + Self.gap)
    guard y >= bottom, slice < slices, along < Self.sliceHeight else { return nil }
    return (Double(along) + 0.5 - Double(Self.sliceHeight) / 2, Double(slice) + 0.5 - Double(slices) / 2)
  }
}

import PipelineEngine
import Pixels
import SourceExtraction

/// A frame without its sky, with the sources found in it, ready for measuring.
struct FrameSources {
  let name: String
  let pixels: Measured
  let image: PhotometryImage
  let catalog: SourceCatalog
  let background: MeshBackground
  /// Pixels that say nothing.
  let mask: PixelMask

  /// How sources are looked for.
  struct Options {
    var boxSize = 64
    var filterSize = 3
    var detection = DetectionOptions(threshold: 5)
  }

  /// Pixels about a source in which its halo may still lie, left out of every sky.
  static let halo = 8.0

  /// - Throws: what mesh or search say, as `EngineError` that names the frame.
  init(_ frame: Frame, _ options: Options) throws {
    name = frame.member.name
    pixels = try frame.pixels()
    mask = Self.mask(of: pixels)
    let noiseCorrelation =
      frame.scienceHeader.double("NOISECOR") ?? frame.header.double("NOISECOR") ?? 1
    do throws(SourceExtractionError) {
      let mesh = MeshOptions(
        boxWidth: options.boxSize, boxHeight: options.boxSize, filterWidth: options.filterSize,
        filterHeight: options.filterSize)
      // The sky without the sources, as the sky subtraction of the archive takes it.
      background = try maskSources(
        in: pixels.value, excluding: mask,
        options: SourceMaskOptions(
          mesh: mesh, detection: DetectionOptions(threshold: 3), dilation: Self.halo, maximumRounds: 3)
      ).background
      let value = background.subtracted(from: pixels.value)
      catalog = try extractSources(
        from: value, noise: .image(Self.noise(pixels.error)), excluding: mask, options: options.detection)
      image = try PhotometryImage(
        value: value, error: pixels.error, excluding: mask, segmentation: catalog.segmentation,
        skyExcluding: catalog.mask.dilated(by: Self.halo), noiseCorrelation: noiseCorrelation)
    } catch {
      throw EngineError(error.code, error.message, subject: name, hint: error.hint, underlying: error)
    }
  }

  /// Pixels that may not be used, and those whose error is unknown.
  private static func mask(of pixels: Measured) -> PixelMask {
    let unknown = pixels.error.map { $0.isFinite && $0 > 0 ? UInt8(0) : 1 }
    return PixelMask(unusable: pixels, flags: DQ.blind).union(PixelMask(nonZero: unknown))
  }

  /// Errors for the threshold, with a number where there is none: those pixels are masked.
  private static func noise(_ error: Plane<Float>) -> Plane<Float> {
    error.map { $0.isFinite && $0 > 0 ? $0 : .greatestFiniteMagnitude }
  }

  /// All flags within `radius` pixels of a place.
  func flags(x: Double, y: Double, radius: Double) -> UInt32 {
    guard x.isFinite, y.isFinite else { return 0 }
    let (first, last) = (max(0, Int((y - radius).rounded(.up))), min(pixels.height - 1, Int(y + radius)))
    // A windowed centre may lie outside of the image.
    guard first <= last else { return 0 }
    var all: UInt32 = 0
    pixels.quality.withUnsafeBuffer { quality in
      for py in first...last {
        let reach = (radius * radius - (Double(py) - y) * (Double(py) - y)).squareRoot()
        guard reach >= 0 else { continue }
        let low = max(0, Int((x - reach).rounded(.up)))
        let high = min(pixels.width - 1, Int((x + reach).rounded(.down)))
        if low <= high { for px in low...high { all |= quality[py * pixels.width + px] } }
      }
    }
    return all
  }

  /// The centre of a source's light under a window as wide as its core; the barycentre where that fails.
  func centre(of source: Source, width: Double? = nil) -> (x: Double, y: Double) {
    let sigma = max(0.6, width.map { $0 / 2.3548 } ?? Double(min(source.semiMajor, 3)))
    let found = try? image.windowedPosition(x: source.x, y: source.y, sigma: sigma)
    guard let found, found.flags & ApertureSum.Flag.nonPositive == 0, found.x.isFinite, found.y.isFinite,
      abs(found.x - source.x) < 3, abs(found.y - source.y) < 3
    else { return (source.x, source.y) }
    return (found.x, found.y)
  }

  /// Distance of each source to the nearest other one of at least a twentieth of its light.
  func isolation() -> [Double] {
    // In order of y, so that only near rows are compared.
    let order = catalog.sources.indices.sorted { catalog.sources[$0].y < catalog.sources[$1].y }
    var nearest = [Double](repeating: .infinity, count: order.count)
    for (place, i) in order.enumerated() {
      let source = catalog.sources[i]
      for step in [-1, 1] {
        var other = place + step
        while order.indices.contains(other) {
          let near = catalog.sources[order[other]]
          let dy = near.y - source.y
          if abs(dy) >= nearest[i] { break }
          if near.flux > source.flux / 20 {
            let dx = near.x - source.x
            nearest[i] = min(nearest[i], (dx * dx + dy * dy).squareRoot())
          }
          other += step
        }
      }
    }
    return nearest
  }
}

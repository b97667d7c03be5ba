import Astrometry

/// A mask of pinholes before the detector, as the distorted optics of the imager show it.
///
/// The holes lie on a square grid about the centre of the detector, `spacing` pixels apart. The optics move each of them
/// outwards by a third-order radial term, half a pixel at the corners of the detector, and along x by a quadratic one of a
/// tenth of a pixel: x' = x + a x r² + b y², y' = y + a y r², with x, y from the centre in units of half the side.
public struct PinholeGrid: Sendable {
  /// Pixels along the side of the detector.
  public let size: Int

  /// A grid for detectors of `size` pixels.
  public init(size: Int) {
    self.size = size
  }

  /// Pixels between neighbours where nothing is distorted.
  public var spacing: Double { max(16, Double(size) / 32) }

  /// Pixels: at the corner (r² = 2) the radial term moves a hole by half a pixel.
  static let radial = 0.5 / (2 * 2.0.squareRoot())
  static let quadratic = 0.1
  /// Photo-electrons per second through a hole.
  static let flux = 20_000.0

  /// Where an undistorted position (pixels from the centre) is seen.
  public func distorted(x: Double, y: Double) -> (x: Double, y: Double) {
    let half = Double(size) / 2
    let (u, v) = (x / half, y / half)
    let r2 = u * u + v * v
    return (x + Self.radial * u * r2 + Self.quadratic * v * v, y + Self.radial * v * r2)
  }

  /// Holes from the centre to the edge of the grid.
  private var reach: Int { max(0, Int((Double(size) / 2 - 8) / spacing)) }

  /// Where the holes were cut, pixels from the centre of the detector: row by row from the bottom, each from the left.
  public var holes: [(x: Double, y: Double)] {
    (-reach...reach).flatMap { j in
      (-reach...reach).map { i in (Double(i) * spacing, Double(j) * spacing) }
    }
  }

  /// The holes as they are seen, in the same order.
  var sources: [Source] {
    let centre = Double(size + 1) / 2
    return holes.map { hole in
      let seen = distorted(x: hole.x, y: hole.y)
      return Source(x: centre + seen.x, y: centre + seen.y, sky: SkyPosition(ra: 0, dec: 0), flux: Self.flux)
    }
  }
}

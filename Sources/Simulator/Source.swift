import Astrometry

/// One star of a scene, as the truth table lists it: where it falls on this exposure and how bright it is.
public struct Source: Sendable, Hashable {
  /// Centre in 1-based FITS pixels (the centre of the first pixel is 1).
  public let x: Double
  public let y: Double
  /// Where it is on the sky, degrees, ICRS.
  public let sky: SkyPosition
  /// Total photo-electrons per second for a response of 1.
  public let flux: Double

  /// Creates a source at a 1-based pixel position.
  public init(x: Double, y: Double, sky: SkyPosition, flux: Double) {
    self.x = x
    self.y = y
    self.sky = sky
    self.flux = flux
  }
}

/// A place in an image. Which pixel has the number 0 or 1 is said by the function that takes or gives it.
public struct PixelPosition: Sendable, Hashable {
  /// Along rows (NAXIS1).
  public var x: Double
  /// Along columns (NAXIS2).
  public var y: Double

  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}

/// A place on the sky in degrees, in the frame of the coordinate system it came from.
public struct SkyPosition: Sendable, Hashable {
  /// Longitude: right ascension of equatorial frames.
  public var longitude: Double
  /// Latitude: declination of equatorial frames.
  public var latitude: Double

  public init(longitude: Double, latitude: Double) {
    self.longitude = longitude
    self.latitude = latitude
  }

  /// A place on the equatorial sky.
  public init(ra: Double, dec: Double) { self.init(longitude: ra, latitude: dec) }
}

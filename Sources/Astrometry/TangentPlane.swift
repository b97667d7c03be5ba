import FITSStructure
import Glibc

/// The plane that touches the sky at a point (gnomonic projection, Calabretta & Greisen 2002, section 5.1.3).
public struct TangentPlane: Sendable {
  /// Where it touches, degrees.
  public let centre: SkyPosition
  private let sinLatitude: Double
  private let cosLatitude: Double

  public init(at centre: SkyPosition) {
    self.centre = centre
    sinLatitude = sin(centre.latitude * .pi / 180)
    cosLatitude = cos(centre.latitude * .pi / 180)
  }

  /// Arcsec East and North of the centre, in the plane; NaN beyond a quarter of the sky.
  public func offset(of sky: SkyPosition) -> (east: Double, north: Double) {
    let latitude = sky.latitude * .pi / 180
    let turn = (sky.longitude - centre.longitude) * .pi / 180
    let cosine = sinLatitude * sin(latitude) + cosLatitude * cos(latitude) * cos(turn)
    guard cosine > 0 else { return (.nan, .nan) }
    let (half, difference) = (sin(turn / 2), latitude - centre.latitude * .pi / 180)
    // sin(b - b0) + 2 sin(b0) cos(b) sin²(turn / 2): the plain form loses half the digits near the centre.
    let north = sin(difference) + 2 * sinLatitude * cos(latitude) * half * half
    let arcsec = 648_000 / Double.pi
    return (cos(latitude) * sin(turn) / cosine * arcsec, north / cosine * arcsec)
  }

  /// The sky position `east` and `north` arcsec from the centre in the plane; longitude 0…360.
  public func sky(east: Double, north: Double) -> SkyPosition {
    let (x, y) = (east * .pi / 648_000, north * .pi / 648_000)
    let longitude = centre.longitude + atan2(x, cosLatitude - y * sinLatitude) * 180 / .pi
    let across = (x * x + (cosLatitude - y * sinLatitude) * (cosLatitude - y * sinLatitude)).squareRoot()
    let latitude = atan2(sinLatitude + y * cosLatitude, across) * 180 / .pi
    let turns = (longitude / 360).rounded(.down)
    return SkyPosition(longitude: longitude - 360 * turns, latitude: latitude)
  }

  /// The WCS cards of an image on this plane: `TAN`, `CDi_j`, ICRS.
  ///
  /// East is left when North is up.
  /// - Parameters:
  ///   - reference: FITS pixel (the centre of the first pixel is 1) that shows the centre.
  ///   - scale: arcsec per pixel.
  ///   - positionAngle: direction of +y, degrees East of North.
  public func cards(reference: PixelPosition, scale: Double, positionAngle: Double) -> [Card] {
    let step = scale / 3600
    let (sine, cosine) = Self.direction(positionAngle)
    return [
      Card("WCSAXES", 2, comment: "world axes"),
      Card("CTYPE1", "RA---TAN", comment: "right ascension, gnomonic"),
      Card("CTYPE2", "DEC--TAN", comment: "declination, gnomonic"),
      Card("CUNIT1", "deg", comment: "unit of axis 1"), Card("CUNIT2", "deg", comment: "unit of axis 2"),
      Card("CRPIX1", reference.x, comment: "reference pixel in x"),
      Card("CRPIX2", reference.y, comment: "reference pixel in y"),
      Card("CRVAL1", centre.longitude, comment: "[deg] right ascension there"),
      Card("CRVAL2", centre.latitude, comment: "[deg] declination there"),
      Card("CD1_1", -step * cosine, comment: "[deg/pixel]"),
      Card("CD1_2", step * sine, comment: "[deg/pixel]"),
      Card("CD2_1", step * sine, comment: "[deg/pixel]"),
      Card("CD2_2", step * cosine, comment: "[deg/pixel]"),
      Card("RADESYS", "ICRS", comment: "frame of the coordinates"),
    ]
  }

  /// Sine and cosine of an angle in degrees, exact at multiples of 90.
  private static func direction(_ degrees: Double) -> (sine: Double, cosine: Double) {
    switch degrees.remainder(dividingBy: 360) {
    case 0: (0, 1)
    case 90: (1, 0)
    case -90: (-1, 0)
    case 180, -180: (0, -1)
    case let angle: (sin(angle * .pi / 180), cos(angle * .pi / 180))
    }
  }
}

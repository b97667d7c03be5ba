import Glibc

/// How an image lies on the sky around one of its pixels.
public struct PixelGeometry: Sendable, Hashable {
  /// Solid angle of the pixel, arcsec².
  public let areaSquareArcsec: Double
  /// Side of a square of that area, arcsec.
  public let scaleArcsec: Double
  /// Direction of +y, degrees East of North, -180…180.
  public let positionAngle: Double
  /// Whether East is left when North is up, as on the sky (a negative determinant).
  public let isEastLeft: Bool

  /// Solid angle of the pixel, steradian.
  public var areaSteradian: Double { areaSquareArcsec * (Double.pi / 648_000) * (Double.pi / 648_000) }
}

extension SkyWCS {
  /// Scale, area and orientation at a FITS pixel (the centre of the first pixel is 1): central differences over four
  /// pixels in the tangent plane there, good to 1e-7 of the scale. NaN where the pixel has no sky position.
  public func geometry(atFITSPixel pixel: PixelPosition) -> PixelGeometry {
    let step = 2.0
    let points = sky(atFITSPixels: [
      pixel, PixelPosition(x: pixel.x - step, y: pixel.y), PixelPosition(x: pixel.x + step, y: pixel.y),
      PixelPosition(x: pixel.x, y: pixel.y - step), PixelPosition(x: pixel.x, y: pixel.y + step),
    ])
    let plane = TangentPlane(at: points[0])
    let offsets = points.dropFirst().map(plane.offset(of:))
    func slope(_ low: Int, _ high: Int) -> (east: Double, north: Double) {
      (
        (offsets[high].east - offsets[low].east) / (2 * step),
        (offsets[high].north - offsets[low].north) / (2 * step)
      )
    }
    let (x, y) = (slope(0, 1), slope(2, 3))
    let determinant = x.east * y.north - x.north * y.east
    return PixelGeometry(
      areaSquareArcsec: abs(determinant), scaleArcsec: abs(determinant).squareRoot(),
      positionAngle: atan2(y.east, y.north) * 180 / .pi, isEastLeft: determinant < 0)
  }

  /// The outer corners of an image's corner pixels on the sky, counter-clockwise as seen on the sky.
  public func footprint(width: Int, height: Int) -> [SkyPosition] {
    let (right, top) = (Double(width) + 0.5, Double(height) + 0.5)
    let corners = [
      PixelPosition(x: 0.5, y: 0.5), PixelPosition(x: right, y: 0.5), PixelPosition(x: right, y: top),
      PixelPosition(x: 0.5, y: top),
    ]
    let middle = PixelPosition(x: (right + 0.5) / 2, y: (top + 0.5) / 2)
    let isEastLeft = geometry(atFITSPixel: middle).isEastLeft
    return sky(atFITSPixels: isEastLeft ? corners : [corners[0]] + corners[1...].reversed())
  }

  /// The footprint as `S_REGION` gives it (`POLYGON ICRS ra dec …`), degrees to nine places (4 µas); nil when a
  /// corner has no sky position.
  public func region(width: Int, height: Int) -> String? {
    let corners = footprint(width: width, height: height)
    guard corners.allSatisfy({ $0.longitude.isFinite && $0.latitude.isFinite }) else { return nil }
    return "POLYGON \(frame) "
      + corners.map { "\(Self.decimal($0.longitude)) \(Self.decimal($0.latitude))" }.joined(separator: " ")
  }

  /// Nine places after the point.
  private static func decimal(_ degrees: Double) -> String {
    let units = Int64((abs(degrees) * 1e9).rounded())
    let fraction = String(units % 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - fraction.count)
    return "\(degrees < 0 && units > 0 ? "-" : "")\(units / 1_000_000_000).\(zeros)\(fraction)"
  }
}

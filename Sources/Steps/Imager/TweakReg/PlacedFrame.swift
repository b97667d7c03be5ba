import Astrometry
import PipelineEngine

/// A frame's coordinate system taken apart, and the plane and pixel that all frames are compared in.
struct PlacedFrame {
  let name: String
  let width: Int
  let height: Int
  private(set) var system: TangentSystem
  private let form: TangentSystem.Form

  /// - Throws: `AstrometryError` for frames without coordinates, or with some that cannot be changed.
  init(_ frame: Frame) throws(AstrometryError) {
    (name, width, height) = (frame.member.name, frame.width, frame.height)
    let wcs = try SkyWCS(cards: frame.worldCoordinateCards)
    system = try TangentSystem(wcs)
    form = wcs.cards.contains { $0.string == "RA---TPV" } ? .tpv : .sip
  }

  var wcs: SkyWCS { get throws(AstrometryError) { try system.wcs(form) } }

  var middle: PixelPosition { PixelPosition(x: Double(width + 1) / 2, y: Double(height + 1) / 2) }

  private var radius: Double { Double(max(width, height)) / 2 }

  /// Moves what the frame says of the sky by a map of a plane (arcsec).
  mutating func move(by map: PlaneTransform, in plane: TangentPlane) throws(AstrometryError) {
    system = try system.moved(by: map, in: plane, radius: radius)
  }

  /// The middle and the corners, FITS pixels.
  var nodes: [PixelPosition] {
    let (w, h) = (Double(width), Double(height))
    return [
      middle, PixelPosition(x: 1, y: 1), PixelPosition(x: w, y: 1), PixelPosition(x: 1, y: h),
      PixelPosition(x: w, y: h),
    ]
  }
}

/// The tangent plane in which frames are compared, counted in pixels of the first frame's scale.
struct CommonPlane {
  let plane: TangentPlane
  /// Arcsec.
  let pixel: Double

  init(_ frame: PlacedFrame) throws(AstrometryError) {
    let wcs = try frame.wcs
    plane = TangentPlane(at: wcs.sky(atFITSPixels: [frame.middle])[0])
    pixel = wcs.geometry(atFITSPixel: frame.middle).scaleArcsec
  }

  func positions(of sky: [SkyPosition]) -> [PixelPosition] {
    sky.map {
      let offset = plane.offset(of: $0)
      return PixelPosition(x: offset.east / pixel, y: offset.north / pixel)
    }
  }

  /// A map of the plane's pixels as one of arcsec.
  func inArcsec(_ map: PlaneTransform) -> PlaneTransform {
    PlaneTransform(a: map.a, b: map.b, c: map.c, d: map.d, s: pixel * map.s, t: pixel * map.t)
  }
}

import Astrometry
import PipelineEngine
import Pixels

/// Where a frame's pixels lie: on the sky, or beside the first frame's.
enum FramePlace: Sendable {
  /// A celestial coordinate system.
  case sky(SkyWCS)
  /// The place of the frame's first pixel in the first frame's pixels, by the telescope's offsets.
  case offset(x: Double, y: Double)

  /// The place of `frame` by its own coordinate system.
  /// - Throws: `EngineError` `no-wcs` when it has none that can be used.
  init(byCoordinatesOf frame: Frame) throws {
    guard frame.hasWorldCoordinates else {
      throw EngineError(
        "no-wcs", "it has no world coordinates", subject: frame.member.name,
        hint: "--set offsets=header takes the telescope's offsets")
    }
    do throws(AstrometryError) {
      self = .sky(try SkyWCS(cards: frame.worldCoordinateCards))
    } catch {
      throw EngineError(
        "no-wcs", "its world coordinates cannot be used: \(error.message)", subject: frame.member.name,
        hint: "--set offsets=header takes the telescope's offsets", underlying: error)
    }
  }

  /// The place of `frame` by the telescope's offset from that of `first`: `XOFFSET`, `YOFFSET` in arcsec East and North
  /// (the image moves the other way), `PA` and `SCALE`; windows lie where they lie on the detector.
  /// - Throws: `EngineError` `no-offset` naming what the header lacks, `mixed-detectors`, `position-angle` and
  ///   `mixed-scales` for frames between which offsets do not tell.
  init(byOffsetOf frame: Frame, from first: Frame) throws {
    try Self.checkOffsets(of: frame, from: first)
    guard let angle = first.metadata.positionAngle, let scale = first.metadata.scale.flatMap(Double.init),
      scale > 0, let east = frame.metadata.xOffset, let north = frame.metadata.yOffset,
      let east0 = first.metadata.xOffset, let north0 = first.metadata.yOffset
    else {
      throw EngineError(
        "no-offset", "the header lacks XOFFSET, YOFFSET, PA or SCALE: its place in the mosaic is not known",
        subject: frame.member.name, hint: "run assign_wcs first")
    }
    let plane = TangentPlane(at: SkyPosition(ra: 0, dec: 0))
    let cards = plane.cards(reference: PixelPosition(x: 0, y: 0), scale: scale, positionAngle: angle)
    let wcs = try SkyWCS(cards: cards)
    let place = wcs.fitsPixels(of: [plane.sky(east: east - east0, north: north - north0)])[0]
    self = .offset(
      x: place.x + Double(frame.window.x0 - first.window.x0),
      y: place.y + Double(frame.window.y0 - first.window.y0))
  }

  /// Offsets tell of the telescope: of where another detector lies, or what a turn does, they say nothing.
  private static func checkOffsets(of frame: Frame, from first: Frame) throws(EngineError) {
    let (own, wanted) = (frame.metadata, first.metadata)
    if let detector = own.detector, let other = wanted.detector, detector != other {
      throw EngineError(
        "mixed-detectors",
        "it is of \(detector) and \(first.member.name) of \(other): the telescope's offsets do not tell where "
          + "one detector lies from another", subject: frame.member.name,
        hint: "run assign_wcs on all frames, or combine one detector's")
    }
    try checkAngle(of: frame, like: first)
    if let scale = own.scale.flatMap(Double.init), let other = wanted.scale.flatMap(Double.init),
      abs(scale / other - 1) > 1e-3
    {
      throw EngineError(
        "mixed-scales", "its SCALE is \(scale), that of \(first.member.name) is \(other)",
        subject: frame.member.name, hint: "run assign_wcs on all frames")
    }
  }

  /// Refuses to place a frame by offsets that is turned by more than 0.05 degree against the one they are counted from.
  /// - Throws: `EngineError` `position-angle`.
  static func checkAngle(of frame: Frame, like first: Frame) throws(EngineError) {
    guard let own = frame.metadata.positionAngle, let wanted = first.metadata.positionAngle,
      angleBetween(own, wanted) > 0.05
    else { return }
    throw EngineError(
      "position-angle",
      "its PA is \(own), that of \(first.member.name) is \(wanted): offsets do not tell where turned frames lie",
      subject: frame.member.name, hint: "run assign_wcs on all frames, and place them by world coordinates")
  }

  /// The direction of +y, degrees East of North; nil where the header does not say.
  static func angle(of frame: Frame, _ place: FramePlace) -> Double? {
    guard case .sky(let wcs) = place else { return frame.metadata.positionAngle }
    return wcs.geometry(atFITSPixel: middle(of: frame)).positionAngle
  }

  /// The middle of a frame in FITS pixels.
  static func middle(of frame: Frame) -> PixelPosition {
    PixelPosition(x: Double(frame.width + 1) / 2, y: Double(frame.height + 1) / 2)
  }
}

/// The smallest angle between two directions, degrees.
func angleBetween(_ a: Double, _ b: Double) -> Double { abs((a - b).remainder(dividingBy: 360)) }

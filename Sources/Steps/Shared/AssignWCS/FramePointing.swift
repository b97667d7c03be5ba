import Astrometry
import PipelineEngine

/// What a frame's header says of the telescope and the detector, and the coordinate system that follows.
///
/// A tangent plane at `RA`, `DEC`, moved by the telescope's offset, with the detector's centre at that point: IRIS
/// publishes the gaps between its four imager detectors but not which of them lies where, so each is taken by itself.
struct FramePointing {
  private let frame: Frame

  init(_ frame: Frame) { self.frame = frame }

  /// What the system is made of, in words.
  var sources: String {
    let offset = hasOffset ? " with the telescope's offset" : ""
    return "RA, DEC\(offset), PA and SCALE, the centre of the detector being there"
  }

  private var hasOffset: Bool { (frame.metadata.xOffset ?? 0, frame.metadata.yOffset ?? 0) != (0, 0) }

  /// Arcsec per pixel by the header; nil for spectrograph frames, whose SCALE is of spaxels.
  private var scale: Double? {
    frame.metadata.instrumentMode.map { $0 != "IMG" } == true
      ? nil : frame.metadata.scale.flatMap(Double.init)
  }

  /// The frame's system; a failure names what the header lacks.
  func built() -> Result<SkyWCS, AstrometryError> {
    let metadata = frame.metadata
    if let mode = metadata.instrumentMode, mode != "IMG" {
      return .failure(
        AstrometryError("wcs-missing", "\(mode) frames show no image of the sky", subject: "INSTMODE"))
    }
    guard let ra = metadata.ra, let dec = metadata.dec, let scale, scale > 0,
      let angle = metadata.positionAngle
    else {
      let lacks = [
        ("RA", metadata.ra == nil), ("DEC", metadata.dec == nil), ("SCALE", !((scale ?? 0) > 0)),
        ("PA", metadata.positionAngle == nil),
      ].filter(\.1).map(\.0).joined(separator: ", ")
      return .failure(AstrometryError("wcs-missing", "the header lacks \(lacks)", subject: lacks))
    }
    let pointing = TangentPlane(at: SkyPosition(ra: ra, dec: dec))
      .sky(east: metadata.xOffset ?? 0, north: metadata.yOffset ?? 0)
    let cards = TangentPlane(at: pointing).cards(reference: centre, scale: scale, positionAngle: angle)
    return Result { () throws(AstrometryError) in try SkyWCS(cards: cards) }
  }

  /// The detector's centre in the frame's FITS pixels.
  private var centre: PixelPosition {
    let (width, height) = detectorSize
    return PixelPosition(
      x: Double(width + 1) / 2 - Double(frame.window.x0), y: Double(height + 1) / 2 - Double(frame.window.y0))
  }

  /// A full frame is the detector; of a subarray `DETXSIZE`, `DETYSIZE`, else the 4096 pixels of IRIS's detectors.
  private var detectorSize: (Int, Int) {
    let metadata = frame.metadata
    let isFull = metadata.subarrayID == 0 && ["FULL", "N/A", nil].contains(metadata.subarrayName)
    if isFull, frame.window.x0 == 0, frame.window.y0 == 0 { return (frame.width, frame.height) }
    return (metadata.integer("detector.x_size") ?? 4096, metadata.integer("detector.y_size") ?? 4096)
  }

  /// Sentences about where a system and the header disagree.
  func check(_ wcs: SkyWCS) -> [String] {
    let middle = PixelPosition(x: Double(frame.width + 1) / 2, y: Double(frame.height + 1) / 2)
    let found = wcs.geometry(atFITSPixel: middle).scaleArcsec
    guard let scale, scale > 0, !(abs(found / scale - 1) < 0.02) else { return [] }
    return [
      "the world coordinates of \(frame.member.name) have \(Float(found)) arcsec/pixel, SCALE is \(scale)"
    ]
  }
}

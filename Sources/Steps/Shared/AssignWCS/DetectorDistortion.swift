import Astrometry
import DataModels
import PipelineEngine

/// The distortion of a detector from its reference file.
struct DetectorDistortion {
  /// About a pixel of the full frame.
  private let whole: SIPDistortion

  /// Nil when the run has no distortion reference.
  /// - Throws: `distortion-missing` for a file without polynomials, what reading throws.
  init?(in context: StepContext) throws {
    guard let path = context.resolved("distortion").path else { return nil }
    context.logger.info("Using DISTORTION reference file \(path)")
    let header = try ReferenceModel(reading: path, expecting: "DISTORTION").image.scienceHeader
    guard let x = header.double("DISCRPX1"), let y = header.double("DISCRPX2"),
      let found = try SIPDistortion(cards: header.cards, reference: PixelPosition(x: x, y: y))
    else {
      throw EngineError(
        "distortion-missing", "the reference has no DISCRPX1, DISCRPX2 and A_ORDER", subject: path,
        hint: "make one with tmtrun create_distortion")
    }
    whole = found
  }

  /// The distortion in the FITS pixels of a frame, which may be a window of the detector; with the way back.
  func within(_ frame: Frame) throws(AstrometryError) -> SIPDistortion {
    var moved = whole
    moved.reference.x -= Double(frame.window.x0)
    moved.reference.y -= Double(frame.window.y0)
    return moved
  }
}

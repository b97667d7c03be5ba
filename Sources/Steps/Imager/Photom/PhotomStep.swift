import Foundation
import PipelineEngine

/// Says what a count rate is in physical units.
public struct PhotomStep: Step {
  public static let declaration = StepDeclaration(
    name: "photom", className: "PhotomStep", summary: "Flux calibration: zero points into the header",
    aliases: [
      "jwst.photom.PhotomStep", "iris_pipeline.photom.PhotomStep", "liger_iris_pipeline.photom.PhotomStep",
    ],
    statusKeyword: "S_PHOTOM",
    parameters: [
      Parameter(
        "zero_point", .number(-50...60), default: .none, unit: "mag",
        help: "magnitude of 1 adu/s above the air, in place of a reference"),
      Parameter(
        "system", .choice(["AB", "Vega"]), default: .string("AB"), help: "system of zero_point"),
      Parameter(
        "zero_point_error", .number(0...10), default: .number(0), unit: "mag",
        help: "one standard deviation of zero_point"),
      Parameter(
        "extinction", .number(0...5), default: .none, unit: "mag",
        help: "extinction per airmass, in place of the reference's; 0 with zero_point"),
      Parameter(
        "ab_vega", .number(-5...5), default: .none, unit: "mag",
        help: "AB less Vega magnitude of the filter, in place of the band's"),
      Parameter(
        "units", .choice(["keep", "MJy/sr"]), default: .string("keep"),
        help: "keep the rates, or turn values and errors into MJy/sr"),
      Parameter(
        "max_age", .number(0...1_000_000), default: .number(12), unit: "h",
        help: "a standard observed longer ago or later degrades the product"),
      Parameter(
        "max_airmass_difference", .number(0...40), default: .number(0.2),
        help: "a standard at an airmass farther from the frame's degrades the product"),
    ],
    referenceTypes: ["photom"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard !work.frames.isEmpty else { return .skipped(reason: "there is no frame") }
    let finder = ZeroPointFinder(context: context)
    var zeroPoints: [ZeroPoint] = []
    var reasons: [String] = []
    for frame in work.frames {
      switch try finder.zeroPoint(for: frame) {
      case .failure(let lack): if !reasons.contains(lack.reason) { reasons.append(lack.reason) }
      case .success(let zeroPoint): zeroPoints.append(zeroPoint)
      }
    }
    // All or none: a set of which a part is calibrated is no set.
    guard reasons.isEmpty else { return .skipped(reason: reasons.joined(separator: "; ")) }
    for (i, zeroPoint) in zeroPoints.enumerated() {
      try calibrate(&work.frames[i], zeroPoint, in: context)
      guard i == 0, let factor = work.frames[0].scienceHeader.double("PHOTMULT") else { continue }
      scaleVariances(&work, by: Float(factor * factor))
    }
    return .complete
  }

  private func calibrate(_ frame: inout Frame, _ zeroPoint: ZeroPoint, in context: StepContext) throws {
    let applied = zeroPoint.at(airmass: frame.metadata.airmass)
    let area = Self.pixelArea(of: frame)
    if zeroPoint.extinction > 0, frame.metadata.airmass == nil {
      context.degrade("\(frame.member.name) has no AIRMASS: its zero point is that above the air")
    }
    write(applied, area: area, to: &frame)
    context.logger.info("\(frame.member.name): ZPAB = \(applied.ab) ± \(applied.error) (\(applied.source))")
    guard context.parameters.string("units") == "MJy/sr" else { return }
    guard let area else {
      throw EngineError(
        "no-pixel-area", "the size of a pixel on the sky is not known (no world coordinates, no SCALE)",
        subject: frame.member.name, hint: "keep the units: --set photom.units=keep")
    }
    let factor = applied.megajanskysPerSteradian(pixel: area)
    try frame.apply(.dividing(by: Float(1 / factor)))
    frame.scaleBackgroundLevels(by: factor, to: "MJy/sr")
    frame.unit = "MJy/sr"
    frame.scienceHeader.set("BUNIT", .string("MJy/sr"))
    frame.scienceHeader.set(
      "PHOTMULT", .real(factor), comment: "[MJy/sr per \(applied.unit)] that was applied")
  }

  private func write(_ zeroPoint: ZeroPoint, area: Double?, to frame: inout Frame) {
    let unit = zeroPoint.unit
    if let area {
      let brightness = zeroPoint.megajanskysPerSteradian(pixel: area)
      frame.scienceHeader.set("PHOTMJSR", .real(brightness), comment: "[MJy/sr] of 1 \(unit) in a pixel")
      frame.scienceHeader.set(
        "PHOTUJA2", .real(brightness * ZeroPoint.microjanskysPerSquareArcsec),
        comment: "[uJy/arcsec2] of 1 \(unit) in a pixel")
      if frame.scienceHeader.double("PIXAR_SR") == nil {
        frame.scienceHeader.set("PIXAR_SR", .real(area), comment: "[sr] area of a pixel, by SCALE")
      }
    }
    frame.scienceHeader.set("PHOTJY", .real(zeroPoint.janskys), comment: "[Jy] flux density of 1 \(unit)")
    frame.scienceHeader.set("ZPAB", .real(zeroPoint.ab), comment: "[mag] AB magnitude of 1 \(unit)")
    if let vega = zeroPoint.vega {
      frame.scienceHeader.set("ZPVEGA", .real(vega), comment: "[mag] Vega magnitude of 1 \(unit)")
    } else {
      frame.scienceHeader.remove("ZPVEGA")
    }
    frame.scienceHeader.set("ZPERR", .real(zeroPoint.error), comment: "[mag] error of the zero points")
    frame.scienceHeader.set("ZPEXT", .real(zeroPoint.lost), comment: "[mag] extinction in the zero points")
    frame.scienceHeader.set("ZPUNIT", .string(unit), comment: "unit the zero points are for")
    frame.scienceHeader.set("ZPSRC", .string(zeroPoint.source), comment: "where they come from")
  }

  /// Steradians of a pixel: of the world coordinates, else `SCALE`².
  static func pixelArea(of frame: Frame) -> Double? {
    if let area = frame.scienceHeader.double("PIXAR_SR"), area > 0, area.isFinite { return area }
    guard let scale = frame.metadata.scale.flatMap(Double.init), scale > 0, scale.isFinite else { return nil }
    return pow(scale * .pi / 648_000, 2)
  }

  private func scaleVariances(_ work: inout Workpiece, by factor: Float) {
    work.variancePoisson = work.variancePoisson.map { $0.map { $0 * factor } }
    work.varianceReadNoise = work.varianceReadNoise.map { $0.map { $0 * factor } }
    work.varianceFlat = work.varianceFlat.map { $0.map { $0 * factor } }
  }
}

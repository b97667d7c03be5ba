import PipelineEngine
import Pixels

/// Turns count rates into electron rates.
public struct GainScaleStep: Step {
  public static let declaration = StepDeclaration(
    name: "gain_scale", className: "GainScaleStep", summary: "Turn DN/s into electron/s",
    aliases: ["jwst.gain_scale.GainScaleStep", "iris_pipeline.gain_scale.GainScaleStep"],
    statusKeyword: "S_GANSCL", referenceTypes: ["gain"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    if first.unit == Self.scaled { return .skipped(reason: "the frame is in electron/s already") }
    guard first.unit == "adu/s" else {
      throw EngineError(
        "unit-mismatch", "the frame is in '\(first.unit)', and only adu/s can be turned into electron/s",
        subject: first.member.name)
    }
    guard let gain = try gain(for: first, in: context) else {
      return try withoutGain(&work, context: context)
    }
    let typical = gain.typical
    guard typical > 0, typical.isFinite else {
      throw EngineError(
        "no-gain", "no pixel of the gain reference is above 0",
        subject: context.resolved("gain").path ?? "gain")
    }
    for i in work.frames.indices { try scale(&work.frames[i], by: gain, typical) }
    for i in work.backgrounds.indices { try scale(&work.backgrounds[i], by: gain, typical) }
    for i in work.darks.indices { try scale(&work.darks[i], by: gain, typical) }
    work.variancePoisson = work.variancePoisson.map { scaledVariance($0, by: gain, typical: typical) }
    work.varianceReadNoise = work.varianceReadNoise.map { scaledVariance($0, by: gain, typical: typical) }
    work.varianceFlat = work.varianceFlat.map { scaledVariance($0, by: gain, typical: typical) }
    return .complete
  }

  private static let scaled = "electron/s"

  private func scale(_ frame: inout Frame, by gain: Gain, _ typical: Float) throws {
    try frame.apply(
      FrameOperation { pixels, rows in
        CalibrationSteps.scale(&pixels, by: gain, typical: typical, rows: rows)
      })
    frame.scaleBackgroundLevels(by: Double(typical), to: Self.scaled)
    frame.unit = Self.scaled
    frame.scienceHeader.set("BUNIT", .string(Self.scaled))
    frame.header.set("GAINFACT", .real(Double(typical)), comment: "[electron/adu] gain that was applied")
    // Zero points stay those of their unit, which must be named.
    nameZeroPointUnit(of: &frame)
  }

  /// Says that zero points without a unit are those of adu/s, beside them; a unit in either header counts for
  /// both.
  private func nameZeroPointUnit(of frame: inout Frame) {
    let stated = [frame.scienceHeader, frame.header].compactMap { $0.string("ZPUNIT") }
    guard stated.allSatisfy(\.isEmpty) else { return }
    let comment = "unit the zero points are for"
    if frame.scienceHeader["ZPAB"] != nil {
      frame.scienceHeader.set("ZPUNIT", .string("adu/s"), comment: comment)
    } else if frame.header["ZPAB"] != nil {
      frame.header.set("ZPUNIT", .string("adu/s"), comment: comment)
    }
  }

  /// The gain image or number of the reference, else the header's `GAIN`.
  private func gain(for frame: Frame, in context: StepContext) throws -> Gain? {
    do {
      if let image = try context.reference("gain", for: frame) { return .image(image.pixels) }
    } catch let error as EngineError where error.code == "no-image" {
      guard let number = try context.referenceHeader("gain")?.double("GAIN"), number > 0, number.isFinite
      else {
        throw EngineError(
          "no-gain", "the gain reference has neither an image nor a GAIN above 0", subject: error.subject)
      }
      return .scalar(Float(number))
    }
    guard let number = frame.metadata.gain, number > 0, number.isFinite else { return nil }
    context.note("the gain is the header's: GAIN = \(number) electron/adu")
    return .scalar(Float(number))
  }

  private func withoutGain(_ work: inout Workpiece, context: StepContext) throws -> StepOutcome {
    for i in work.frames.indices { try work.frames[i].apply(.raising(DQ.noGainValue)) }
    let reason = "there is no gain reference and no GAIN in the header"
    context.degrade("the frame stays in adu/s: \(reason)")
    return .skipped(reason: reason)
  }
}

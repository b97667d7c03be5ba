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
    for i in work.frames.indices { try scale(&work.frames[i], by: gain) }
    for i in work.backgrounds.indices { try scale(&work.backgrounds[i], by: gain) }
    for i in work.darks.indices { try scale(&work.darks[i], by: gain) }
    let square = gain.typical * gain.typical
    work.variancePoisson = work.variancePoisson.map { $0.map { $0 * square } }
    work.varianceReadNoise = work.varianceReadNoise.map { $0.map { $0 * square } }
    work.varianceFlat = work.varianceFlat.map { $0.map { $0 * square } }
    return .complete
  }

  private static let scaled = "electron/s"

  private func scale(_ frame: inout Frame, by gain: Gain) throws {
    try frame.apply(FrameOperation { pixels, rows in CalibrationSteps.scale(&pixels, by: gain, rows: rows) })
    frame.unit = Self.scaled
    frame.scienceHeader.set("BUNIT", .string(Self.scaled))
    frame.header.set("GAINFACT", .real(Double(gain.typical)), comment: "[electron/adu] gain that was applied")
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

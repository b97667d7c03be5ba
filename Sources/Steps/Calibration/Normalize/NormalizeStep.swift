import PipelineEngine
import Pixels

/// Divides a frame by its own level.
public struct NormalizeStep: Step {
  public static let declaration = StepDeclaration(
    name: "normalize", className: "NormalizeStep", summary: "Divide a frame by its own level",
    aliases: [
      "iris_pipeline.normalize.NormalizeStep", "liger_iris_pipeline.normalize.NormalizeStep",
      "liger_iris_pipeline.NormalizeStep",
    ],
    statusKeyword: "S_NORMAL",
    parameters: [
      Parameter(
        "method", .choice(["median", "mean", "mode", "none"]), default: .string("median"),
        help: "level of the illuminated good pixels; mode is the half-sample mode; none does nothing"),
      Parameter(
        "illuminated", .number(0...1), default: .number(0.3),
        help: "pixels below this share of the 90th percentile do not count towards the level"),
      Parameter(
        "reject_low", .number(0...1), default: .number(0.01),
        help: "pixels below this share of the level are flagged NO_FLAT_FIELD"),
      Parameter(
        "reject_high", .number(1...1e6), default: .number(10),
        help: "pixels above this multiple of the level are flagged NO_FLAT_FIELD"),
      Parameter(
        "chip_reference", .number(1e-9...1e12), default: .none, unit: "adu/s",
        help: "level that CHIPSCAL is counted in, e.g. the mean over the detectors; None: 1"),
    ])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    if context.parameters.string("method") == "none" { return .skipped(reason: "method is none") }
    for i in work.frames.indices {
      let level = try normalize(&work.frames[i], in: context)
      guard i == 0, let scatter = work.planes.firstIndex(where: { $0.name == "SCATTER" }) else { continue }
      work.planes[scatter].plane = work.planes[scatter].plane.map { $0 / Float(level) }
      work.planes[scatter].unit = ""
    }
    return .complete
  }

  /// Divides the frame and returns its level.
  private func normalize(_ frame: inout Frame, in context: StepContext) throws -> Double {
    try frame.load()
    let options = NormalizeOptions(
      method: NormalizeMethod(rawValue: context.parameters.string("method") ?? "") ?? .median,
      illuminatedFraction: Float(context.parameters.number("illuminated") ?? 0))
    let normalized = try normalized(frame, options)
    let level = normalized.factor
    context.logger.info("\(frame.member.name) divided by its \(options.method.rawValue) \(level)")
    let (flat, rejected) = flagFlatOutliers(
      normalized.measured, low: Float(context.parameters.number("reject_low") ?? 0),
      high: Float(context.parameters.number("reject_high") ?? .infinity))
    if rejected > 0 { context.note("\(rejected) pixels are too far from the level to serve as a flat") }
    frame.setPixels(flat)
    noteLevel(level, in: &frame, context)
    frame.unit = ""
    return level
  }

  /// Writes `NORMLEVL`, the level of the frames before every division, and of an imager detector `CHIPSCAL`: over the
  /// detectors of one sequence of flats its ratios are those of the chips' responses, for a mosaic to divide by.
  private func noteLevel(_ level: Double, in frame: inout Frame, _ context: StepContext) {
    let earlier = [CombineFramesStep.levelKeyword, SlicerResponseStep.levelKeyword]
      .compactMap { frame.header.double($0) }.reduce(1, *)
    let whole = level * earlier
    frame.header.set("NORMLEVL", .real(whole), comment: "level of the frames before normalisation")
    frame.header.remove("CHIPSCAL")
    guard frame.metadata.instrumentMode == "IMG" else { return }
    let reference = context.parameters.number("chip_reference")
    frame.header.set(
      "CHIPSCAL", .real(whole / (reference ?? 1)),
      comment: reference == nil ? "level of this chip [adu/s]" : "level of this chip over chip_reference")
  }

  private func normalized(_ frame: Frame, _ options: NormalizeOptions) throws -> Normalized {
    do {
      return try Pixels.normalize(try frame.pixels(), options: options)
    } catch let error as PixelsError {
      throw EngineError(
        error.code, error.message, subject: frame.member.name, hint: error.hint, underlying: error)
    }
  }
}

import PipelineEngine
import Pixels

/// Divides a frame by its own level.
public struct NormalizeStep: Step {
  public static let declaration = StepDeclaration(
    name: "normalize", className: "NormalizeStep", summary: "Divide a frame by its own level",
    aliases: [
      "iris_pipeline.normalize.NormalizeStep", "liger_iris_pipeline.normalize.NormalizeStep",
    ],
    statusKeyword: "S_NORMAL",
    parameters: [
      Parameter(
        "method", .choice(["median", "mean", "mode"]), default: .string("median"),
        help: "level of the good pixels; mode is 3 median - 2 mean; None does nothing"),
      Parameter(
        "reject_low", .number(0...1), default: .number(0.01),
        help: "pixels below this share of the level are flagged NO_FLAT_FIELD"),
      Parameter(
        "reject_high", .number(1...1e6), default: .number(10),
        help: "pixels above this multiple of the level are flagged NO_FLAT_FIELD"),
    ])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    for i in work.frames.indices { try normalize(&work.frames[i], in: context) }
    return .complete
  }

  private func normalize(_ frame: inout Frame, in context: StepContext) throws {
    try frame.load()
    let method = ImageLevel.Method(rawValue: context.parameters.string("method") ?? "") ?? .median
    let level = ImageLevel(method: method).value(of: try frame.pixels())
    guard level.isFinite, level > 0 else {
      throw EngineError(
        "no-light", "its \(method.rawValue) is \(level): it cannot be normalised",
        subject: frame.member.name)
    }
    context.logger.info("\(frame.member.name) divided by its \(method.rawValue) \(level)")
    let low = Float(context.parameters.number("reject_low") ?? 0)
    let high = Float(context.parameters.number("reject_high") ?? .infinity)
    try frame.apply(.dividing(by: Float(level)))
    try frame.apply(FrameOperation { pixels, _ in flagOutside(low...high, of: &pixels) })
    frame.header.set("NORMLEVL", .real(level), comment: "level the frame was divided by")
    frame.unit = ""
  }
}

/// Flags pixels outside `range` as `NO_FLAT_FIELD | DO_NOT_USE`; NaN pixels too.
func flagOutside(_ range: ClosedRange<Float>, of image: inout Measured) {
  image.value.withUnsafeBuffer { values in
    image.quality.withUnsafeMutableBuffer { flags in
      for i in values.indices where !(values[i] >= range.lowerBound && values[i] <= range.upperBound) {
        flags[i] |= DQ.noFlatField | DQ.doNotUse
      }
    }
  }
}

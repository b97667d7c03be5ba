import PipelineEngine
import Pixels

/// Subtracts one image from another.
public struct SubtractImagesStep: Step {
  public static let declaration = StepDeclaration(
    name: "subtract_images", className: "SubtractImagesStep",
    summary: "Subtract k times one image from another",
    aliases: [
      "iris_pipeline.subtract_images.SubtractImagesStep",
      "liger_iris_pipeline.subtract_images.SubtractImagesStep",
    ],
    statusKeyword: "S_SUBIMG",
    parameters: [
      Parameter("scale", .number(-1e6...1e6), default: .number(1), help: "factor k of the second image")
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    var (a, b) = try pair(work)
    try check(b, against: a)
    let k = Float(context.parameters.number("scale") ?? 1)
    context.logger.info("\(a.member.name) - \(k) x \(b.member.name)")
    try a.load()
    let subtrahend = try b.pixels()
    a.setPixels(subtract(try a.takePixels(), subtrahend, scale: k))
    a.darkShare -= k * b.darkShare
    work.frames = [a]
    work.backgrounds = []
    return .complete
  }

  /// The science image and the background of an association, else the first and the second of two files.
  private func pair(_ work: Workpiece) throws -> (Frame, Frame) {
    if work.frames.count == 1, work.backgrounds.count == 1 { return (work.frames[0], work.backgrounds[0]) }
    if work.frames.count == 2, work.backgrounds.isEmpty { return (work.frames[0], work.frames[1]) }
    throw EngineError(
      "wrong-members",
      "two images are wanted, and there are \(work.frames.count) and \(work.backgrounds.count) backgrounds",
      subject: (work.frames + work.backgrounds).map(\.member.name).joined(separator: ", "),
      hint: "combine_frames makes one image of several, bkg_subtract takes several backgrounds")
  }

  private func check(_ b: Frame, against a: Frame) throws(EngineError) {
    if b.window != a.window {
      throw EngineError(
        "wrong-window", "its window \(b.window) is not the window \(a.window) of \(a.member.name)",
        subject: b.member.name)
    }
    if b.unit != a.unit {
      throw EngineError(
        "unit-mismatch", "it is in \(b.unit) and \(a.member.name) in \(a.unit)", subject: b.member.name)
    }
  }
}

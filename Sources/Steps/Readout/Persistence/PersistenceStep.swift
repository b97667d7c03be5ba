import Foundation
import PipelineEngine
import Pixels

/// Flags pixels that an earlier exposure saturated a short time before.
public struct PersistenceStep: Step {
  public static let declaration = StepDeclaration(
    name: "persistence", className: "PersistenceStep",
    summary: "Flag pixels that still hold charge of earlier exposures",
    aliases: ["jwst.persistence.PersistenceStep", "iris_pipeline.persistence.PersistenceStep"],
    statusKeyword: "S_PERSIS",
    parameters: [
      Parameter(
        "previous", .list, default: .list([]),
        help: "level 1 frames of the exposures before, whose SATURATED pixels are flagged"),
      Parameter(
        "time", .number(0...1e6), default: .number(120), unit: "s",
        help: "how long a saturated pixel keeps an image after the end of its exposure"),
    ],
    intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard var ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    guard case .list(let files) = context.parameters["previous"], !files.isEmpty else {
      return .skipped(reason: "no earlier exposure is named (persistence.previous)")
    }
    guard let begin = ramp.metadata.dateBegin else {
      return .skipped(reason: "the ramp does not say when it began (DATE-BEG)")
    }
    let frames = try files.map { try LatentFrame(path: $0) }
    let own = frames.filter { $0.detector == nil || $0.detector == ramp.metadata.detector }
    let latent = latentPixels(
      in: ramp.window, begin: begin.timeIntervalSinceReferenceDate, after: own.map(\.image),
      within: context.parameters.number("time") ?? 0)
    context.note("\(latent.count) pixels were saturated in exposures shortly before")
    ramp.apply(RampOperation { band, part in flagPersistence(&band, part: part, latent: latent) })
    work.ramp = ramp
    return .complete
  }
}

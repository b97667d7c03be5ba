import PipelineEngine
import Pixels

/// Flags the pixels of a combined frame for which too few samples were left.
public struct FlagSamplesStep: Step {
  public static let declaration = StepDeclaration(
    name: "flag_samples", className: "FlagSamplesStep",
    summary: "Flag pixels of a combined frame with too few samples", statusKeyword: "S_FLGSMP",
    parameters: [
      Parameter(
        "min_samples", .integer(1...1000), default: .integer(3), help: "fewer samples are flagged"),
      Parameter(
        "flag", .choice(["UNRELIABLE_ERROR", "UNRELIABLE_FLAT", "UNRELIABLE_DARK", "UNRELIABLE_BIAS"]),
        default: .string("UNRELIABLE_ERROR"), help: "the flag that they get"),
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let combined = work.combined, work.frames.count == 1 else {
      return .skipped(reason: "the frames were not combined: nothing is known of the samples")
    }
    let least = context.parameters.integer("min_samples") ?? 3
    let name = context.parameters.string("flag") ?? "UNRELIABLE_ERROR"
    guard let flag = DQ.flag(named: name) else {
      throw EngineError("bad-parameter", "no flag of that name", subject: name)
    }
    try work.frames[0].load()
    let counts = combined.count
    let width = counts.width
    try work.frames[0].apply(
      FrameOperation { pixels, rows in
        counts.withUnsafeBuffer { counts in
          pixels.quality.withUnsafeMutableBuffer { quality in
            for i in quality.indices where Int(counts[rows.lowerBound * width + i]) < least {
              quality[i] |= flag
            }
          }
        }
      })
    let few = counts.withUnsafeBuffer { $0.reduce(0) { $0 + (Int($1) < least ? 1 : 0) } }
    work.quality["few_samples_fraction"] = Double(few) / Double(max(counts.count, 1))
    if few > 0 { context.note("\(few) pixels have fewer than \(least) samples: \(name)") }
    return .complete
  }
}

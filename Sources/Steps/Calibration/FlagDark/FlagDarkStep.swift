import PipelineEngine
import Pixels

/// Flags the hot, warm and unreliable pixels of a master dark.
public struct FlagDarkStep: Step {
  public static let declaration = StepDeclaration(
    name: "flag_dark", className: "FlagDarkStep", summary: "Flag hot, warm and unreliable pixels of a dark",
    statusKeyword: "S_FLGDRK",
    parameters: [
      Parameter(
        "hot_kappa", .number(1...1000), default: .number(10),
        help: "HOT above the median by this many sigmas of the master"),
      Parameter("warm_kappa", .number(1...1000), default: .number(5), help: "WARM from this many sigmas on"),
      Parameter(
        "scatter_factor", .number(1...1000), default: .number(3),
        help: "UNRELIABLE_DARK where the frames scatter this many times more than expected"),
      Parameter(
        "min_frames", .integer(1...1000), default: .integer(3),
        help: "UNRELIABLE_DARK where fewer frames were used"),
      Parameter(
        "max_rejected", .number(0...1), default: .number(0.25),
        help: "UNRELIABLE_DARK where more than this share of the frames was rejected"),
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let combined = work.combined, work.frames.count == 1 else {
      return .skipped(reason: "the dark is one frame: nothing is known of its scatter")
    }
    let flagged = flagDark(combined, options: options(context.parameters))
    work.frames[0].setPixels(flagged.dark)
    let pixels = Double(max(1, flagged.dark.count))
    work.quality["hot_fraction"] = Double(flagged.hot) / pixels
    work.quality["warm_fraction"] = Double(flagged.warm) / pixels
    work.quality["unreliable_fraction"] = Double(flagged.unreliable) / pixels
    context.logger.info("\(flagged.hot) hot, \(flagged.warm) warm, \(flagged.unreliable) unreliable pixels")
    return .complete
  }

  private func options(_ parameters: ParameterSet) -> DarkFlagOptions {
    DarkFlagOptions(
      hotKappa: Float(parameters.number("hot_kappa") ?? 10),
      warmKappa: Float(parameters.number("warm_kappa") ?? 5),
      scatterFactor: Float(parameters.number("scatter_factor") ?? 3),
      minimumFrames: parameters.integer("min_frames") ?? 3,
      maximumRejected: Float(parameters.number("max_rejected") ?? 0.25))
  }
}

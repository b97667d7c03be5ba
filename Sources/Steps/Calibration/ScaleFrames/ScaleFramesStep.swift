import PipelineEngine
import Pixels

/// Divides each frame of a set by its own clipped median and lists the levels.
public struct ScaleFramesStep: Step {
  public static let declaration = StepDeclaration(
    name: "scale_frames", className: "ScaleFramesStep",
    summary: "Divide each frame by its own clipped median", statusKeyword: "S_SCALE",
    parameters: [
      Parameter(
        "sigma", .number(0.1...100), default: .number(3), help: "clipping about the median, in sigmas"),
      Parameter(
        "max_iterations", .integer(1...100), default: .integer(10), help: "rounds of clipping at most"),
    ], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard !work.frames.isEmpty else { return .skipped(reason: "there is no frame") }
    var levels: [Double] = []
    for i in work.frames.indices {
      let level = try level(of: work.frames[i], context.parameters)
      try work.frames[i].apply(.dividing(by: Float(level)))
      let earlier = work.frames[i].header.double(CombineFramesStep.levelKeyword) ?? 1
      work.frames[i].noteLevel(level * earlier)
      context.logger.info("\(work.frames[i].member.name) divided by its clipped median \(level)")
      levels.append(level)
    }
    let names = work.frames.map(\.member.name)
    for i in work.frames.indices {
      work.frames[i].header.set("NLEVELS", .integer(Int64(levels.count)), comment: "frames with a level")
      for (k, level) in levels.enumerated().prefix(999) {
        let number = String(k + 1)
        let keyword = "LEVEL" + String(repeating: "0", count: 3 - number.count) + number
        work.frames[i].header.set(keyword, .real(level), comment: names[k])
      }
      work.frames[i].unit = ""
    }
    work.quality["level_lowest"] = levels.min()
    work.quality["level_highest"] = levels.max()
    return .complete
  }

  private func level(of frame: Frame, _ parameters: ParameterSet) throws -> Double {
    let pixels = try frame.pixels()
    let sigma = Float(parameters.number("sigma") ?? 3)
    let level = clippedStatistics(
      of: pixels.value, quality: pixels.quality,
      options: StatisticsOptions(
        excludedFlags: DQ.doNotUse | DQ.nonScience | DQ.referencePixel | DQ.dead, kappaLow: sigma,
        kappaHigh: sigma, maximumIterations: parameters.integer("max_iterations") ?? 10)
    ).median
    guard level > 0, level.isFinite else {
      throw EngineError(
        "nothing-to-normalize", "its clipped median is \(level): it cannot be scaled",
        subject: frame.member.name, hint: "leave the frame out, or look at its level and its DQ plane")
    }
    return level
  }
}

import DataModels
import Foundation
import PipelineEngine
import Pixels

/// Combines a set of frames into one.
public struct CombineFramesStep: Step {
  public static let declaration = StepDeclaration(
    name: "combine_frames", className: "CombineFramesStep", summary: "Combine frames with clipping",
    aliases: [
      "combine", "liger_iris_pipeline.combine_frames.CombineFramesStep",
      "liger_iris_pipeline.CombineFramesStep",
    ],
    statusKeyword: "S_COMBIN",
    parameters: [
      Parameter(
        "method", .choice(["median", "mean", "wmean", "wmedian"]), default: .string("median"),
        help: "estimate at each pixel; weights of wmean and wmedian are one per frame, from its median error"),
      Parameter("sigma_clip", .boolean, default: .boolean(true), help: "reject outliers"),
      Parameter(
        "sigma_low", .number(0.1...100), default: .number(3),
        help: "rejected below centre - sigma_low x sigma"),
      Parameter(
        "sigma_high", .number(0.1...100), default: .number(3),
        help: "rejected above centre + sigma_high x sigma"),
      Parameter(
        "spread", .choice(["mad", "std", "biweight"]), default: .string("mad"), help: "sigma of the clipping"),
      Parameter(
        "max_iterations", .integer(1...100), default: .integer(10), help: "rounds of clipping at most"),
      Parameter(
        "min_survivors", .integer(1...1000), default: .integer(3),
        help: "a rejection that would leave fewer samples is not made"),
      Parameter(
        "light_leak", .number(0...1000), default: .number(0),
        help: "leave out frames whose median lies this many sigmas above the set's; 0 for none"),
      Parameter(
        "errors", .choice(["propagate", "measure"]), default: .string("propagate"),
        help: "errors from those of the frames, or from their scatter"),
      Parameter(
        "scale", .choice(["none", "median"]), default: .string("none"),
        help: "divide each frame by the median of its illuminated pixels first (flats)"),
      Parameter(
        "same", .list, default: .list([]),
        help: "keywords that must agree over all frames (numbers within 0.01)"),
      Parameter(
        "min_frames", .integer(1...1000), default: .integer(1), help: "fewer frames are refused"),
      Parameter(
        "good_frames", .integer(1...1000), default: .integer(1), help: "fewer frames make a degraded product"),
    ],
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    var frames = try usable(work.frames, in: context)
    guard !frames.isEmpty else {
      throw EngineError(
        "too-few-frames", "every frame is aborted or flagged BAD",
        subject: work.frames.map(\.member.name).joined(separator: ", "))
    }
    try checkConfiguration(frames, in: context)
    frames = try withoutLightLeaks(frames, in: context)
    try checkCount(frames, in: context)
    try scale(&frames, in: context)
    guard let first = frames.first, frames.count > 1 else {
      var only = frames[0]
      try only.load()
      work.frames = [only]
      return .complete
    }
    let combined = try FrameStack(frames).combine(options(for: frames, in: context))
    var result = first
    result.setPixels(combined.measured)
    if let end = frames.last?.header.string("DATE-END") { result.header.set("DATE-END", .string(end)) }
    result.header.set("NFRAMES", .integer(Int64(frames.count)), comment: "frames combined")
    work.frames = [result]
    work.combined = combined
    work.planes.append(.init(name: "SCATTER", unit: result.unit, plane: combined.scatter))
    work.planes.append(.init(name: "NFRAMES", unit: "", plane: combined.count.map { Float($0) }))
    return .complete
  }

  private func usable(_ frames: [Frame], in context: StepContext) throws -> [Frame] {
    let inTime = frames.sorted {
      ($0.metadata.dateBegin ?? .distantPast) < ($1.metadata.dateBegin ?? .distantPast)
    }
    return inTime.filter { frame in
      guard let sentence = frame.leftOut else { return true }
      context.degrade(sentence)
      return false
    }
  }

  private func checkConfiguration(_ frames: [Frame], in context: StepContext) throws {
    guard case .list(let keywords) = context.parameters["same"] else { return }
    for keyword in keywords { try checkEqual(keyword, frames) }
  }

  private func checkCount(_ frames: [Frame], in context: StepContext) throws {
    let least = context.parameters.integer("min_frames") ?? 1
    guard frames.count >= least else {
      throw EngineError(
        "too-few-frames", "\(frames.count) frames, and at least \(least) are wanted",
        subject: frames.map(\.member.name).joined(separator: ", "),
        hint: "--set combine_frames.min_frames=\(max(1, frames.count))")
    }
    let good = context.parameters.integer("good_frames") ?? 1
    if frames.count < good {
      context.degrade("made of \(frames.count) frames, \(good) are wanted")
    }
  }

  /// Drops frames that are brighter than the rest, and says so; sets of fewer than three frames cannot tell.
  private func withoutLightLeaks(_ frames: [Frame], in context: StepContext) throws -> [Frame] {
    let kappa = context.parameters.number("light_leak") ?? 0
    guard kappa > 0, frames.count >= 3 else { return frames }
    let levels = try frames.map { try FrameLevel(of: $0) }
    let leaks = Set(lightLeaks(levels, kappa: kappa))
    let usual = SampleStatistics.median(levels.map(\.median))
    for i in leaks.sorted() {
      context.note(
        "\(frames[i].member.name) was left out: its median \(Float(levels[i].median)) \(frames[i].unit) is more than "
          + "\(kappa) sigma above the \(Float(usual)) of the set (light leak)")
    }
    return frames.indices.filter { !leaks.contains($0) }.map { frames[$0] }
  }

  private func checkEqual(_ keyword: String, _ frames: [Frame]) throws {
    guard let first = frames.first else { return }
    for frame in frames {
      try frame.checkConfiguration(
        [keyword.uppercased()], like: first, silence: .differs,
        hint: "combine only frames of one configuration")
    }
  }

  /// Keyword of the level that frames were divided by before they were combined.
  static let levelKeyword = "COMBLEVL"

  /// Divides each frame by the median of its illuminated pixels, where asked for. The mean of the levels that the frames
  /// were divided by, here or by `scale_frames`, is kept in the header.
  private func scale(_ frames: inout [Frame], in context: StepContext) throws {
    if frames.count > 1, context.parameters.string("scale") == "median" {
      for i in frames.indices { try normalize(&frames[i], in: context) }
    }
    let levels = frames.compactMap { $0.header.double(Self.levelKeyword) }
    frames[0].header.remove(Self.levelKeyword)
    // Frames of which some were divided and some not have no level in common.
    guard levels.count == frames.count else { return }
    frames[0].noteLevel(levels.reduce(0, +) / Double(levels.count))
  }

  private func normalize(_ frame: inout Frame, in context: StepContext) throws {
    let pixels = try frame.pixels()
    let level = illuminatedMedian(of: pixels.value, quality: pixels.quality)
    guard level.isFinite, level > 0 else {
      throw EngineError(
        "nothing-to-normalize", "its median is \(level): it cannot be scaled", subject: frame.member.name)
    }
    try frame.apply(.dividing(by: level))
    frame.noteLevel(Double(level) * (frame.header.double(Self.levelKeyword) ?? 1))
    context.logger.info("\(frame.member.name) divided by its median \(level)")
  }

  private func options(for frames: [Frame], in context: StepContext) throws -> CombineOptions {
    let parameters = context.parameters
    let method = CombineOptions.Method(rawValue: parameters.string("method") ?? "") ?? .median
    let spread: Clipping.Spread =
      switch parameters.string("spread") {
      case "std": .standardDeviation
      case "biweight": .biweight
      default: .mad
      }
    let clipping = Clipping(
      kappaLow: Float(parameters.number("sigma_low") ?? 3),
      kappaHigh: Float(parameters.number("sigma_high") ?? 3),
      center: spread == .biweight ? .biweight : .median, spread: spread,
      maximumIterations: parameters.integer("max_iterations") ?? 10,
      minimumSurvivors: parameters.integer("min_survivors") ?? 3)
    let isWeighted = method == .wmean || method == .wmedian
    return CombineOptions(
      method: method, weights: isWeighted ? .frames(try frames.map(Self.weight)) : .equal,
      clipping: parameters.boolean("sigma_clip") ? clipping : nil,
      errors: CombineOptions.ErrorMethod(rawValue: parameters.string("errors") ?? "") ?? .propagate)
  }

  /// `1 / (median error)²` of a frame: smooth, so free of the bias of a pixel's own Poisson term.
  private static func weight(_ frame: Frame) throws -> Float {
    let pixels = try frame.pixels()
    let sigma = median(of: pixels.error, quality: pixels.quality)
    return sigma > 0 && sigma.isFinite ? 1 / (sigma * sigma) : 0
  }
}

extension Frame {
  /// Keeps the level that the frame, or on average its parts, was divided by.
  mutating func noteLevel(_ level: Double) {
    header.set(
      CombineFramesStep.levelKeyword, .real(level), comment: "mean level the frames were divided by")
  }
}

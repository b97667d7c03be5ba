import PipelineEngine
import Pixels
import SourceExtraction

/// Keeps the sources of dithered frames out of what is made of them: a flat or a sky.
public struct MaskSourcesStep: Step {
  public static let declaration = StepDeclaration(
    name: "mask_sources", className: "MaskSourcesStep",
    summary: "Leave sources out of the flat or sky that frames are combined to",
    statusKeyword: "S_MASKSR",
    parameters: SourceSearch.parameters + [
      Parameter(
        "flatten", .boolean, default: .boolean(true),
        help: "search on each frame divided by the median of all; only dithered sources are found then"),
      Parameter(
        "passes", .integer(1...5), default: .integer(2),
        help: "searches at most; each divides by the median without the sources of those before"),
      Parameter(
        "crowded", .number(0...1), default: .number(0.5),
        help: "a frame of which sources cover more than this share degrades the product"),
    ],
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    let options = SourceSearch.options(context.parameters)
    let empty = PixelMask(width: first.width, height: first.height)
    var masks = [PixelMask](repeating: empty, count: work.frames.count)
    for _ in 0..<(context.parameters.integer("passes") ?? 2) {
      let before = masks.reduce(0) { $0 + $1.count }
      let flattens = context.parameters.boolean("flatten")
      let response = try flattens ? response(of: work.frames, without: masks) : nil
      for i in work.frames.indices {
        masks[i] = try masks[i].union(sources(of: work.frames[i], over: response, options))
      }
      let added = masks.reduce(0) { $0 + $1.count } - before
      if Double(added) < 1e-3 * Double(empty.width * empty.height * masks.count) { break }
    }
    try apply(masks, to: &work, in: context)
    return .complete
  }

  /// The frames' common structure, of median 1: without it every pixel that answers strongly looks like a source.
  private func response(of frames: [Frame], without masks: [PixelMask]) throws -> Plane<Float>? {
    guard frames.count > 2 else { return nil }
    var scaled: [Frame] = []
    for (frame, mask) in zip(frames, masks) {
      var copy = frame
      try copy.apply(.masking(mask))
      let pixels = try copy.pixels()
      let level = median(of: pixels.value, quality: pixels.quality)
      guard level > 0, level.isFinite else { continue }
      try copy.apply(.dividing(by: level))
      scaled.append(copy)
    }
    guard scaled.count > 2 else { return nil }
    let common = try FrameStack(scaled).combine(CombineOptions()).measured
    return common.value.map { $0 > 0.01 && $0 < 100 ? $0 : .nan }
  }

  private func sources(
    of frame: Frame, over response: Plane<Float>?, _ options: SourceMaskOptions
  ) throws -> PixelMask {
    var pixels = try frame.pixels()
    if let response {
      pixels = Measured(
        value: pixels.value.divided(by: response), error: pixels.error, quality: pixels.quality)
    }
    let unusable = PixelMask(unusable: pixels, flags: DQ.blind)
    return try SourceSearch.mask(pixels.value, excluding: unusable, options, of: frame.member.name).sources
  }

  private func apply(_ masks: [PixelMask], to work: inout Workpiece, in context: StepContext) throws {
    let limit = context.parameters.number("crowded") ?? 0.5
    var shares: [Double] = []
    for (i, mask) in masks.enumerated() {
      let name = work.frames[i].member.name
      let share = Double(mask.count) / Double(max(mask.width * mask.height, 1))
      shares.append(share)
      context.logger.info("\(name): sources cover \(share.percent)")
      if share > limit { context.degrade("\(name) is crowded: sources cover \(share.percent) of it") }
      try work.frames[i].apply(.masking(mask))
    }
    work.quality["masked_fraction"] = shares.reduce(0, +) / Double(max(shares.count, 1))
  }
}

extension FrameOperation {
  /// Keeps the pixels of a mask out of every statistic of the frame that follows (`DO_NOT_USE`).
  fileprivate static func masking(_ mask: PixelMask) -> FrameOperation {
    FrameOperation(.keepsErrors) { pixels, rows in
      mask.raise(DQ.doNotUse, in: &pixels.quality, rows: rows)
    }
  }
}

extension Double {
  /// A share as people read it, e.g. `3.2 %`.
  fileprivate var percent: String { "\((self * 1000).rounded() / 10) %" }
}

import PipelineEngine
import Pixels
import SourceExtraction

/// Subtracts from each dithered frame its sky, made of the other frames nearest in time.
public struct ScaledSkyImagerStep: Step {
  public static let declaration = StepDeclaration(
    name: "scaled_sky_imager", className: "ScaledSkyImagerStep",
    summary: "Subtract from dithered frames the sky that the others tell",
    aliases: ["scaled_sky", "iris_pipeline.scaled_sky.ScaledSkyImagerStep"], statusKeyword: "S_SCLSKY",
    parameters: SkyParameters.declared, referenceTypes: ["sky"], intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    let open = work.frames.indices.filter { work.frames[$0].status("S_BKDSUB") != "COMPLETE" }
    guard !open.isEmpty else { return .skipped(reason: "the background was subtracted before") }
    if open.count < work.frames.count {
      context.note(
        "\(work.frames.count - open.count) of \(work.frames.count) frames had their background subtracted before: "
          + "they are left alone and tell no sky")
    }
    var subtraction = SkySubtraction(parameters: SkyParameters(context.parameters), context: context)
    for group in SkyGroup.groups(open, of: work.frames) {
      var frames = group.map { work.frames[$0] }
      try subtraction.subtract(from: &frames, quality: &work.quality)
      for (i, frame) in zip(group, frames) {
        work.frames[i] = frame
        work.frames[i].header.set("S_BKDSUB", .string("COMPLETE"))
      }
    }
    return .complete
  }
}

/// Frames that can tell each other's sky.
enum SkyGroup {
  private static let keywords = ["DETECTOR", "FILTER", "PUPIL", "SCALE"]

  /// The given frames in groups of one configuration and window, in the order of their first.
  static func groups(_ indices: [Int], of frames: [Frame]) -> [[Int]] {
    indices.reduce(into: []) { groups, i in
      if let k = groups.firstIndex(where: { isAlike(frames[$0[0]], frames[i]) }) {
        groups[k].append(i)
      } else {
        groups.append([i])
      }
    }
  }

  private static func isAlike(_ a: Frame, _ b: Frame) -> Bool {
    a.window == b.window && a.unit == b.unit && a.darkShare == b.darkShare
      && keywords.allSatisfy { ConfigurationValue($0, of: a).agrees(with: ConfigurationValue($0, of: b)) }
  }
}

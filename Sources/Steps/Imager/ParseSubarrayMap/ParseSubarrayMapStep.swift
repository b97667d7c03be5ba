import PipelineEngine
import Pixels

/// Reads the map of subarrays of a full frame and takes the pixels that they cover out of it.
public struct ParseSubarrayMapStep: Step {
  public static let declaration = StepDeclaration(
    name: "parse_subarray_map", className: "ParseSubarrayMapStep",
    summary: "Take out of a full frame what concurrently read subarrays cover",
    aliases: [
      "parse_subarrays", "iris_pipeline.parse_subarray_map.ParseSubarrayMapStep",
      "liger_iris_pipeline.parse_subarray_map.ParseSubarrayMapStep",
    ],
    statusKeyword: "S_PARSSA")

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard work.frames.contains(where: { $0.subarrayMap != nil }) else {
      for i in work.backgrounds.indices { try blank(&work.backgrounds[i]) }
      return .skipped(reason: "no frame has a SUBARR_MAP")
    }
    for i in work.frames.indices { try describe(&work.frames[i], in: context) }
    for i in work.frames.indices { try blank(&work.frames[i]) }
    for i in work.backgrounds.indices { try blank(&work.backgrounds[i]) }
    return .complete
  }

  private func blank(_ frame: inout Frame) throws {
    guard let map = frame.subarrayMap else { return }
    try frame.apply(
      FrameOperation { pixels, rows in
        let band = PixelWindow(x0: 0, y0: rows.lowerBound, width: pixels.width, height: rows.count)
        blankSubarrays(&pixels, map: map.cropped(to: band))
      })
  }

  /// `NSUBARR` and, for each subarray, `SUBARRnn` with its window on the detector.
  private func describe(_ frame: inout Frame, in context: StepContext) throws {
    guard let map = frame.subarrayMap else { return }
    let found = subarrays(in: map)
    frame.header.set("NSUBARR", .integer(Int64(found.count)), comment: "subarrays read inside the frame")
    for subarray in found {
      var window = subarray.window
      window.x0 += frame.window.x0
      window.y0 += frame.window.y0
      if subarray.id <= 99 {
        let number = subarray.id < 10 ? "0\(subarray.id)" : "\(subarray.id)"
        frame.header.set(
          "SUBARR" + number, .string("\(window)"), comment: "window of subarray \(subarray.id)")
      }
      let shape = subarray.isRectangle ? "" : ", of which it covers \(subarray.count) pixels"
      context.logger.info("Subarray \(subarray.id) at \(window)\(shape)")
    }
  }
}

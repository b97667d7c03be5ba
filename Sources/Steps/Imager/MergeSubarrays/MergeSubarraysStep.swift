import PipelineEngine
import Pixels

/// Puts reduced subarrays into their places in the full frame that was read at the same time.
public struct MergeSubarraysStep: Step {
  public static let declaration = StepDeclaration(
    name: "merge_subarrays", className: "MergeSubarraysStep",
    summary: "Put subarrays into the full frame they were read with",
    aliases: [
      "iris_pipeline.merge_subarrays.MergeSubarraysStep",
      "liger_iris_pipeline.merge_subarrays.MergeSubarraysStep",
      "liger_iris_pipeline.merge_subarrays.merge_subarrays_step.MergeSubarraysStep",
    ],
    statusKeyword: "S_MERGSA",
    parameters: [
      Parameter(
        "require_all", .boolean, default: .boolean(false),
        help:
          "refuse when a subarray of the map has no member; else its pixels stay NaN and the product is degraded"
      )
    ],
    intake: .subarrays)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    var full = try fullFrame(work.frames)
    let parts = work.frames.filter { $0.metadata.subarrayID != 0 }
      .sorted { $0.metadata.subarrayID < $1.metadata.subarrayID }
    guard !parts.isEmpty else {
      try full.load()
      work.frames = [full]
      return .skipped(reason: "there is no subarray")
    }
    let mapped = full.subarrayMap.map(subarrays(in:)) ?? []
    var seen: [Int: String] = [:]
    for part in parts {
      if let other = seen.updateValue(part.member.name, forKey: part.metadata.subarrayID) {
        throw EngineError(
          "two-subarrays", "it is subarray \(part.metadata.subarrayID), and so is \(other)",
          subject: part.member.name, hint: "name each subarray once in the association")
      }
      try checkConfiguration(part, like: full)
      try checkWindow(part, in: full, mapped: mapped)
    }
    try checkComplete(mapped, seen, full, in: context)
    try insert(parts, into: &full, in: context)
    work.frames = [full]
    return .complete
  }

  private func fullFrame(_ frames: [Frame]) throws -> Frame {
    let full = frames.filter { $0.metadata.subarrayID == 0 }
    guard let first = full.first else {
      throw EngineError(
        "no-full-frame", "no member is a full frame (SUBARRID = 0)",
        subject: frames.map(\.member.name).joined(separator: ", "),
        hint: "add the full frame that was read with the subarrays")
    }
    guard full.count == 1 else {
      throw EngineError(
        "two-full-frames", "\(full.count) members are full frames (SUBARRID = 0)",
        subject: full.map(\.member.name).joined(separator: ", "),
        hint: "merge one full frame with its own subarrays")
    }
    return first
  }

  /// Same light, same corrections: anything else would leave edges.
  private func checkConfiguration(_ part: Frame, like full: Frame) throws {
    try part.checkConfiguration(
      ["DETECTOR", "FILTER", "PUPIL"], like: full, silence: .agrees, hint: "merge frames of one exposure")
    for keyword in ["S_DARK", "S_BKDSUB", "S_FLAT", "S_PHOTOM"] {
      let (wanted, found) = (full.status(keyword) == "COMPLETE", part.status(keyword) == "COMPLETE")
      guard wanted != found else { continue }
      let (done, undone) = wanted ? (full, part) : (part, full)
      throw EngineError(
        "mixed-frames", "\(keyword) is COMPLETE in \(done.member.name) and not in \(undone.member.name)",
        subject: part.member.name, hint: "reduce all of them in the same way first")
    }
  }

  private func checkWindow(_ part: Frame, in full: Frame, mapped: [MappedSubarray]) throws {
    guard full.window.contains(part.window) else {
      throw EngineError(
        "subarray-window",
        "the subarray's window \(part.window) is not inside the full frame's \(full.window)",
        subject: part.member.name, hint: "check SUBSTRT1/2 and SUBSIZE1/2")
    }
    guard full.subarrayMap != nil else { return }
    let id = part.metadata.subarrayID
    guard let place = mapped.first(where: { $0.id == id }) else {
      let ids = mapped.map { "\($0.id)" }.joined(separator: ", ")
      throw EngineError(
        "subarray-window", "SUBARR_MAP of \(full.member.name) has no subarray \(id), only \(ids)",
        subject: part.member.name, hint: "check SUBARRID")
    }
    var window = place.window
    window.x0 += full.window.x0
    window.y0 += full.window.y0
    guard window == part.window else {
      throw EngineError(
        "subarray-window",
        "the subarray's window \(part.window) is not the window \(window) of SUBARR_MAP in \(full.member.name)",
        subject: part.member.name, hint: "check SUBSTRT1/2, SUBSIZE1/2 and SUBARRID")
    }
  }

  private func checkComplete(
    _ mapped: [MappedSubarray], _ seen: [Int: String], _ full: Frame, in context: StepContext
  ) throws {
    let missing = mapped.map(\.id).filter { seen[$0] == nil }
    guard !missing.isEmpty else { return }
    let ids = missing.map(String.init).joined(separator: ", ")
    let sentence = "no member is subarray \(ids) of \(full.member.name)"
    guard !context.parameters.boolean("require_all") else {
      throw EngineError(
        "subarray-missing", sentence, subject: full.member.name,
        hint: "add it to the association, or --set merge_subarrays.require_all=False")
    }
    context.degrade("\(sentence): its pixels stay NaN")
  }

  private func insert(_ parts: [Frame], into full: inout Frame, in context: StepContext) throws {
    var pixels = try full.takePixels()
    for part in parts {
      var place = part.window
      place.x0 -= full.window.x0
      place.y0 -= full.window.y0
      insertSubarray(
        try part.pixels(), at: place, id: UInt16(part.metadata.subarrayID), map: full.subarrayMap,
        into: &pixels)
      context.note("subarray \(part.metadata.subarrayID) of \(part.member.name) put at \(part.window)")
    }
    full.setPixels(pixels)
    full.subarrayMap = remaining(of: full.subarrayMap, without: parts)
    full.header.set("NSUBARR", .integer(Int64(parts.count)), comment: "subarrays put into the frame")
  }

  /// The map of what is still missing; nil when nothing is, so that nobody takes the pixels out again.
  private func remaining(of map: Plane<UInt16>?, without parts: [Frame]) -> Plane<UInt16>? {
    let done = Set(parts.map { UInt16($0.metadata.subarrayID) })
    guard let rest = map?.map({ done.contains($0) ? 0 : $0 }) else { return nil }
    return subarrays(in: rest).isEmpty ? nil : rest
  }
}

import PipelineEngine
import Pixels

/// Subtracts the dark that is in each frame.
public struct DarkCurrentStep: Step {
  public static let declaration = StepDeclaration(
    name: "dark_current", className: "DarkCurrentStep", summary: "Subtract the master dark",
    aliases: [
      "dark_sub", "iris_pipeline.dark_current.DarkCurrentStep", "jwst.dark_current.DarkCurrentStep",
      "liger_iris_pipeline.dark_current.DarkCurrentStep",
      "liger_iris_pipeline.dark_subtraction.DarkSubtractionStep", "liger_iris_pipeline.DarkSubtractionStep",
    ],
    statusKeyword: "S_DARK", referenceTypes: ["dark"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    try setEarlierDarkApart(in: &work, context)
    if work.frames.allSatisfy(\.hadDarkSubtracted) {
      return .skipped(reason: "the dark was subtracted before")
    }
    guard let dark = try reference(for: first, work: work, context: context) else {
      return try withoutDark(&work, context: context)
    }
    let isShared = work.frames.count > 1
    for i in work.frames.indices where !work.frames[i].hadDarkSubtracted {
      try subtract(dark, from: &work.frames[i], isShared: isShared)
      guard let reason = lastResort(dark, for: work.frames[i], in: context) else { continue }
      try work.frames[i].apply(.raising(DQ.unreliableDark))
      context.degrade("the dark serves only as the last resort (\(reason)): UNRELIABLE_DARK everywhere")
    }
    return .complete
  }

  /// Why the dark is of another kind than the frame's: chosen as the last resort, or of another EXPTIME or READMODE
  /// than the frame; nil when it fits as far as the headers say.
  private func lastResort(_ dark: ReferenceFrame, for frame: Frame, in context: StepContext) -> String? {
    if context.resolved("dark").lastResort && !context.hasStandIns("dark") {
      return context.resolved("dark").reason ?? "another exposure time"
    }
    if let own = frame.metadata.exposureSeconds, let other = dark.metadata.exposureSeconds,
      abs(own - other) > 0.01
    {
      return "\(dark.name) is of \(other) s and \(frame.member.name) of \(own) s"
    }
    if let own = frame.metadata.readMode, let other = dark.metadata.readMode,
      own.uppercased() != other.uppercased()
    {
      return "\(dark.name) was read as \(other) and \(frame.member.name) as \(own)"
    }
    return nil
  }

  /// The reference, else the darks that came with the frames.
  private func reference(
    for first: Frame, work: Workpiece, context: StepContext
  ) throws -> ReferenceFrame? {
    if let dark = try context.reference("dark", for: first) { return dark }
    guard !work.darks.isEmpty else { return nil }
    context.standIn("dark", work.darks)
    context.degrade("no dark reference: raw darks of the association serve instead (\(work.darks.count))")
    return try ReferenceFrame(combining: work.darks, type: "dark")
  }

  /// Subtracts the dark; where other frames share it, its error is kept apart for `combine_frames` to add once.
  private func subtract(_ dark: ReferenceFrame, from frame: inout Frame, isShared: Bool) throws {
    let share = frame.darkShare
    let operation = FrameOperation(isShared ? .keepsErrors : .anything) { pixels, rows in
      subtractDark(dark.rows(rows), share: share, from: &pixels, addingError: !isShared)
    }
    if isShared {
      try frame.apply(operation, sharing: SharedError(of: dark.pixels, named: dark.name, factor: share))
    } else {
      try frame.apply(operation)
    }
    frame.darkShare = 0
  }

  private func withoutDark(_ work: inout Workpiece, context: StepContext) throws -> StepOutcome {
    let resolved = context.resolved("dark")
    if resolved.origin == .notApplicable { return .skipped(reason: "the rules say that no dark applies") }
    for i in work.frames.indices { try work.frames[i].apply(.raising(DQ.unreliableDark)) }
    let reason = resolved.reason ?? "no dark reference"
    context.degrade("no dark was subtracted: \(reason)")
    return .skipped(reason: reason)
  }
}

extension Frame {
  /// Whether the dark was taken out in an earlier run and nothing brought it back.
  fileprivate var hadDarkSubtracted: Bool { status("S_DARK") == "COMPLETE" && darkShare == 0 }
}

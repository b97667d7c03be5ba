import PipelineEngine
import Pixels

/// Subtracts the dark that is in each frame.
public struct DarkCurrentStep: Step {
  public static let declaration = StepDeclaration(
    name: "dark_current", className: "DarkCurrentStep", summary: "Subtract the master dark",
    aliases: [
      "dark_sub", "iris_pipeline.dark_current.DarkCurrentStep", "jwst.dark_current.DarkCurrentStep",
      "liger_iris_pipeline.dark_current.DarkCurrentStep",
      "liger_iris_pipeline.dark_subtraction.DarkSubtractionStep",
    ],
    statusKeyword: "S_DARK", referenceTypes: ["dark"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    if work.frames.allSatisfy(\.hadDarkSubtracted) {
      return .skipped(reason: "the dark was subtracted before")
    }
    guard let dark = try reference(for: first, work: work, context: context) else {
      return try withoutDark(&work, context: context)
    }
    let isLastResort = context.resolved("dark").lastResort
    for i in work.frames.indices where !work.frames[i].hadDarkSubtracted {
      try subtract(dark, from: &work.frames[i])
      if isLastResort { try work.frames[i].apply(.raising(DQ.unreliableDark)) }
    }
    if isLastResort {
      let reason = context.resolved("dark").reason ?? "another exposure time"
      context.degrade("the dark serves only as the last resort (\(reason)): UNRELIABLE_DARK everywhere")
    }
    return .complete
  }

  /// The reference, else the darks that came with the frames.
  private func reference(
    for first: Frame, work: Workpiece, context: StepContext
  ) throws -> ReferenceFrame? {
    if let dark = try context.reference("dark", for: first) { return dark }
    guard !work.darks.isEmpty else { return nil }
    context.note("no dark reference: the \(work.darks.count) darks of the association are combined instead")
    return try ReferenceFrame(combining: work.darks, type: "dark")
  }

  private func subtract(_ dark: ReferenceFrame, from frame: inout Frame) throws {
    let share = frame.darkShare
    try frame.apply(
      FrameOperation { pixels, rows in
        subtractDark(dark.rows(rows), share: share, from: &pixels)
      })
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

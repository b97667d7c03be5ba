/// One operation on frames: models in, models out, no file and no clock of its own.
public protocol Step: Sendable {
  /// Name, parameters, references and status keyword.
  static var declaration: StepDeclaration { get }

  init()

  /// Works on the frames in `work`.
  /// - Returns: what became of it; a step that cannot do its work for want of a reference returns `.skipped`.
  /// - Throws: whatever makes the whole run fail.
  func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome
}

/// What became of a step.
public enum StepOutcome: Sendable, Equatable {
  case complete
  case skipped(reason: String)
}

/// Why a job could not be handed over or its report not be believed.
///
/// Codes: `attempt-folder`, `job-unwritable`, `report-unreadable`, `report-malformed`, `report-foreign`,
/// `report-inconsistent`.
public struct ExecutorError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable kind of failure.
  public let code: String
  /// What went wrong, in words.
  public let message: String
  /// The file it went wrong with.
  public let subject: String
  /// What to do next, if there is something.
  public let hint: String?
  public let underlying: (any Error)?

  public init(
    code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  public var description: String { "\(message) — \(subject)" }
}

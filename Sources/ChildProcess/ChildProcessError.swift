/// Why a program could not be started or watched; how it *ended* is never an error but a ``ProgramEnd``.
///
/// Codes: `executable-not-absolute`, `executable-not-found`, `executable-not-runnable`, `environment-invalid`,
/// `working-directory`, `output-file`, `descriptor`, `spawn-failed`.
public struct ChildProcessError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable kind of failure.
  public let code: String
  /// What went wrong, in words.
  public let message: String
  /// The path (or the environment key) it went wrong with.
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

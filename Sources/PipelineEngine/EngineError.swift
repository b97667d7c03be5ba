/// What the engine, its steps and its pipelines throw.
public struct EngineError: Error, Sendable, CustomStringConvertible {
  /// Stable machine-readable kebab-case code, e.g. `unknown-parameter`.
  public let code: String
  /// One sentence about what is wrong.
  public let message: String
  /// File, keyword, step or parameter the message is about.
  public let subject: String
  /// What to do next, as a command where there is one.
  public let hint: String?
  /// The error of a lower room that caused this one.
  public let underlying: (any Error)?

  public init(
    _ code: String, _ message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  public var description: String {
    "\(message) — \(subject)" + (hint.map { " (\($0))" } ?? "")
  }
}

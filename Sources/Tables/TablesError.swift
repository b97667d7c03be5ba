/// A table that cannot be made or written as asked.
public struct TablesError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable kebab-case code, e.g. `unknown-column`.
  public let code: String
  public let message: String
  public let subject: String
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

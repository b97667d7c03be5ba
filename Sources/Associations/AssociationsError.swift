/// What can be wrong with the association rules.
public struct AssociationsError: Error, Sendable, CustomStringConvertible {
  /// Stable and machine-readable, e.g. `rule-syntax`, `rule-unknown-key`.
  public let code: String
  public let message: String
  /// The rule file (and key).
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

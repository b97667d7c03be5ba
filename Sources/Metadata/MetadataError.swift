/// What the metadata room refuses: a schema or a classification table that cannot be used, an unsafe file
/// name.
public struct MetadataError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable kebab-case code, e.g. `bad-classification`.
  public let code: String
  /// One sentence for a person.
  public let message: String
  /// What it is about: a file, a keyword, a name part.
  public let subject: String
  /// The next thing to do, if there is one.
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

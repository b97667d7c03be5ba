/// What a question to the reference desk could not have an answer for.
public struct ReferenceDeskError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable: `input-missing`, `not-fits`, `bad-file`, `read-failed`, `not-certified`,
  /// `unknown-type`, `reference-collision`.
  public let code: String
  /// A sentence for people.
  public let message: String
  /// The file, type or row it is about.
  public let subject: String
  public let hint: String?
  public let underlying: (any Error)?

  public init(
    _ code: String, _ message: String, _ subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  public var description: String { "\(message) — \(subject)" }
}

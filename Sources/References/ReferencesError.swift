/// What went wrong with a mapping, a context or an insertion.
public struct ReferencesError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable: `mapping-syntax`, `mapping-missing`, `mapping-kind`, `mapping-cycle`,
  /// `mapping-checksum`, `mapping-selector`, `mapping-header`, `context-name`, `reference-name`,
  /// `reference-missing`, `no-rules-for-type`, `row-invalid`, `input-missing`, `io`.
  public let code: String
  /// A sentence for people.
  public let message: String
  /// The mapping or reference it is about, with the line where there is one.
  public let subject: String
  public let hint: String?
  public let underlying: (any Error)?

  init(
    _ code: String, _ message: String, _ subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  /// A mapping named by a person is not there.
  public static func inputMissing(_ path: String, _ underlying: ReferencesError) -> ReferencesError {
    ReferencesError(
      "input-missing", "the mapping cannot be read", path, hint: "check the path", underlying: underlying)
  }

  public var description: String { "\(message) — \(subject)" }
}

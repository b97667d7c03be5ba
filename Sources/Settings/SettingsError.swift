/// A setting that cannot be used.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable: `settings-syntax`, `settings-unknown-section`, `settings-unknown-key`,
  /// `settings-value`.
  public let code: String
  public let message: String
  /// `file:line`, the environment variable or the flag.
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

  public var description: String { "\(message) — \(subject)" }
}

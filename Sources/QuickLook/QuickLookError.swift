/// What can go wrong with a quick-look picture.
public struct QuickLookError: Error, Sendable, CustomStringConvertible {
  /// `no-pixels`, `bad-range`, `encoding-failed`.
  public let code: String
  public let message: String
  /// The file that the picture is of.
  public let subject: String
  public let hint: String?
  public let underlying: (any Error)?

  init(_ code: String, _ message: String, subject: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = nil
  }

  public var description: String { "\(message) — \(subject)" }
}

/// What is wrong in a cfg, and where.
public struct CfgError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable: `cfg-tab`, `cfg-syntax`, `cfg-quote`, `cfg-duplicate-key`,
  /// `cfg-duplicate-section`, `cfg-nesting`, `cfg-too-large`.
  public let code: String
  /// A sentence for people.
  public let message: String
  /// `file:line`.
  public let subject: String
  /// What to do about it.
  public let hint: String?
  public let underlying: (any Error)?
  /// Line of the file, from 1.
  public let line: Int

  init(_ code: String, _ message: String, path: String, line: Int, hint: String? = nil) {
    self.code = code
    self.message = message
    self.subject = "\(path):\(line)"
    self.hint = hint
    self.underlying = nil
    self.line = line
  }

  public var description: String { "\(message) — \(subject)" }
}

/// Why a FITS file could not be read at all, or a card cannot be written.
///
/// What is wrong *inside* a file is not an error of this room: it is told by `Completeness`.
public struct FITSStructureError: Error, Sendable, CustomStringConvertible {
  /// Stable and machine-readable: `not-regular`, `read-failed`, `bad-keyword`, `bad-value`, `bad-text`.
  public let code: String
  /// One sentence for people.
  public let message: String
  /// What it is about: a descriptor or a keyword.
  public let subject: String
  /// What to do next, where there is something to do.
  public let hint: String?
  /// The error below, if any.
  public let underlying: (any Error)?

  /// Makes an error; see the fields.
  public init(
    code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  public var description: String { "\(subject): \(message)" }
}

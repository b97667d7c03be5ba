/// What is wrong with a world coordinate system.
public struct AstrometryError: Error, Sendable, CustomStringConvertible {
  /// Stable machine-readable kebab-case code: `wcs-missing`, `wcs-incomplete`, `wcs-invalid`, `wcs-singular`,
  /// `wcs-not-celestial`, `out-of-memory`.
  public let code: String
  /// One sentence about what is wrong.
  public let message: String
  /// The keyword the message is about.
  public let subject: String
  /// What to do next, when something can be said.
  public let hint: String?
  /// The error below this one.
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

  public var description: String { "\(message) — \(subject)" }
}

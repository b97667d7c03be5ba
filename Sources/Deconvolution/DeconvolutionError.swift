/// What went wrong with an image, a PSF or an option handed to a deconvolution.
public struct DeconvolutionError: Error, Sendable, CustomStringConvertible {
  /// Stable and machine-readable, kebab-case.
  public let code: String
  /// One sentence for a person.
  public let message: String
  /// What it is about: an option or an input.
  public let subject: String
  /// What to do next.
  public let hint: String?
  /// The cause, where there is one.
  public let underlying: (any Error)?

  /// An error with all its fields.
  public init(
    code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  /// `subject: message (hint)`.
  public var description: String { "\(subject): \(message)" + (hint.map { " (\($0))" } ?? "") }
}

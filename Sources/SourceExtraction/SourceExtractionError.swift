import CSEP

/// What went wrong with a background mesh or a search for sources.
public struct SourceExtractionError: Error, Sendable, CustomStringConvertible {
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

  /// The library's own words for a status that is not 0; they are the calling thread's.
  init(status: Int32, subject: String, hint: String? = nil) {
    let short = Self.text(capacity: 61) { sep_get_errmsg(status, $0) }
    let detail = Self.text(capacity: 513) { sep_get_errdetail($0) }
    self.init(
      code: "sep-\(status)", message: detail.isEmpty ? short : "\(short): \(detail)", subject: subject,
      hint: hint)
  }

  private static func text(capacity: Int, _ fill: (UnsafeMutablePointer<CChar>) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
      buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress else { return "" }
      fill(base)
      return String(cString: base)
    }
  }

  /// `subject: message (hint)`.
  public var description: String { "\(subject): \(message)" + (hint.map { " (\($0))" } ?? "") }
}

/// The library's version, e.g. `1.2.0`.
public func sepVersion() -> String { String(cString: sep_version_string) }

import CCFITSIO
import Glibc

/// Why a FITS file could not be opened, read, changed or written.
public struct FITSError: Error, Sendable, CustomStringConvertible {
  /// Stable and machine-readable: `open-failed`, `not-regular`, `cfitsio`, `out-of-memory`, `no-such-hdu`, `not-an-image`,
  /// `not-a-table`, `out-of-range`, `truncated`, `shape-mismatch`, `bad-column`, `bad-card`, `out-of-order`,
  /// `already-exists`, `write-failed`, `disk-full`.
  public let code: String
  /// One sentence for people; CFITSIO's own words where it spoke.
  public let message: String
  /// The file, with the HDU where one is meant.
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

  /// An error that CFITSIO reported, with the lines of its message stack (at most 32).
  static func cfitsio(_ status: Int32, _ operation: StaticString, _ subject: String) -> FITSError {
    var text = [CChar](repeating: 0, count: Int(FLEN_ERRMSG))
    ffgerr(status, &text)
    var message = "\(operation): \(string(text)) (CFITSIO status \(status))"
    for _ in 0..<32 where ffgmsg(&text) != 0 { message += "; \(string(text))" }
    ffcmsg()
    let code = status == MEMORY_ALLOCATION ? "out-of-memory" : "cfitsio"
    return FITSError(code: code, message: message, subject: subject)
  }

  /// An error that the system reported through `errno`.
  static func system(_ code: String, _ operation: String, _ subject: String, _ number: Int32) -> FITSError {
    let isFull = number == ENOSPC || number == EDQUOT
    return FITSError(
      code: isFull ? "disk-full" : code, message: "\(operation): \(string(strerror(number)))",
      subject: subject)
  }

  private static func string(_ text: UnsafePointer<CChar>) -> String { String(cString: text) }
}

/// Text out of a C buffer, up to its first zero.
func text(_ buffer: [CChar]) -> String {
  String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

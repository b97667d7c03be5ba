import FITSIO

/// What went wrong while a data model was read or written.
public struct ModelError: Error, Sendable, CustomStringConvertible {
  /// Stable, machine-readable kebab-case code, such as `missing-read-times`.
  public let code: String
  /// One sentence for a person.
  public let message: String
  /// The file, and the HDU or keyword in it.
  public let subject: String
  /// What to do next, when something can be said.
  public let hint: String?
  /// The error below this one.
  public let underlying: (any Error)?

  /// Creates an error of the data models.
  public init(
    code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  /// The sentence, the subject and the cause on one line.
  public var description: String {
    let cause = underlying.map { " (\($0))" } ?? ""
    return "\(message) — \(subject)\(cause)"
  }

  /// Runs `body`; errors of the FITS layer become a `fits` error about `path`.
  static func wrapping<R>(_ path: String, _ body: () throws -> R) throws(ModelError) -> R {
    do {
      return try body()
    } catch let error as ModelError {
      throw error
    } catch let error as FITSError {
      throw ModelError(
        code: error.code, message: error.message, subject: path, hint: error.hint, underlying: error)
    } catch {
      throw ModelError(
        code: "fits", message: "the file could not be read or written", subject: path, underlying: error)
    }
  }
}

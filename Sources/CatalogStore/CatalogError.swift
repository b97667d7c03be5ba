/// What can go wrong with the catalog.
public struct CatalogError: Error, Sendable, CustomStringConvertible {
  /// Stable and machine-readable, e.g. `catalog-unreachable`, `unknown-column`.
  public let code: String
  public let message: String
  /// The file, column or record it is about.
  public let subject: String
  /// The next command to run.
  public let hint: String?
  public let underlying: (any Error)?

  public init(
    code: String, message: String, subject: String, hint: String? = nil, underlying: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }

  public var description: String { "\(message) — \(subject)" }
}

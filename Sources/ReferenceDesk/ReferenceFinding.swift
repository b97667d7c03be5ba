import Tables

/// One thing said of a reference file.
public struct ReferenceFinding: Sendable, Hashable {
  /// How grave a finding is.
  public enum State: String, Sendable { case ok, warning, problem }

  public let state: State
  /// Keyword, or HDU by its EXTNAME.
  public let subject: String
  public let message: String

  public init(_ state: State, _ subject: String, _ message: String) {
    self.state = state
    self.subject = subject
    self.message = message
  }

  /// Columns of `certify`.
  public static let columns = [
    Column("file", .string), Column("state", .string, description: "ok, warning or problem"),
    Column("subject", .string, description: "keyword or HDU"), Column("message", .string),
  ]

  /// The finding as a row of a table.
  public func row(file: String) -> [Cell] {
    [.string(file), .string(state.rawValue), .string(subject), .string(message)]
  }
}

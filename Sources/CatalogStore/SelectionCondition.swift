import GRDB

/// A piece of a WHERE clause with its bound values. Text of users never becomes SQL: it is always bound.
struct SelectionCondition {
  var sql: String
  var arguments: StatementArguments

  init(sql: String, arguments: StatementArguments = []) {
    self.sql = sql
    self.arguments = arguments
  }

  /// All of them; true when there is none.
  static func all(_ conditions: [SelectionCondition]) -> SelectionCondition {
    joined(conditions, by: " AND ", empty: "1")
  }

  /// Any of them; false when there is none.
  static func any(_ conditions: [SelectionCondition]) -> SelectionCondition {
    joined(conditions, by: " OR ", empty: "0")
  }

  private static func joined(_ list: [SelectionCondition], by word: String, empty: String)
    -> SelectionCondition
  {
    guard !list.isEmpty else { return SelectionCondition(sql: empty) }
    return SelectionCondition(
      sql: list.map { "(\($0.sql))" }.joined(separator: word),
      arguments: list.reduce(into: StatementArguments()) { $0 += $1.arguments })
  }

  /// `sql` equals the pattern, or matches it as a glob when it has `*`, `?` or `[`. A name that holds such
  /// characters is found by its literal text too.
  static func glob(_ sql: String, _ pattern: String) -> SelectionCondition {
    guard pattern.contains(where: { "*?[".contains($0) }) else {
      return SelectionCondition(sql: "\(sql) = ?", arguments: [pattern])
    }
    return SelectionCondition(sql: "\(sql) = ? OR \(sql) GLOB ?", arguments: [pattern, pattern])
  }
}

import GRDB

/// A checked `--where` expression over the columns of ``SelectionColumn``: comparisons, `and`, `or`, `not`
/// and parentheses. It is parsed here and turned into SQL with bound values; the text itself never reaches
/// SQLite.
///
/// ```
/// expression := conjunction { OR conjunction }        conjunction := negation { AND negation }
/// negation   := NOT negation | '(' expression ')' | comparison
/// comparison := column (= | == | != | <> | < | <= | > | >=) value
///             | column [NOT] LIKE|GLOB 'text' | column [NOT] IN '(' value { ',' value } ')'
///             | column [NOT] BETWEEN value AND value | column IS [NOT] NULL
/// ```
/// Times are compared with ISO 8601 text. A comparison with a column that has no value is false.
public struct WhereExpression: Sendable, Equatable {
  indirect enum Node: Sendable, Equatable {
    case and(Node, Node)
    case or(Node, Node)
    case not(Node)
    case compare(column: String, operator: String, value: Value)
    case among(column: String, values: [Value])
    case between(column: String, low: Value, high: Value)
    case isNull(column: String)
  }

  enum Value: Sendable, Equatable {
    case number(Double)
    case text(String)
  }

  public let text: String
  let root: Node

  /// - Throws: ``CatalogError`` `where-syntax` naming the place, `where-type` when a value cannot be compared
  ///   with its column, `unknown-column`.
  public init(_ text: String) throws(CatalogError) {
    self.text = text
    var parser = try WhereExpressionParser(text)
    root = try parser.parse()
  }

  var condition: SelectionCondition { Self.condition(root) }

  private static func condition(_ node: Node) -> SelectionCondition {
    switch node {
    case .and(let a, let b): .all([condition(a), condition(b)])
    case .or(let a, let b): .any([condition(a), condition(b)])
    case .not(let inner): negated(condition(inner))
    case .compare(let column, let word, let value):
      SelectionCondition(sql: "coalesce(\(sql(column)) \(word) ?, 0)", arguments: [bound(value)])
    case .among(let column, let values):
      .any(values.map { SelectionCondition(sql: "coalesce(\(sql(column)) = ?, 0)", arguments: [bound($0)]) })
    case .between(let column, let low, let high):
      SelectionCondition(
        sql: "coalesce(\(sql(column)) BETWEEN ? AND ?, 0)", arguments: [bound(low), bound(high)])
    case .isNull(let column): SelectionCondition(sql: "\(sql(column)) IS NULL")
    }
  }

  private static func negated(_ condition: SelectionCondition) -> SelectionCondition {
    SelectionCondition(sql: "NOT (\(condition.sql))", arguments: condition.arguments)
  }

  /// The parser let only known columns through.
  private static func sql(_ column: String) -> String {
    SelectionColumn.all.first { $0.name == column }?.sql ?? "NULL"
  }

  private static func bound(_ value: Value) -> DatabaseValue {
    switch value {
    case .number(let number): number.databaseValue
    case .text(let text): text.databaseValue
    }
  }
}

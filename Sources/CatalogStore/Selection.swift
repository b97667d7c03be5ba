import GRDB

/// Which files and products a command is about.
public struct Selection: Sendable, Equatable {
  /// A header keyword and the value (or glob) it must have.
  public struct Keyword: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name.uppercased()
      self.value = value
    }
  }

  /// Names: of files with or without `.fits`, `.fits.gz`, or absolute paths; globs allowed.
  public var names: [String] = []
  /// Column -> patterns, any of which must match; see ``SelectionColumn``.
  public var patterns: [String: [String]] = [:]
  public var levels: [Int] = []
  public var cone: SelectionCone?
  public var expression: WhereExpression?
  public var keywords: [Keyword] = []
  /// Also superseded products.
  public var includesSuperseded = false
  /// Only these records, superseded or not.
  public var ids: [Int64] = []

  public init() {}

  /// Everything but the keywords that no index holds.
  func condition(indexed: [Keyword]) throws(CatalogError) -> SelectionCondition {
    var parts: [SelectionCondition] = []
    if !names.isEmpty { parts.append(.any(names.map(Self.nameCondition))) }
    for (name, globs) in patterns.sorted(by: { $0.key < $1.key }) where !globs.isEmpty {
      let column = try SelectionColumn.named(name)
      parts.append(.any(globs.map { .glob(column.sql, $0) }))
    }
    if !levels.isEmpty {
      parts.append(.any(levels.map { SelectionCondition(sql: "f.level = ?", arguments: [$0]) }))
    }
    if !ids.isEmpty { parts.append(.any(ids.map { SelectionCondition(sql: "f.id = ?", arguments: [$0]) })) }
    if let cone { parts.append(cone.condition) }
    if let expression { parts.append(expression.condition) }
    parts += indexed.map(Self.keywordCondition)
    if hidesSuperseded { parts.append(SelectionCondition(sql: "f.state <> 'superseded'")) }
    return .all(parts)
  }

  /// Superseded products are shown when asked for by state, too.
  private var hidesSuperseded: Bool {
    !includesSuperseded && (patterns["state"] ?? []).isEmpty && ids.isEmpty
  }

  private static func nameCondition(_ name: String) -> SelectionCondition {
    if name.hasPrefix("/") { return .glob("p.path", name) }
    return .any(["", ".fits", ".fits.gz"].map { .glob("f.name", name + $0) })
  }

  private static func keywordCondition(_ keyword: Keyword) -> SelectionCondition {
    var value = SelectionCondition.glob("k.value", keyword.value)
    if let number = Double(keyword.value), number.isFinite {
      value = .any([
        value,
        SelectionCondition(
          sql: "k.value GLOB '[-+.0-9]*' AND CAST(k.value AS REAL) = ?", arguments: [number]),
      ])
    }
    return SelectionCondition(
      sql: "f.id IN (SELECT k.frame_id FROM keyword k WHERE k.keyword = ? AND (\(value.sql)))",
      arguments: [keyword.name] + value.arguments)
  }
}

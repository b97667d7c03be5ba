/// One file of the rules and the way to it.
public struct RuleRow: Sendable, Hashable {
  /// Keys of the selectors from the outermost to the file, as the rmap writes them, e.g. `('IMG1', 'K')`.
  public let path: [String]
  /// The last date on the way, when the rules go by dates.
  public let useAfter: String?
  /// A file name, `N/A` or `OMIT`.
  public let file: String

  /// The keys before the date, as one text.
  public var row: String {
    (path.last == useAfter ? path.dropLast() : path[...]).joined(separator: " > ")
  }
}

extension ReferenceRules {
  /// Every file of the rules, in the order of the selector.
  public var everyRow: [RuleRow] { Self.rows(selector, [], nil) }

  private static func rows(_ tree: SelectorTree, _ path: [String], _ date: String?) -> [RuleRow] {
    switch tree {
    case .file(let name): [RuleRow(path: path, useAfter: date, file: name)]
    case .several(let names):
      [RuleRow(path: path, useAfter: date, file: names.joined(separator: ", "))]
    case .match(let table): table.rows.flatMap { rows($0.choice, path + [$0.text], date) }
    case .useAfter(let table): table.entries.flatMap { rows($0.choice, path + [$0.text], $0.text) }
    case .ordered(let table):
      table.entries.flatMap {
        rows($0.choice, path + [$0.text], table.kind == .closestTime ? $0.text : date)
      }
    }
  }
}

/// What is another in one context than in the other.
public struct RuleChange: Sendable, Hashable {
  /// What became of a row.
  public enum Kind: String, Sendable { case added, removed, replaced }

  /// Reference type, lower case.
  public let type: String
  public let kind: Kind
  /// The row, as the rmap writes it; empty where the whole type changed.
  public let row: String
  public let useAfter: String?
  /// File, `N/A`, `OMIT` or (for a whole type) rmap, before and after.
  public let old: String?
  public let new: String?

  public init(type: String, kind: Kind, row: String, useAfter: String?, old: String?, new: String?) {
    self.type = type
    self.kind = kind
    self.row = row
    self.useAfter = useAfter
    self.old = old
    self.new = new
  }
}

extension RulesContext {
  /// What changes for this cache's instrument from this context to another, by type, row and date: rows added, removed,
  /// or with another file; types that come, go, or become not applicable.
  public func changes(to other: RulesContext) -> [RuleChange] {
    Set(types + other.types).sorted().flatMap { changes(of: $0, to: other) }
  }

  /// Types whose rules are other mappings in the other context: no other type can choose differently.
  public func typesThatDiffer(from other: RulesContext) -> [String] {
    Set(types + other.types).sorted().filter { type in
      if let own = rules(type: type), let its = other.rules(type: type) {
        // The same name may stand for another text where the two lie in different caches.
        return own.name != its.name || own.everyRow != its.everyRow
      }
      return summary(type) != other.summary(type)
    }
  }

  private func changes(of type: String, to other: RulesContext) -> [RuleChange] {
    guard let old = rules(type: type), let new = other.rules(type: type) else {
      let before = summary(type)
      let after = other.summary(type)
      guard before != after else { return [] }
      let kind: RuleChange.Kind = before == nil ? .added : after == nil ? .removed : .replaced
      return [RuleChange(type: type, kind: kind, row: "", useAfter: nil, old: before, new: after)]
    }
    return Self.changes(type, from: old.everyRow, to: new.everyRow)
  }

  /// `N/A`, `OMIT`, the rmap's name, or nil when the context does not know the type.
  func summary(_ type: String) -> String? {
    switch instruments[cache.instrument.uppercased()]?.types[type] {
    case .notApplicable: "N/A"
    case .omitted: "OMIT"
    case .rules(let rules): rules.name
    case nil: nil
    }
  }

  private static func changes(_ type: String, from old: [RuleRow], to new: [RuleRow]) -> [RuleChange] {
    let before = Dictionary(old.map { ($0.path, $0) }) { $1 }
    let after = Dictionary(new.map { ($0.path, $0) }) { $1 }
    let paths = Set(before.keys).union(after.keys).sorted { $0.lexicographicallyPrecedes($1) }
    return paths.compactMap { path in
      let (a, b) = (before[path], after[path])
      guard let shown = b ?? a, a?.file != b?.file else { return nil }
      let kind: RuleChange.Kind = a == nil ? .added : b == nil ? .removed : .replaced
      return RuleChange(
        type: type, kind: kind, row: shown.row, useAfter: shown.useAfter, old: a?.file, new: b?.file)
    }
  }
}

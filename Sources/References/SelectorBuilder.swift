/// Turns the literal of an rmap's selector into indexed tables.
struct SelectorBuilder {
  let subject: String
  let levels: [[String]]
  let substitutions: [String: [String: String]]
  private(set) var warnings: [String] = []

  /// Applied to every rmap by the published client.
  static let defaultSubstitutions = [
    "META.SUBARRAY.NAME": ["GENERIC": "N/A"], "SUBARRAY": ["GENERIC": "N/A"],
  ]

  init(_ file: MappingFile) {
    subject = file.name
    levels = file.parkeyLevels
    var substitutions = Self.defaultSubstitutions
    for pair in file.header["substitutions"]?.pairs ?? [] {
      guard let name = pair.key.string else { continue }
      var values: [String: String] = [:]
      for change in pair.value.pairs ?? [] {
        values[change.key.pythonString] = Self.joined(change.value)
      }
      substitutions[name.uppercased()] = values
    }
    self.substitutions = substitutions
  }

  /// Alternatives given as a tuple or list are one field joined by `|`.
  private static func joined(_ value: Literal) -> String {
    value.elements?.map(\.pythonString).joined(separator: "|") ?? value.pythonString
  }

  private func fail(_ message: String) -> ReferencesError {
    ReferencesError("mapping-selector", message, subject)
  }

  mutating func build(_ literal: Literal, level: Int = 0) throws(ReferencesError) -> SelectorTree {
    switch literal {
    case .string(let name): return .file(name)
    case .tuple(let items), .list(let items): return .several(items.map(\.pythonString))
    case .call("Match", .dictionary(let pairs)): return .match(try match(pairs, level: level))
    case .call("UseAfter", .dictionary(let pairs)): return .useAfter(try useAfter(pairs, level: level))
    case .call(let name, .dictionary(let pairs)):
      guard let kind = OrderedTable.Kind(rawValue: name) else { throw unknownSelector(name) }
      return .ordered(try ordered(kind, pairs, level: level))
    case .call(let name, _): throw unknownSelector(name)
    default: throw fail("a row must give a file name, 'N/A', or a selector such as UseAfter({…})")
    }
  }

  private func unknownSelector(_ name: String) -> ReferencesError {
    fail(
      "selector '\(name)' is not one of Match, UseAfter, ClosestTime, GeometricallyNearest, Bracket, SelectVersion "
        + "and VersionAfter around a dictionary")
  }

  private mutating func ordered(
    _ kind: OrderedTable.Kind, _ pairs: [Literal.Pair], level: Int
  ) throws(ReferencesError) -> OrderedTable {
    let parameters = try parameters(level)
    let isByOne = kind != .closestTime && kind != .versionAfter
    guard !parameters.isEmpty, !isByOne || parameters.count == 1 else {
      throw fail("\(kind.rawValue) goes by one parkey, and 'parkey' gives \(parameters.count) for it")
    }
    var keyed: [(key: Literal, choice: SelectorTree)] = []
    for pair in pairs {
      let choice = try build(pair.value, level: level + 1)
      if let twin = keyed.firstIndex(where: { $0.key == pair.key }) {
        warnings.append(
          "\(subject): \(pair.key.representation(indent: 0)) is given twice in one row; the last is used")
        keyed[twin].choice = choice
      } else {
        keyed.append((pair.key, choice))
      }
    }
    do throws(OrderedTable.KeyProblem) {
      return try OrderedTable(kind: kind, parameters: parameters, keyed: keyed)
    } catch {
      throw fail(error.sentence)
    }
  }

  private func parameters(_ level: Int) throws(ReferencesError) -> [HeaderName] {
    guard level < levels.count else { throw fail("the selector is nested deeper than 'parkey' says") }
    guard levels[level].count <= MatchTable.maximumColumns else {
      throw fail("too many parkeys in one level")
    }
    return levels[level].map(HeaderName.init)
  }

  // MARK: UseAfter

  private mutating func useAfter(
    _ pairs: [Literal.Pair], level: Int
  ) throws(ReferencesError) -> UseAfterTable {
    var entries: [UseAfterTable.Entry] = []
    for pair in pairs {
      guard let text = pair.key.string, let stamp = UseAfterStamp(text) else {
        throw fail("\(pair.key.representation(indent: 0)) is not a USEAFTER date 'yyyy-mm-dd hh:mm:ss'")
      }
      let entry = UseAfterTable.Entry(
        stamp: stamp, text: text, choice: try build(pair.value, level: level + 1))
      if let twin = entries.firstIndex(where: { $0.stamp == stamp }) {
        warnings.append("\(subject): USEAFTER '\(text)' is given twice in one row; the last is used")
        entries[twin] = entry
      } else {
        entries.append(entry)
      }
    }
    return UseAfterTable(entries: entries.sorted { $0.stamp < $1.stamp }, parameters: try parameters(level))
  }

  // MARK: Match

  private mutating func match(_ pairs: [Literal.Pair], level: Int) throws(ReferencesError) -> MatchTable {
    let parameters = try parameters(level)
    var order: [[String]] = []
    var byKey: [[String]: (raw: [String], choice: SelectorTree)] = [:]
    for pair in pairs {
      let raw = pair.key.elements?.map(Self.joined) ?? [pair.key.pythonString]
      guard raw.count == parameters.count else {
        let text = pair.key.representation(indent: 0)
        throw fail("row \(text) has \(raw.count) values for \(parameters.count) parkeys")
      }
      let fields = zip(raw, parameters).map { field, name in
        conditionedField(substitutions[name.parkey]?[field] ?? field)
      }
      for field in raw where FieldMatcher.isBlankComparison(field) {
        warnings.append("\(subject): nothing fits '\(field)'; a comparison begins right behind the '#'")
      }
      if let twin = byKey[fields] {
        let text = Literal.tuple(raw.map(Literal.string)).representation(indent: 0)
        warnings.append("\(subject): row \(text) says the same as \(twin.raw); the last is used")
      } else {
        order.append(fields)
      }
      byKey[fields] = (raw, try build(pair.value, level: level + 1))
    }
    let entries = order.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { fields in
      byKey[fields].map { (raw: $0.raw, fields: fields, choice: $0.choice) }
    }
    return try located {
      () throws(ReferencesError) in
      try MatchTable(parameters: parameters, entries: entries, substitutions: substitutions)
    }
  }

  /// Says in which mapping a bad row stands.
  private func located<T>(_ body: () throws(ReferencesError) -> T) throws(ReferencesError) -> T {
    do {
      return try body()
    } catch {
      throw ReferencesError(error.code, error.message, "\(subject): \(error.subject)", hint: error.hint)
    }
  }
}

/// The normal form of a row's field: words and alternatives are conditioned, `{…}` and `(…)` stay as they
/// are.
func conditionedField(_ field: String) -> String {
  let isVerbatim =
    field.hasPrefix("{") && field.hasSuffix("}") || field.hasPrefix("(") && field.hasSuffix(")")
  if isVerbatim && field != "()" { return field }
  if field.contains("|") { return alternatives(field).map(conditioned).joined(separator: "|") }
  return conditioned(field)
}

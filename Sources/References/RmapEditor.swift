/// Edits the literal of an rmap; the text is then written anew as CRDS formats it.
struct RmapEditor {
  private(set) var file: MappingFile
  private let rules: ReferenceRules
  /// The row's literals, by position in the selector's dictionary.
  private var pairs: [Literal.Pair]

  init(_ rules: ReferenceRules) throws(ReferencesError) {
    guard case .call("Match", .dictionary(let pairs)) = rules.file.selector, rules.parkeys.count == 2 else {
      throw ReferencesError(
        "row-invalid", "references are inserted into rules of the form Match over UseAfter only", rules.name)
    }
    file = rules.file
    self.rules = rules
    self.pairs = pairs
  }

  /// Puts the update's references in its row; false when the row says so already.
  mutating func apply(_ update: RowUpdate) throws(ReferencesError) -> Bool {
    try check(update)
    let wanted = update.matchValues.map(conditionedField)
    let place = pairs.firstIndex { Self.fields($0.key) == wanted }
    guard !update.references.isEmpty else {
      guard let place else { return false }
      pairs.remove(at: place)
      return true
    }
    let dates = update.references.sorted { $0.useAfter < $1.useAfter }.map {
      Literal.Pair(key: .string($0.useAfter), value: .string($0.file))
    }
    let choice = Literal.call("UseAfter", .dictionary(dates))
    if let place {
      guard pairs[place].value != choice else { return false }
      pairs[place].value = choice
    } else {
      let names = update.matchValues.map(Literal.string)
      pairs.append(Literal.Pair(key: names.count == 1 ? names[0] : .tuple(names), value: choice))
    }
    return true
  }

  private static func fields(_ key: Literal) -> [String] {
    let raw = key.elements?.map { $0.elements?.map(\.pythonString).joined(separator: "|") ?? $0.pythonString }
    return (raw ?? [key.pythonString]).map(conditionedField)
  }

  private func check(_ update: RowUpdate) throws(ReferencesError) {
    guard update.matchValues.count == rules.rowParkeys.count else {
      throw ReferencesError(
        "row-invalid",
        "\(update.matchValues.count) values for the parkeys \(rules.rowParkeys.joined(separator: ", "))",
        rules.name)
    }
    for value in update.matchValues { _ = try FieldMatcher(conditionedField(value)) }
    var dates: Set<String> = []
    for reference in update.references {
      guard UseAfterStamp(reference.useAfter) != nil, reference.useAfter.utf8.count == 19 else {
        throw ReferencesError("row-invalid", "USEAFTER is 'yyyy-mm-dd hh:mm:ss'", "'\(reference.useAfter)'")
      }
      guard dates.insert(reference.useAfter).inserted else {
        throw ReferencesError(
          "row-invalid", "two references of one row have one USEAFTER", reference.useAfter)
      }
      guard reference.file == "N/A" || RulesCache.isBareName(reference.file) else {
        throw ReferencesError("reference-name", "not a bare file name", "'\(reference.file)'")
      }
    }
  }

  /// The edited rmap under a new name.
  func renamed(_ name: String) -> MappingFile {
    var result = file
    result.header["name"] = .string(name)
    result.header["derived_from"] = .string(file.name)
    let sorted = pairs.sorted { Self.order($0.key).lexicographicallyPrecedes(Self.order($1.key)) }
    result.selector = .call("Match", .dictionary(sorted))
    return result
  }

  /// Rows in the order CRDS writes them: by their fields as text.
  private static func order(_ key: Literal) -> [String] {
    key.elements?.map(\.pythonString) ?? [key.pythonString]
  }
}

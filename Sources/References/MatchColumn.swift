/// One parkey of a `Match` selector, indexed: which rows fit a value is a dictionary look-up, plus one test
/// for each distinct pattern.
final class MatchColumn: Sendable {
  let name: HeaderName
  private let byWord: [String: RowSet]
  private let patterns: [(matcher: FieldMatcher, rows: RowSet)]
  /// Rows that say `N/A` here.
  let indifferent: RowSet
  /// Values that the rows name, or nil when anything may come (wildcards or patterns among the rows).
  private let valid: Set<String>?
  private let substitutions: [String: String]
  private let none: RowSet

  init(
    name: HeaderName, fields: [String], substitutions: [String: String]
  ) throws(ReferencesError) {
    self.name = name
    self.substitutions = substitutions
    let none = RowSet(count: fields.count)
    var indifferent = none
    var byWord: [String: RowSet] = [:]
    var patterns: [(matcher: FieldMatcher, rows: RowSet)] = []
    var indexOfPattern: [String: Int] = [:]
    for (row, field) in fields.enumerated() {
      if let index = indexOfPattern[field] {
        patterns[index].rows.insert(row)
        continue
      }
      let matcher = try FieldMatcher(field)
      switch matcher {
      case .notApplicable: indifferent.insert(row)
      case .words(let words): for word in words { byWord[word, default: none].insert(row) }
      default:
        var rows = none
        rows.insert(row)
        indexOfPattern[field] = patterns.count
        patterns.append((matcher, rows))
      }
    }
    self.none = none
    self.indifferent = indifferent
    self.byWord = byWord
    self.patterns = patterns
    let named = fields.contains(where: isEsoteric) ? [] : Set(fields.flatMap(alternatives))
    valid = named.isEmpty || !named.isDisjoint(with: ["*", "ANY", "N/A"]) ? nil : named
  }

  /// The published client refuses values that no row names, unless some row has a wildcard or a pattern that
  /// it cannot list; a glob such as `KN*` on its own is therefore matched only where another row opens the
  /// column.
  ///
  /// - Parameter value: in normal form.
  func accepts(_ value: String) -> Bool {
    guard let valid else { return true }
    if valid.contains(value) { return true }
    if value == "*" || value == "ANY" || value == "N/A" { return true }
    if value.hasPrefix("NOT") { return accepts(conditioned(String(value.dropFirst(3)))) }
    if isEsoteric(value) { return true }
    if valid.count == 1, let range = valid.first, range.contains(":") { return Self.isIn(range, value) }
    if let replacement = substitutions[value] { return accepts(conditioned(replacement)) }
    return false
  }

  private static func isIn(_ range: String, _ value: String) -> Bool {
    let bounds = range.split(separator: ":").compactMap { Double($0) }
    guard bounds.count == 2, let number = Double(value) else { return false }
    return bounds[0] <= number && number <= bounds[1]
  }

  /// Rows that name the value (weight 1); rows of `indifferent` fit as well (weight 0).
  func rowsNaming(_ value: String) -> RowSet {
    if value == "*" { return rowsForWildcard() }
    var rows = byWord[value] ?? none
    guard !patterns.isEmpty else { return rows }
    let number = decimalOrNil(value)
    for pattern in patterns where pattern.matcher.match(value, number: number) == 1 {
      rows.formUnion(pattern.rows)
    }
    return rows
  }

  private func rowsForWildcard() -> RowSet {
    var rows = none
    for named in byWord.values { rows.formUnion(named) }
    for pattern in patterns where pattern.matcher.match("*", number: nil) == 1 {
      rows.formUnion(pattern.rows)
    }
    return rows
  }

  private func decimalOrNil(_ value: String) -> Double? {
    guard let first = value.utf8.first, first < 0x3A else { return Double(value) }
    return decimalNumber(value) ?? Double(value)
  }
}

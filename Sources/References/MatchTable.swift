/// `Match({row : choice})` with its columns indexed.
final class MatchTable: Sendable {
  struct Row: Sendable {
    /// As the rmap writes it.
    let raw: [String]
    /// After substitution, in normal form.
    let fields: [String]
    let choice: SelectorTree
    /// Bit per column that says `N/A`.
    let indifferentColumns: UInt64
    /// `('IMG1', 'FULL')`
    let text: String
  }

  static let maximumColumns = 64

  let columns: [MatchColumn]
  let rows: [Row]
  let hasBracket: Bool
  private let everyRow: RowSet

  init(
    parameters: [HeaderName], entries: [(raw: [String], fields: [String], choice: SelectorTree)],
    substitutions: [String: [String: String]]
  ) throws(ReferencesError) {
    var columns: [MatchColumn] = []
    for (i, name) in parameters.enumerated() {
      columns.append(
        try MatchColumn(
          name: name, fields: entries.map { $0.fields[i] }, substitutions: substitutions[name.parkey] ?? [:]))
    }
    self.columns = columns
    hasBracket = entries.contains { $0.choice.hasBracket }
    everyRow = RowSet(allOf: entries.count)
    self.rows = entries.enumerated().map { index, entry in
      var indifferent: UInt64 = 0
      for (i, column) in columns.enumerated() where column.indifferent.contains(index) {
        indifferent |= 1 << UInt64(i)
      }
      return Row(
        raw: entry.raw, fields: entry.fields, choice: entry.choice, indifferentColumns: indifferent,
        text: Literal.tuple(entry.raw.map(Literal.string)).representation(indent: 0))
    }
  }

  /// A surviving row and its weight: the number of columns that name the header's value.
  struct Candidate {
    let row: Int
    let weight: Int
  }

  /// The rows that fit `values` (one for each column, in normal form), heaviest first, then in file order.
  func candidates(_ values: [String]) -> [Candidate] {
    var remaining = everyRow
    var worthless: UInt64 = 0
    for (i, column) in columns.enumerated() {
      if values[i] == "N/A" {
        worthless |= 1 << UInt64(i)
      } else {
        remaining.keep(column.rowsNaming(values[i]), or: column.indifferent)
      }
    }
    var found: [Candidate] = []
    for row in remaining.rows {
      let light = (rows[row].indifferentColumns | worthless).nonzeroBitCount
      found.append(Candidate(row: row, weight: columns.count - light))
    }
    if found.count > 1 {
      found.sort { $0.weight == $1.weight ? $0.row < $1.row : $0.weight > $1.weight }
    }
    return found
  }

  /// The row that agrees with `values` in most columns (the first of equals) and the columns where it does
  /// not.
  func nearest(_ values: [String]) -> (row: Row, differing: [Int])? {
    guard !rows.isEmpty else { return nil }
    var agreeing = [Int](repeating: 0, count: rows.count)
    var fits: [RowSet] = []
    for (i, column) in columns.enumerated() {
      var rowsThatFit = values[i] == "N/A" ? everyRow : column.rowsNaming(values[i])
      rowsThatFit.formUnion(column.indifferent)
      for row in rowsThatFit.rows { agreeing[row] += 1 }
      fits.append(rowsThatFit)
    }
    var best = 0
    for row in rows.indices where agreeing[row] > agreeing[best] { best = row }
    return (rows[best], columns.indices.filter { !fits[$0].contains(best) })
  }
}

/// A table whose columns have types and meanings; the form in which every list of the archive is put out.
public struct Table: Sendable, Hashable {
  public let columns: [Column]
  /// One array of cells per row, in the order of the columns.
  public private(set) var rows: [[Cell]]
  /// A short name for formats that carry one.
  public var name: String
  public var description: String?

  /// - Precondition: every row has one cell per column.
  public init(
    _ columns: [Column], rows: [[Cell]] = [], name: String = "table", description: String? = nil
  ) {
    self.columns = columns
    self.rows = []
    self.name = name
    self.description = description
    self.rows.reserveCapacity(rows.count)
    for row in rows { append(row) }
  }

  /// Adds a row.
  ///
  /// - Precondition: one cell per column.
  public mutating func append(_ row: [Cell]) {
    precondition(
      row.count == columns.count, "a row of \(row.count) cells in a table of \(columns.count) columns")
    rows.append(row)
  }

  /// The table with only the named columns, in the order asked for.
  ///
  /// - Throws: `unknown-column` naming near matches.
  public func selecting(_ names: [String]) throws(TablesError) -> Table {
    var indices: [Int] = []
    for name in names {
      guard let index = columns.firstIndex(where: { $0.name == name }) else { throw unknown(name) }
      indices.append(index)
    }
    return Table(
      indices.map { columns[$0] }, rows: rows.map { row in indices.map { row[$0] } }, name: self.name,
      description: description)
  }

  private func unknown(_ name: String) -> TablesError {
    let wanted = name.lowercased()
    let near = columns.map(\.name).filter { $0.hasPrefix(wanted.prefix(3)) || $0.contains(wanted) }
    let list = near.isEmpty ? columns.map(\.name) : near
    return TablesError(
      code: "unknown-column", message: "there is no such column", subject: name,
      hint: (near.isEmpty ? "columns: " : "did you mean: ") + list.joined(separator: ", "))
  }
}

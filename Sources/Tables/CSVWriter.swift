/// Comma-separated values (RFC 4180): quoted where a cell holds a comma, a quote or a line end.
struct CSVWriter {
  func render(_ table: Table) -> String {
    var output = table.columns.map { Self.quoted($0.name) }.joined(separator: ",") + "\n"
    for row in table.rows {
      output += row.map { Self.quoted($0.text) }.joined(separator: ",") + "\n"
    }
    return output
  }

  static func quoted(_ text: String) -> String {
    let needsQuotes = text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
    return needsQuotes || text.first == " " || text.last == " "
      ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}

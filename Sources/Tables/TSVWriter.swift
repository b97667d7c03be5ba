/// Tab-separated rows under a line of column names; tabs, line ends and backslashes in cells as `\t`, `\n`,
/// `\\`.
struct TSVWriter {
  func render(_ table: Table) -> String {
    var output = table.columns.map { PlainText.escaped($0.name) }.joined(separator: "\t") + "\n"
    for row in table.rows {
      output += row.map { PlainText.escaped($0.text) }.joined(separator: "\t") + "\n"
    }
    return output
  }
}

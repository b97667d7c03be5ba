/// One JSON object per line; nothing at all for a table without rows.
struct JSONLinesWriter {
  func render(_ table: Table) -> String {
    table.rows.map { JSONWriter.object($0, table.columns) + "\n" }.joined()
  }
}

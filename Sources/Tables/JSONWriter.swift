/// A JSON array of objects keyed by column name, one object per line; `[]` for a table without rows.
struct JSONWriter {
  func render(_ table: Table) -> String {
    guard !table.rows.isEmpty else { return "[]\n" }
    let lines = table.rows.map { "  " + Self.object($0, table.columns) }
    return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
  }

  /// One row as an object, keys in the order of the columns.
  static func object(_ row: [Cell], _ columns: [Column]) -> String {
    "{" + zip(columns, row).map { quoted($0.name) + ": " + value($1) }.joined(separator: ", ") + "}"
  }

  /// JSON has no NaN and no infinities: they are written as null.
  private static func value(_ cell: Cell) -> String {
    switch cell {
    case .string(let text): quoted(text)
    case .int(let number): String(number)
    case .double(let number): number.isFinite ? "\(number)" : "null"
    case .bool(let flag): flag ? "true" : "false"
    case .null: "null"
    }
  }

  static func quoted(_ text: String) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      default:
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          || (0x2028...0x2029).contains(scalar.value)
        {
          output += "\\u" + PlainText.hex(scalar.value, 4)
        } else {
          output.unicodeScalars.append(scalar)
        }
      }
    }
    return output + "\""
  }
}

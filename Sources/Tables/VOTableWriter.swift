/// VOTable 1.4 with one table in TABLEDATA (IVOA Recommendation VOTable 1.4, 2019). Null cells are empty.
struct VOTableWriter {
  func render(_ table: Table) -> String {
    var output = """
      <?xml version="1.0" encoding="UTF-8"?>
      <VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
      <RESOURCE type="results">
      <INFO name="QUERY_STATUS" value="OK"/>
      <TABLE name="\(Self.escaped(table.name))" nrows="\(table.rows.count)">

      """
    if let description = table.description {
      output += "<DESCRIPTION>\(Self.escaped(description))</DESCRIPTION>\n"
    }
    for (index, column) in table.columns.enumerated() {
      output += field(column, isASCII: isASCII(index, table.rows))
    }
    output += "<DATA>\n<TABLEDATA>\n"
    for row in table.rows {
      output += "<TR>" + row.map { "<TD>\(Self.value($0))</TD>" }.joined() + "</TR>\n"
    }
    return output + "</TABLEDATA>\n</DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n"
  }

  private func isASCII(_ index: Int, _ rows: [[Cell]]) -> Bool {
    rows.allSatisfy { row in
      if case .string(let text) = row[index] { text.utf8.allSatisfy { $0 < 0x80 } } else { true }
    }
  }

  private func field(_ column: Column, isASCII: Bool) -> String {
    let type =
      switch column.kind {
      case .string: "datatype=\"\(isASCII ? "char" : "unicodeChar")\" arraysize=\"*\""
      case .int: "datatype=\"long\""
      case .double: "datatype=\"double\""
      case .bool: "datatype=\"boolean\""
      }
    var tag = "<FIELD name=\"\(Self.escaped(column.name))\" \(type)"
    if let unit = column.unit { tag += " unit=\"\(Self.escaped(unit))\"" }
    if let ucd = column.ucd { tag += " ucd=\"\(Self.escaped(ucd))\"" }
    guard let description = column.description else { return tag + "/>\n" }
    return tag + "><DESCRIPTION>\(Self.escaped(description))</DESCRIPTION></FIELD>\n"
  }

  private static func value(_ cell: Cell) -> String {
    switch cell {
    case .string(let text): escaped(text)
    case .double(let number) where number.isInfinite: number < 0 ? "-Inf" : "+Inf"
    default: cell.text
    }
  }

  /// Markup escaped; characters that XML 1.0 cannot carry become U+FFFD.
  private static func escaped(_ text: String) -> String {
    var output = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x26: output += "&amp;"
      case 0x3C: output += "&lt;"
      case 0x3E: output += "&gt;"
      case 0x22: output += "&quot;"
      case 0x09, 0x0A, 0x0D: output += "&#\(scalar.value);"
      case 0..<0x20, 0xFFFE, 0xFFFF: output += "\u{FFFD}"
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output
  }
}

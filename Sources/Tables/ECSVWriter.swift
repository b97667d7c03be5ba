/// Enhanced CSV 1.0 (astropy APE 6), comma-delimited, with units, descriptions and UCDs in its YAML header.
///
/// Readers take the format line by line: line ends and other control characters in cells are written `\n`,
/// `\x1B`….
struct ECSVWriter {
  func render(_ table: Table) -> String {
    var output = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n"
    for column in table.columns { output += "# - " + header(column) + "\n" }
    if let description = table.description {
      output += "# meta: {description: \(JSONWriter.quoted(description))}\n"
    }
    output += "# schema: astropy-2.0\n"
    output += table.columns.map { CSVWriter.quoted(PlainText.escaped($0.name)) }.joined(separator: ",") + "\n"
    for row in table.rows { output += row.map(value).joined(separator: ",") + "\n" }
    return output
  }

  private func header(_ column: Column) -> String {
    var fields = ["name: \(JSONWriter.quoted(PlainText.escaped(column.name)))"]
    if let unit = column.unit { fields.append("unit: \(JSONWriter.quoted(unit))") }
    fields.append("datatype: \(datatype(column.kind))")
    if let description = column.description {
      fields.append("description: \(JSONWriter.quoted(description))")
    }
    if let ucd = column.ucd { fields.append("meta: {ucd: \(JSONWriter.quoted(ucd))}") }
    return "{" + fields.joined(separator: ", ") + "}"
  }

  private func datatype(_ kind: Column.Kind) -> String {
    switch kind {
    case .string: "string"
    case .int: "int64"
    case .double: "float64"
    case .bool: "bool"
    }
  }

  private func value(_ cell: Cell) -> String {
    switch cell {
    case .string(let text): text.isEmpty ? "\"\"" : CSVWriter.quoted(PlainText.escaped(text))
    case .bool(let flag): flag ? "True" : "False"
    case .double(let number) where number.isNaN: "nan"
    default: cell.text
    }
  }
}

import CatalogStore
import FITSStructure
import Tables

/// Headers as text and as JSON.
enum HeaderForm {
  /// A title line, then one line per record.
  static func text(_ header: StoredHeader) -> String {
    let name = header.extensionName.isEmpty ? "" : " \(header.extensionName)"
    return "# HDU \(header.hdu)\(name)\n" + records(header.text)
  }

  /// The 80-character records, one a line, without the blanks at their ends; unprintable bytes as `?`.
  static func records(_ text: String) -> String {
    var lines = ""
    var rest = text.unicodeScalars[...]
    while !rest.isEmpty {
      var line = ""
      for scalar in rest.prefix(80) {
        line.unicodeScalars.append(scalar.value < 32 || (127...159).contains(scalar.value) ? "?" : scalar)
      }
      while line.last == " " { line.removeLast() }
      lines += line + "\n"
      rest = rest.dropFirst(80)
    }
    return lines
  }

  static func json(_ header: StoredHeader) -> JSONValue {
    .object([
      "hdu": JSONValue(header.hdu), "extname": .text(header.extensionName),
      "cards": .list(
        HeaderText(text: header.text).cards.map { card in
          .object([
            "keyword": .text(card.keyword), "value": card.value.map { JSONValue(cell($0)) } ?? .null,
            "comment": .text(card.comment),
          ])
        }),
    ])
  }

  /// A header value as a cell of a list.
  static func cell(_ value: Card.Value) -> Cell {
    switch value {
    case .integer(let number): .int(number)
    case .real(let number): .double(number)
    case .logical(let flag): .bool(flag)
    case .undefined: .null
    case .string, .complex, .text: .string(HeaderSearch.text(value))
    }
  }
}

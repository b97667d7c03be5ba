extension Card {
  /// The card as one or more records of exactly 80 ASCII characters.
  ///
  /// Fixed format: strings from column 11, at least eight characters between the quotes; logicals and numbers
  /// end in column 30 where they fit. Reals are the shortest digits that read back to the same double. Long
  /// strings go on in `CONTINUE` records, long commentary in further records of the same keyword; a comment
  /// that does not fit is cut. Keywords that are not standard are written with `HIERARCH`.
  ///
  /// - Throws: `bad-keyword` (characters or length), `bad-value` (NaN or infinite), `bad-text` (a character
  ///   outside printable ASCII; see `printable`).
  public func formatted() throws(FITSStructureError) -> [String] {
    try checkCharacters()
    guard let value else { return textRecords() }
    let prefix = try valuePrefix()
    switch value {
    case .string(let text), .text(let text): return try stringRecords(text, prefix: prefix)
    case .logical(let flag): return [record(prefix, flag ? "T" : "F")]
    case .integer(let number): return [record(prefix, String(number))]
    case .real(let number): return [record(prefix, try Card.digits(number, keyword))]
    case .complex(let real, let imaginary):
      let parts = (try Card.digits(real, keyword), try Card.digits(imaginary, keyword))
      return [record(prefix, "(\(parts.0), \(parts.1))")]
    case .undefined: return [record(prefix, "")]
    }
  }

  /// The same card with every character outside printable ASCII, in value and comment, written as `\xNN`
  /// (Latin-1) or `\u{N…}`.
  public var printable: Card {
    var card = self
    card.comment = Card.escaped(comment)
    switch value {
    case .string(let text): card.value = .string(Card.escaped(text))
    case .text(let text): card.value = .text(Card.escaped(text))
    default: break
    }
    return card
  }

  /// Text with every character outside printable ASCII written as `\xNN` or `\u{N…}`.
  public static func escaped(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.value >= 0x20 && scalar.value < 0x7F {
        result.unicodeScalars.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += scalar.value < 256 ? "\\x\(digits.count < 2 ? "0" : "")\(digits)" : "\\u{\(digits)}"
      }
    }
    return result
  }

  private func checkCharacters() throws(FITSStructureError) {
    let name = keyword.utf8
    let isPlain = Card.isStandardKeyword(keyword)
    let isWords = name.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3D && $0 != 0x27 || $0 == 0x20 }
    guard isPlain || (isWords && value != nil && name.first != 0x20 && name.last != 0x20) else {
      throw FITSStructureError(
        code: "bad-keyword", message: "the keyword has no FITS form", subject: Card.escaped(keyword))
    }
    for text in [comment, string ?? ""] where !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) {
      throw FITSStructureError(
        code: "bad-text", message: "header text must be printable ASCII: \(Card.escaped(text))",
        subject: keyword,
        hint: "write the card's `printable` form")
    }
  }

  /// `KEYWORD = ` or `HIERARCH A B = `.
  private func valuePrefix() throws(FITSStructureError) -> String {
    if !isHierarch && Card.isStandardKeyword(keyword) { return Card.padded(keyword, 8) + "= " }
    let prefix = "HIERARCH \(keyword) = "
    guard prefix.utf8.count <= 56 else {
      throw FITSStructureError(
        code: "bad-keyword", message: "a HIERARCH keyword of this length leaves no room for a value",
        subject: keyword)
    }
    return prefix
  }

  /// Value right-justified to column 30 where it fits, then the comment, cut at column 80.
  private func record(_ prefix: String, _ value: String) -> String {
    let room = prefix.utf8.count > 10 ? 0 : 20
    let blanks = String(repeating: " ", count: max(0, room - value.utf8.count))
    return Card.withComment(prefix + blanks + value, comment)
  }

  private static func withComment(_ text: String, _ comment: String) -> String {
    padded(comment.isEmpty ? text : text + " / " + comment, RecordParser.recordBytes)
  }

  /// Exactly `width` characters: blanks added or the end cut.
  static func padded(_ text: String, _ width: Int) -> String {
    let count = text.utf8.count
    if count > width { return String(text.prefix(width)) }
    return text + String(repeating: " ", count: width - count)
  }

  /// Shortest round-trip digits in the FITS grammar: always a point or an exponent, capital `E`.
  private static func digits(_ number: Double, _ keyword: String) throws(FITSStructureError) -> String {
    guard number.isFinite else {
      throw FITSStructureError(
        code: "bad-value", message: "\(number) has no FITS form", subject: keyword,
        hint: "leave the card undefined")
    }
    let text = number.description.uppercased()
    guard let mark = text.firstIndex(of: "E"), !text[..<mark].contains(".") else { return text }
    return text[..<mark] + ".0" + text[mark...]
  }
}

extension Card {
  /// A card without value: its text in pieces of 72 characters, at least one record.
  private func textRecords() -> [String] {
    let head = Card.padded(keyword, 8)
    guard !comment.isEmpty else { return [Card.padded(head, RecordParser.recordBytes)] }
    return Card.pieces(Array(comment.utf8), 72).map { Card.padded(head + $0, RecordParser.recordBytes) }
  }

  private static func pieces(_ bytes: [UInt8], _ width: Int) -> [String] {
    stride(from: 0, to: bytes.count, by: width).map {
      String(decoding: bytes[$0..<min($0 + width, bytes.count)], as: UTF8.self)
    }
  }

  /// A string in one record when it fits, else in `CONTINUE` records of at most 67 characters each.
  private func stringRecords(_ text: String, prefix: String) throws(FITSStructureError) -> [String] {
    let quoted = Card.doubled(Array(text.utf8))
    let room = RecordParser.recordBytes - prefix.utf8.count - 2
    if quoted.count <= room {
      let inner = Card.padded(
        String(decoding: quoted, as: UTF8.self), prefix.utf8.count > 10 ? 0 : 8, cutting: false)
      return [Card.withComment(Card.padded("\(prefix)'\(inner)'", 30, cutting: false), comment)]
    }
    var records: [String] = []
    var rest = quoted[...]
    var head = prefix
    while true {
      let capacity = RecordParser.recordBytes - head.utf8.count - 2
      if rest.count <= capacity { break }
      let cut = Card.cut(rest, at: capacity - 1)
      records.append(Card.padded("\(head)'\(String(decoding: rest[..<cut], as: UTF8.self))&'", 80))
      rest = rest[cut...]
      head = "CONTINUE  "
    }
    records.append(Card.withComment("\(head)'\(String(decoding: rest, as: UTF8.self))'", comment))
    return records
  }

  /// Where to cut a quoted text so that a doubled quote stays whole.
  private static func cut(_ text: ArraySlice<UInt8>, at count: Int) -> Int {
    let index = text.startIndex + count
    var quotes = 0
    while quotes < count, text[index - 1 - quotes] == quote { quotes += 1 }
    return quotes % 2 == 0 ? index : index - 1
  }

  private static func doubled(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { $0 == quote ? [quote, quote] : [$0] }
  }

  private static func padded(_ text: String, _ width: Int, cutting: Bool) -> String {
    cutting || text.utf8.count < width ? padded(text, width) : text
  }
}

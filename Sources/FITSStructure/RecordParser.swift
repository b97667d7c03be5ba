/// Reads one 80-byte header record in place; every loop ends at the record's end.
enum RecordParser {
  static let recordBytes = 80

  /// What one record says, before `CONTINUE` records are joined.
  struct Record {
    var card: Card
    var isContinue: Bool
  }

  /// The card of one record; records shorter than 80 bytes are read as if blanks followed.
  ///
  /// As in CFITSIO, an equals sign in column 9 starts a value even without the blank that FITS asks for
  /// behind it.
  static func parse(_ record: Span<UInt8>) -> Record {
    if hasKeyword(record, "CONTINUE") { return continuation(record) }
    if hasKeyword(record, "HIERARCH"), let card = hierarch(record) {
      return Record(card: card, isContinue: false)
    }
    let keyword = keywordText(record)
    let isCommentary = keyword.isEmpty || keyword == "COMMENT" || keyword == "HISTORY"
    guard !isCommentary, record.count > 9, record[8] == equals else {
      let text = ASCIIText.trimmingTrailing(record, from: min(8, record.count), to: record.count)
      return Record(
        card: Card(keyword: keyword, value: nil, comment: text, isHierarch: false), isContinue: false)
    }
    let (value, comment) = ValueParser.valueAndComment(record, from: 9)
    return Record(
      card: Card(keyword: keyword, value: value, comment: comment, isHierarch: false), isContinue: false)
  }

  /// A `CONTINUE` record: a string when it holds one, otherwise a card without value.
  private static func continuation(_ record: Span<UInt8>) -> Record {
    let start = ASCIIText.skipSpaces(record, from: 8)
    if start < record.count, record[start] == quote {
      let (value, comment) = ValueParser.valueAndComment(record, from: start)
      if case .string = value {
        let card = Card(keyword: "CONTINUE", value: value, comment: comment, isHierarch: false)
        return Record(card: card, isContinue: true)
      }
    }
    let text = ASCIIText.trimmingTrailing(record, from: min(8, record.count), to: record.count)
    let card = Card(keyword: "CONTINUE", value: nil, comment: text, isHierarch: false)
    return Record(card: card, isContinue: false)
  }

  /// A `HIERARCH` record with an equals sign; `nil` without one (it is then a plain text card).
  private static func hierarch(_ record: Span<UInt8>) -> Card? {
    guard record.count > 9, record[8] == space else { return nil }
    var sign = 9
    while sign < record.count, record[sign] != equals {
      if record[sign] == quote { return nil }
      sign += 1
    }
    guard sign < record.count else { return nil }
    let name = ASCIIText.collapsed(record, from: 9, to: sign).uppercased()
    guard !name.isEmpty else { return nil }
    let (value, comment) = ValueParser.valueAndComment(record, from: sign + 1)
    return Card(keyword: name, value: value, comment: comment, isHierarch: true)
  }

  /// The keyword field, upper case, without trailing blanks.
  private static func keywordText(_ record: Span<UInt8>) -> String {
    var end = min(8, record.count)
    while end > 0, record[end - 1] == space { end -= 1 }
    var lower = false
    for i in 0..<end where record[i] >= 0x61 && record[i] <= 0x7A { lower = true }
    let text = ASCIIText.string(record, from: 0, to: end)
    return lower ? text.uppercased() : text
  }

  /// True when the first eight bytes are exactly `keyword`, which has eight characters.
  private static func hasKeyword(_ record: Span<UInt8>, _ keyword: StaticString) -> Bool {
    guard record.count >= 8, record[0] == keyword.utf8Start[0] else { return false }
    for i in 1..<8 where record[i] != keyword.utf8Start[i] { return false }
    return true
  }
}

let space: UInt8 = 0x20
let quote: UInt8 = 0x27
let slash: UInt8 = 0x2F
let equals: UInt8 = 0x3D
let ampersand: UInt8 = 0x26

/// The header of one HDU as text: its 80-character records one after the other, without `END`.
public struct HeaderText: Sendable, Hashable {
  /// The records. Bytes beyond ASCII appear as the Latin-1 character of that number, so a record is always 80
  /// characters (unicode scalars).
  public let text: String

  /// Takes records as they stand; a last record shorter than 80 characters is read as if blanks followed.
  public init(text: String) { self.text = text }

  /// Takes records as the bytes of a file.
  public init(bytes: [UInt8]) { text = bytes.withUnsafeBufferPointer { ASCIIText.string($0) } }

  /// Formats cards.
  ///
  /// - Throws: `FITSStructureError` when a card has no FITS form, see `Card.formatted()`.
  public init(cards: [Card]) throws(FITSStructureError) {
    var text = ""
    for card in cards {
      for record in try card.formatted() { text += record }
    }
    self.text = text
  }

  /// Every card in order, duplicates included, long strings joined. Nothing in the text can make this fail.
  public var cards: [Card] {
    let bytes = ASCIIText.bytes(text)
    return HeaderText.cards(bytes.span)
  }

  /// The cards of concatenated records.
  static func cards(_ bytes: Span<UInt8>) -> [Card] {
    var cards: [Card] = []
    cards.reserveCapacity(bytes.count / RecordParser.recordBytes)
    var offset = 0
    var openString = false  // the last card is a string that ends with '&'
    while offset < bytes.count {
      let end = min(offset + RecordParser.recordBytes, bytes.count)
      let record = RecordParser.parse(bytes.extracting(offset..<end))
      if openString, record.isContinue, case .string(let more) = record.card.value {
        cards[cards.count - 1].continueString(with: more, comment: record.card.comment)
        openString = more.utf8.last == ampersand
      } else {
        cards.append(record.card)
        openString = record.card.keyword != "CONTINUE" && record.card.string?.utf8.last == ampersand
      }
      offset = end
    }
    return cards
  }
}

extension Card {
  /// Replaces the trailing `&` of the string by `more`; comments are joined by a blank.
  fileprivate mutating func continueString(with more: String, comment more2: String) {
    guard case .string(var text) = value else { return }
    value = nil  // leaves `text` the only owner of its storage: appending stays linear
    text.removeLast()
    text += more
    value = .string(text)
    if !more2.isEmpty { comment = comment.isEmpty ? more2 : comment + " " + more2 }
  }
}

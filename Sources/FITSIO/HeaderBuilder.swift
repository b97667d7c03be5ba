import FITSStructure

/// The bytes of one header: structural keywords first, then the caller's cards, then the checksums.
struct HeaderBuilder {
  /// Keywords the writer itself answers for; the caller's are left out.
  private static let own: Set<String> = [
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "GROUPS", "TFIELDS", "THEAP",
    "BZERO",
    "BSCALE", "BLANK", "CHECKSUM", "DATASUM", "END", "CONTINUE", "LONGSTRN",
  ]
  /// The same with a number behind.
  private static let ownNumbered: Set<String> = [
    "NAXIS", "TTYPE", "TFORM", "TUNIT", "TSCAL", "TZERO", "TNULL", "TDISP", "TBCOL", "TDIM",
  ]
  /// Keywords of the compression convention: what is written here is not compressed.
  private static let compression: Set<String> = [
    "ZIMAGE", "ZSIMPLE", "ZEXTEND", "ZTENSION", "ZBITPIX", "ZNAXIS", "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0",
    "ZBLANK",
    "ZPCOUNT", "ZGCOUNT", "ZHECKSUM", "ZDATASUM", "ZMASKCMP", "ZSCALE", "ZZERO",
  ]
  private static let compressionNumbered: Set<String> = ["ZNAXIS", "ZTILE", "ZNAME", "ZVAL"]

  private(set) var records: [String] = []
  private var seen: Set<String> = []
  private var hasLongString = false
  private let subject: String

  /// - Parameter subject: what errors are about: file and HDU.
  init(subject: String) { self.subject = subject }

  /// Appends a card; characters that FITS does not allow are written as `\xNN`.
  ///
  /// Duplicates of a keyword and undefined values, which fitsverify warns of, are kept as the text of a
  /// comment.
  mutating func append(_ card: Card) throws(FITSError) {
    do throws(FITSStructureError) {
      let card = Self.writable(card)
      let formatted = try card.printable.formatted()
      if card.value == nil {
        records += formatted
      } else if card.value == .undefined || !seen.insert(card.keyword).inserted {
        let text = formatted.map { String($0.reversed().drop { $0 == " " }.reversed()) }
        for line in text { records += try Card.commentary("COMMENT", line).formatted() }
      } else {
        records += formatted
        hasLongString = hasLongString || formatted.count > 1
      }
    } catch {
      throw FITSError(
        code: "bad-card", message: error.message, subject: "\(subject), \(error.subject)", hint: error.hint,
        underlying: error)
    }
  }

  /// The card, or where it has no FITS form (an odd keyword of a foreign file, a number that is not finite) the text
  /// of a comment that says the same.
  private static func writable(_ card: Card) -> Card {
    guard let value = card.value, (try? card.printable.formatted()) == nil else { return card }
    let text: String =
      switch value {
      case .logical(let flag): flag ? "T" : "F"
      case .integer(let number): String(number)
      case .real(let number): "\(number)"
      case .complex(let real, let imaginary): "(\(real), \(imaginary))"
      case .string(let text): "'\(text)'"
      case .text(let text): text
      case .undefined: ""
      }
    let comment = card.comment.isEmpty ? "" : " / \(card.comment)"
    return .commentary("COMMENT", "\(card.keyword) = \(text)\(comment)")
  }

  /// Appends the caller's cards but those the writer answers for, and those of `except`.
  mutating func append(_ header: Header, except: Set<String>) throws(FITSError) {
    for card in header.cards where !Self.isOwn(card) && !except.contains(card.keyword) { try append(card) }
  }

  private static func isOwn(_ card: Card) -> Bool {
    let keyword = card.keyword
    if card.isHierarch { return false }
    if own.contains(keyword) || compression.contains(keyword) { return true }
    guard let last = keyword.utf8.last, last >= 0x30, last <= 0x39 else { return false }
    let root = String(keyword.prefix { !$0.isNumber })
    let isRootAndNumber = keyword.utf8.dropFirst(root.utf8.count).allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    return isRootAndNumber && (ownNumbered.contains(root) || compressionNumbered.contains(root))
  }

  /// The header's bytes with `DATASUM` and a `CHECKSUM` that makes the HDU sum to minus zero, and its text.
  func finished(datasum: UInt32) throws(FITSError) -> (bytes: [UInt8], text: HeaderText) {
    var all = self
    if hasLongString {
      try all.append(Card("LONGSTRN", "OGIP 1.0", comment: "long strings go on in CONTINUE"))
    }
    try all.append(Card("CHECKSUM", "0000000000000000", comment: "HDU checksum"))
    try all.append(Card("DATASUM", String(datasum), comment: "data unit checksum"))
    let checksumAt = 80 * (all.records.count - 2) + 11
    all.records.append("END" + String(repeating: " ", count: 77))
    var bytes = Array(all.records.joined().utf8)
    bytes += [UInt8](repeating: 0x20, count: (2880 - bytes.count % 2880) % 2880)
    let sum = bytes.withUnsafeBytes { checksumAccumulate($0, into: datasum) }
    bytes.replaceSubrange(checksumAt..<checksumAt + 16, with: checksumEncode(sum).utf8)
    let text = HeaderText(bytes: Array(bytes[..<(80 * (all.records.count - 1))]))
    return (bytes, text)
  }
}

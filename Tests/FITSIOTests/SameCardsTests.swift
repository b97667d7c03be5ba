import CCFITSIO
import FITSIO
import FITSStructure
import Foundation
import Testing

/// FITSStructure and CFITSIO read the same cards. CFITSIO's reading is taken from its own parser (`ffgkyn`,
/// `ffdtyp`, `ffgkls`), not from this package's.
@Suite struct SameCardsTests {
  /// Differences found, and what was looked at.
  struct Comparison {
    var differences: [String] = []
    var cards = 0
  }

  @Test func writtenFiles() throws {
    let scratch = try Scratch()
    let found = try compare(WriterTests.product(scratch.path("p.fits")).path)
    #expect(found.differences.isEmpty, "\(found.differences.joined(separator: "\n"))")
    #expect(found.cards > 120)
  }

  @Test func oddHeaders() throws {
    let scratch = try Scratch()
    let records = [
      "SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0",
      "FREE    = 5/no blank", "FREE2   =     'text'/c", "LOGIC   = F / free", "REALD   = 1.5D-3",
      "REALE   =              -1.E+10 / fixed", "POINT   = .5", "PLUS    = +42",
      "CPLX    = (1.5, -2.5D0) / c",
      "QUOTES  = 'it''s ''here''' / q", "EMPTY   = ''", "BLANKS  = '        '", "LEAD    = '  two'",
      "UNDEF   =", "UNDEF2  =                      / nothing", "NOSLASH = 5 five",
      "INSTR   = 'a / b' / c / d",
      "DUP     = 1", "DUP     = 2 / second", "HISTORY one", "HISTORY = 'two'", "COMMENT", "COMMENT   / x",
      "        blank keyword", "", "NOVALUE text only", "NOBLANK =5",
      "HIERARCH ESO DET WIN1 NX = 2048 / pixels",
      "HIERARCH A.B = 'dot'", "HIERARCH no value", "LONG    = 'one & two &' / first",
      "CONTINUE  'three  &'", "CONTINUE  ' four' / second", "AMPER   = 'ends with &'", "NEXT    = 1",
      "BIG     = 9223372036854775807", "SMALL   = -9223372036854775808", "BIGGER  = 92233720368547758070",
      "DATE-OBS= '2026-07-14T09:12:44.7' / UTC", "A_B-C9  = 1E5", "SLASHES = '//' // two",
    ]
    var bytes = (records + ["END"]).flatMap {
      Array(($0.padding(toLength: 80, withPad: " ", startingAt: 0)).utf8)
    }
    bytes += [UInt8](repeating: 0x20, count: (2880 - bytes.count % 2880) % 2880)
    let found = try compare(scratch.write(bytes, "odd.fits"))
    #expect(found.differences.isEmpty, "\(found.differences.joined(separator: "\n"))")
    #expect(found.cards == records.count - 2)  // two CONTINUE records belong to LONG
  }

  /// Files of other programs, where they are at hand.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: SharedFiles.root), "../shared is not here"),
    arguments: ["golden", "data"])
  func realFiles(folder: String) throws {
    let files = SharedFiles.fits(under: folder)
    #expect(!files.isEmpty)
    var total = 0
    for path in files {
      let found = try compare(path)
      total += found.cards
      #expect(found.differences.isEmpty, "\(path)\n\(found.differences.joined(separator: "\n"))")
    }
    print("SameCardsTests: \(total) cards of \(files.count) files under ../shared/\(folder) read alike")
  }

  private func compare(_ path: String) throws -> Comparison {
    let (mine, _, _) = try structure(path)
    var file: UnsafeMutablePointer<fitsfile>?
    var status: Int32 = 0
    ffdkopn(&file, path, READONLY, &status)
    let open = try #require(file, "CFITSIO status \(status), ours \(mine.completeness)")
    defer { ffclos(open, &status) }
    var result = Comparison()
    for hdu in mine.hdus {
      var type: Int32 = 0
      ffmahd(open, Int32(hdu.index) + 1, &type, &status)
      guard status == 0 else {
        result.differences.append("CFITSIO cannot move to HDU \(hdu.index): \(status)")
        return result
      }
      let theirs = CFITSIOCards.read(open)
      let cards = hdu.header.cards
      if theirs.count != cards.count {
        result.differences.append("HDU \(hdu.index): \(cards.count) cards, CFITSIO has \(theirs.count)")
      }
      for (card, their) in zip(cards, theirs) {
        result.cards += 1
        if let difference = their.difference(from: card) {
          result.differences.append("HDU \(hdu.index) \(card.keyword): \(difference)")
        }
      }
    }
    return result
  }
}

/// One card as CFITSIO's own functions read it.
struct CFITSIOCards {
  let keyword: String
  let value: String  // as CFITSIO spells it, quotes included
  let comment: String
  let type: Character?
  let longString: String?

  static func read(_ file: UnsafeMutablePointer<fitsfile>) -> [CFITSIOCards] {
    var count: Int32 = 0
    var status: Int32 = 0
    ffghsp(file, &count, nil, &status)
    var cards: [CFITSIOCards] = []
    for number in 0..<count {
      guard let card = one(file, number + 1) else { continue }
      let continues = cards.last?.value.hasSuffix("&'") == true || cards.last?.longString != nil
      if card.keyword == "CONTINUE", continues, cards.last?.longString != nil { continue }
      cards.append(card)
    }
    return cards
  }

  private static func one(_ file: UnsafeMutablePointer<fitsfile>, _ number: Int32) -> CFITSIOCards? {
    var name = [CChar](repeating: 0, count: 100)
    var value = [CChar](repeating: 0, count: 200)
    var comment = [CChar](repeating: 0, count: 200)
    var status: Int32 = 0
    ffgkyn(file, number, &name, &value, &comment, &status)
    if status != 0 {
      // CFITSIO refuses the value (an open quote); the record's name is all it gives.
      return CFITSIOCards(keyword: text(name), value: "", comment: "", type: "?", longString: nil)
    }
    var code: CChar = 0
    var typeStatus: Int32 = 0
    let spelled = text(value)
    if !spelled.isEmpty { ffdtyp(value, &code, &typeStatus) }
    let type = spelled.isEmpty ? nil : Character(Unicode.Scalar(UInt8(bitPattern: code)))
    return CFITSIOCards(
      keyword: text(name), value: spelled, comment: text(comment), type: type,
      longString: spelled.hasSuffix("&'") ? long(file, text(name), number) : nil)
  }

  /// The joined string when a CONTINUE record follows.
  private static func long(_ file: UnsafeMutablePointer<fitsfile>, _ name: String, _ number: Int32) -> String?
  {
    var record = [CChar](repeating: 0, count: 100)
    var status: Int32 = 0
    ffgrec(file, number + 1, &record, &status)
    guard status == 0, text(record).hasPrefix("CONTINUE") else { return nil }
    var pointer: UnsafeMutablePointer<CChar>?
    ffgrec(file, 0, nil, &status)  // search from the top
    ffgkls(file, name, &pointer, nil, &status)
    guard status == 0, let pointer else { return nil }
    defer { fffree(pointer, &status) }
    return String(cString: pointer)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(
      String.UnicodeScalarView(characters.prefix { $0 != 0 }.map { Unicode.Scalar(UInt8(bitPattern: $0)) }))
  }

  /// What differs from our reading; `nil` when both say the same.
  func difference(from card: Card) -> String? {
    if keyword.uppercased() != card.keyword { return "CFITSIO's keyword is \(keyword)" }
    if type == "?" { return nil }
    if !sameValue(card) {
      return "\(String(describing: card.value)), CFITSIO has \(value) of type \(type ?? "-")"
    }
    if longString == nil, trimmed(comment) != trimmed(card.comment) {
      return "comment \(card.comment.debugDescription), CFITSIO has \(comment.debugDescription)"
    }
    return nil
  }

  private func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces) }

  private func sameValue(_ card: Card) -> Bool {
    switch card.value {
    case nil, .undefined: return value.isEmpty
    case .string(let text): return longString.map { $0 == text } ?? (unquoted == text)
    case .logical(let flag): return value == (flag ? "T" : "F")
    case .integer(let number): return type == "I" && Int64(value) == number
    case .real(let number): return (type == "F" || type == "I") && decimal(value) == number
    case .complex(let real, let imaginary):
      let parts = value.dropFirst().dropLast().split(separator: ",").map { decimal(trimmed(String($0))) }
      return type == "X" && parts == [real, imaginary]
    case .text(let text): return text.hasPrefix(value) || value.hasPrefix(text)
    }
  }

  private func decimal(_ text: String) -> Double? { Double(text.replacingOccurrences(of: "D", with: "E")) }

  private var unquoted: String {
    var inner = value.dropFirst().dropLast().replacingOccurrences(of: "''", with: "'")
    while inner.last == " " { inner.removeLast() }
    return inner
  }
}

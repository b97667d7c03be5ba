import FITSStructure
import Testing

@Suite struct CardTests {
  private func card(_ record: String) -> Card { cards([record])[0] }

  private func cards(_ records: [String]) -> [Card] {
    HeaderText(text: records.map { String(decoding: FITSBytes.record($0), as: UTF8.self) }.joined()).cards
  }

  @Test func fixedFormatValues() {
    #expect(card("SIMPLE  =                    T / conforms") == Card("SIMPLE", true, comment: "conforms"))
    #expect(card("BITPIX  =                  -32").value == .integer(-32))
    #expect(card("EXPTIME =                12.50 / s") == Card("EXPTIME", 12.5, comment: "s"))
    #expect(card("OBJECT  = 'M 31    '           / target") == Card("OBJECT", "M 31", comment: "target"))
    #expect(card("BLANKED =").value == .undefined)
    #expect(
      card("UNDEF   =                      / nothing yet")
        == Card("UNDEF", .undefined, comment: "nothing yet"))
  }

  @Test(arguments: [
    ("A       = 1", Card.Value.integer(1)), ("A       = +07", .integer(7)),
    ("A       = 9223372036854775807", .integer(.max)), ("A       = -9223372036854775808", .integer(.min)),
    ("A       = 9223372036854775808", .real(9_223_372_036_854_775_808)), ("A       = 1.", .real(1)),
    ("A       = .5", .real(0.5)), ("A       = -.5E1", .real(-5)), ("A       = 1D-3", .real(0.001)),
    ("A       = 1.5d+2", .real(150)), ("A       = 1E5", .real(100_000)), ("A       = -0.0", .real(-0.0)),
    ("A       = 0.1234567890123456789", .real(0.1234567890123456789)),
    ("A       = 4.9E-324", .real(.leastNonzeroMagnitude)),
    ("A       = 1.7976931348623157E+308", .real(.greatestFiniteMagnitude)),
    ("A       = 1E999", .text("1E999")), ("A       = NaN", .text("NaN")), ("A       = inf", .text("inf")),
    ("A       = 1E", .text("1E")), ("A       = 1E+", .text("1E+")), ("A       = .", .text(".")),
    ("A       = -", .text("-")), ("A       = TRUE", .text("TRUE")), ("A       = F/no", .logical(false)),
    ("A       = (1.5, -2)", .complex(1.5, -2)), ("A       = ( 1 , 2D1 ) / c", .complex(1, 20)),
    ("A       = (1.5)", .text("(1.5)")), ("A       = (1.5, x)", .text("(1.5, x)")),
    ("A       = 'it''s'", .string("it's")), ("A       = ''", .string("")), ("A       = ''''", .string("'")),
    ("A       = '   lead'", .string("   lead")), ("A       =     'free'  / c", .string("free")),
    ("A       = 'open", .text("'open")), ("A       = 'slash / in'", .string("slash / in")),
    ("A       = John Smith / obs", .text("John Smith")),
  ])
  func values(_ record: String, _ expected: Card.Value) {
    let found = card(record)
    #expect(found.value == expected)
    if case .real(let zero) = expected, zero == 0 { #expect(found.double?.sign == .minus) }
  }

  @Test func commentaryKeepsItsText() {
    #expect(card("COMMENT = 'not a value'") == .commentary("COMMENT", "= 'not a value'"))
    #expect(card("HISTORY made by hand") == .commentary("HISTORY", "made by hand"))
    #expect(card("          = blank keyword") == .commentary("", "  = blank keyword"))
    #expect(card("") == .commentary("", ""))
    #expect(card("NOBLANK =T") == Card("NOBLANK", true))
    #expect(card("NOVALUE  some text") == .commentary("NOVALUE", " some text"))
  }

  @Test func hierarch() {
    let found = card("HIERARCH ESO  DET WIN1 NX = 2048 / # of pixels")
    #expect(found.keyword == "ESO DET WIN1 NX")
    #expect(found.isHierarch)
    #expect(found.value == .integer(2048))
    #expect(found.comment == "# of pixels")
    #expect(card("HIERARCH no sign here").value == nil)
    #expect(card("HIERARCH 'quoted' = 1").value == nil)
  }

  @Test func longStringsAreJoined() {
    let joined = cards([
      "LONG    = 'one & two &' / first", "CONTINUE  'three  &'", "CONTINUE  ' four' / second", "NEXT    = 1",
    ])
    #expect(joined.count == 2)
    #expect(joined[0] == Card("LONG", "one & two three   four", comment: "first second"))
    let orphans = cards(["A       = 'x'", "CONTINUE  'orphan'", "B       = 'ends with &'", "C       = 2"])
    #expect(orphans.map(\.keyword) == ["A", "CONTINUE", "B", "C"])
    #expect(orphans[2].string == "ends with &")
    let chained = cards(["A       = 'x&'", "CONTINUE", "CONTINUE  'y'"])
    #expect(chained.map(\.string) == ["x&", nil, "y"])
  }

  @Test func bytesBeyondASCIIAreKept() {
    let text = HeaderText(text: "OBSERVER= 'Andr\u{E9}'".padding(80) + "NEXT    = 5".padding(80))
    #expect(text.cards.map(\.keyword) == ["OBSERVER", "NEXT"])
    #expect(text.cards[0].string == "Andr\u{E9}")
    #expect(text.cards[1].integer == 5)
    #expect(text.cards[0].printable.string == "Andr\\xE9")
  }

  @Test func formattedRecords() throws {
    #expect(
      try Card("SIMPLE", true, comment: "c").formatted() == ["SIMPLE  =                    T / c".padding(80)]
    )
    #expect(try Card("A", -7).formatted() == ["A       =                   -7".padding(80)])
    #expect(try Card("A", 0.1).formatted() == ["A       =                  0.1".padding(80)])
    #expect(try Card("A", 1e20).formatted() == ["A       =              1.0E+20".padding(80)])
    #expect(try Card("A", "x").formatted() == ["A       = 'x       '".padding(80)])
    #expect(
      try Card("A", "it's", comment: "c").formatted() == ["A       = 'it''s   '           / c".padding(80)])
    #expect(try Card("ESO X", 1).formatted() == ["HIERARCH ESO X = 1".padding(80)])
    #expect(try Card.commentary("HISTORY", "h").formatted() == ["HISTORY h".padding(80)])
    #expect(
      try Card("A", .undefined, comment: "c").formatted() == [
        "A       =                      / c".padding(80)
      ])
  }

  @Test func refusedRecords() {
    #expect(throws: FITSStructureError.self) { try Card("A", Double.nan).formatted() }
    #expect(throws: FITSStructureError.self) { try Card("A", "line\nbreak").formatted() }
    #expect(throws: FITSStructureError.self) { try Card("A=B", 1).formatted() }
    #expect(throws: FITSStructureError.self) {
      try Card(String(repeating: "LONG ", count: 20) + "X", 1).formatted()
    }
    #expect(throws: FITSStructureError.self) { try Card.commentary("TOOLONGNAME", "text").formatted() }
  }

  @Test func everyCardReadsBackAsWritten() throws {
    var random = SeededGenerator(state: 7)
    for _ in 0..<3000 {
      let card = randomCard(&random)
      let records = try card.formatted()
      #expect(records.allSatisfy { $0.utf8.count == 80 })
      let back = HeaderText(text: records.joined()).cards
      #expect(back == [card], "\(records)")
    }
  }

  private func randomCard(_ random: inout SeededGenerator) -> Card {
    let names = ["OBJECT", "A", "DATE-OBS", "ESO DET X", "LONGKEYWORDNAME", "A_B"]
    let name = names[Int.random(in: 0..<names.count, using: &random)]
    switch Int.random(in: 0..<7, using: &random) {
    case 0: return Card(name, Bool.random(using: &random))
    case 1: return Card(name, .integer(Int64.random(in: .min ... .max, using: &random)), comment: "i")
    case 2:
      let bits = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
      return Card(name, bits.isFinite ? bits : 1.5, comment: "r")
    case 3: return Card(name, .complex(Double.random(in: -1...1, using: &random), 1e-9))
    case 4: return Card(name, .undefined, comment: "u")
    default:
      let alphabet = Array("ab '&/= Z9'")
      let length = Int.random(in: 0..<200, using: &random)
      let text = String(
        (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
      return Card(name, String(text.reversed().drop { $0 == " " }.reversed()))
    }
  }
}

extension String {
  /// Blanks added up to `count` characters.
  func padding(_ count: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, count - unicodeScalars.count))
  }
}

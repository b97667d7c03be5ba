import CfgFormat
import Testing

/// Text that nobody would write: it is read or refused, never a crash, and what is read goes round.
@Suite struct CfgFuzzTests {
  /// SplitMix64 (Steele et al. 2014): the same texts in every run.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let pieces = [
    "a", "b", "skip", "=", " = ", "[", "]", "[[", "]]", "[s]", "[[t]]", "[[[u]]]", "\n", "\n", "\n", "\t",
    " ",
    "'", "\"", "'''", "\"\"\"", ",", "#", "# c", "None", "1.5", "it's", "é", "\u{2028}", "\r\n", "\0", "x, y",
    "key = value\n", "k = 'q, r', s\n", "[ two words ]\n",
  ]

  @Test func noTextCrashesAndWhatIsReadGoesRound() throws {
    var random = Seeded(state: 20_260_714)
    var read = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...24, using: &random)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
      let (kept, faults) = CfgDocument.checking(text: text, path: "fuzz.cfg")
      guard let document = try? CfgDocument(text: text, path: "fuzz.cfg") else {
        #expect(!faults.isEmpty, "\(text.debugDescription)")
        continue
      }
      read += 1
      #expect(faults.isEmpty && kept == document)
      guard let again = try? CfgDocument(text: document.text, path: "fuzz.cfg") else {
        Issue.record("\(text.debugDescription) was written as \(document.text.debugDescription)")
        continue
      }
      #expect(Self.plain(again.root) == Self.plain(document.root), "\(text.debugDescription)")
      #expect(again.text == document.text, "\(text.debugDescription)")
    }
    // Both outcomes are met.
    #expect(read > 1000 && read < 19_000)
  }

  /// Names and values of a tree, without lines and comments.
  private static func plain(_ section: CfgSection) -> String {
    let entries = section.entries.map { "\($0.key)=\($0.value)" }
    return "\(section.path){" + (entries + section.sections.map(plain)).joined(separator: ";") + "}"
  }

  @Test func everyFaultIsToldAtOnceAndTheRestIsRead() {
    let text = """
      name = x
      words alone
      [steps]
      [[one]]
      a = 1
      a = 2
      [[one]]
      lost = 1
      [[[below]]]
      [[two]]
      \tb = 3
      c = 'open
      d = 4
      """
    let (document, faults) = CfgDocument.checking(text: text, path: "many.cfg")
    #expect(faults.map(\.line) == [2, 6, 7, 11, 12])
    #expect(
      faults.map(\.code) == [
        "cfg-syntax", "cfg-duplicate-key", "cfg-duplicate-section", "cfg-tab", "cfg-quote",
      ])
    #expect(faults.allSatisfy { $0.hint != nil })
    #expect(document.root.section(at: ["steps", "two"])?["d"] == .string("4"))
    #expect(document.root.section(at: ["steps", "one"])?["a"] == .string("1"))
    #expect(document.root.section(at: ["steps", "one"])?["lost"] == nil)
  }

  @Test func aLongFileIsReadInTimeThatGrowsWithItsLength() throws {
    let lines = (0..<60_000).map { "key\($0) = \($0)" } + (0..<20_000).map { "[s\($0)]" }
    let root = try CfgDocument(text: lines.joined(separator: "\n"), path: "long.cfg").root
    #expect(root.entries.count == 60_000 && root.sections.count == 20_000)
  }

  @Test(arguments: [
    ("['a]b']", "a]b"), ("[\"it's]\"]", "it's]"), ("[' x']", " x"), ("['[x']", "[x"), ("[a#b]", "a#b"),
    ("[a, b]", "a, b"),
  ])
  func namesOfSectionsGoRound(text: String, name: String) throws {
    let document = try CfgDocument(text: text, path: "n.cfg")
    #expect(document.root.sections.map(\.name) == [name])
    #expect(try CfgDocument(text: document.text, path: "n.cfg").root.sections.map(\.name) == [name])
  }

  @Test(arguments: [
    ("'[k' = 1", "[k"), ("'a=b' = 1", "a=b"), ("\"it's=\" = 1", "it's="), ("'#' = 1", "#"),
    ("it's = 1", "it's"),
  ])
  func keysGoRound(text: String, key: String) throws {
    let document = try CfgDocument(text: text, path: "k.cfg")
    #expect(document.root.entries.map(\.key) == [key])
    #expect(try CfgDocument(text: document.text, path: "k.cfg").root.entries.map(\.key) == [key])
  }
}

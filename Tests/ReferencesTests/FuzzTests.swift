import Foundation
import References
import Testing

/// Mappings with random faults: read or refused with a sentence, never a crash, never for long.
@Suite struct FuzzTests {
  /// SplitMix64, so that a run can be repeated.
  struct Random: RandomNumberGenerator {
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
    "(", ")", "{", "}", "[", "]", "'", "\"", "\"\"\"", ",", ":", "|", "*", "#", "\\", "\\x", "\\u12", "\n",
    "\0",
    "=", "<", ">=", "-", "+", "1e999", "9223372036854775808", "0x", "None", "Match({", "UseAfter({",
    "Bracket({",
    "between 1 2", "NOT ", "(a+)+$", "{K}", "# >1 and <2 #", "é", "\u{0}", "N/A", "[!", "[a-", "????*****",
  ]

  private static func mutated(_ text: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = text
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let at = Int.random(in: 0...bytes.count, using: &random)
      let length = min(Int.random(in: 0...12, using: &random), bytes.count - at)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.removeSubrange(at..<at + length)
      case 1:
        bytes.insert(contentsOf: pieces.randomElement(using: &random).map { Array($0.utf8) } ?? [], at: at)
      case 2: bytes.insert(contentsOf: Array(bytes[at..<at + length]), at: at)
      default: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
      }
    }
    return bytes
  }

  private static let header = [
    "INSTRUME": "IRIS", "DETECTOR": "IRIS1", "FILTER": "K", "PUPIL": "CLEAR", "SUBARRAY": "FULL",
    "DATE-OBS": "2019-03-01", "TIME-OBS": "12:34:56",
  ]

  @Test(arguments: 0..<4)
  func mutatedMappingsAreReadOrRefused(seed: UInt64) throws {
    let names = try FileManager.default.contentsOfDirectory(
      atPath: GoldenRules.folder.appending(path: "rules").path(percentEncoded: false)
    ).sorted()
    let texts = try names.map { Array(try GoldenRules.text("rules/\($0)").utf8) }
    var random = Random(state: seed)
    var read = 0
    var refused = 0
    for round in 0..<2_000 {
      let bytes = Self.mutated(texts[round % texts.count], &random)
      do throws(ReferencesError) {
        let rules = try ReferenceRules(text: String(decoding: bytes, as: UTF8.self), name: "m.rmap")
        _ = rules.bestReference(header: Self.header)
        _ = rules.everyRow.count
        read += 1
      } catch {
        #expect(!error.message.isEmpty && error.subject.contains("m.rmap"), "\(error)")
        refused += 1
      }
    }
    #expect(read > 50 && refused > 50)
  }

  @Test(arguments: [
    "(", "[", "{1:", "Match({'a':", "-", "not (", "NOT ", "'", "#",
  ])
  func repetitionsEnd(piece: String) {
    for count in [100, 100_000] {
      let text = String(repeating: piece, count: count)
      for mapping in [
        "header = {}\nselector = \(text)", MappingTextTests.head + "selector = Match({'\(text)' : 'a'})",
      ] {
        _ = try? ReferenceRules(text: mapping, name: "m.rmap").bestReference(header: Self.header)
      }
      let relevance = MappingTextTests.head.replacing("'m.rmap',", with: "'m.rmap', 'rmap_omit' : '\(text)',")
      _ = try? ReferenceRules(text: relevance + "selector = Match({})", name: "m.rmap")
        .bestReference(header: Self.header)
    }
  }

  @Test func anExpressionThatNeverEndsDoesNotFit() throws {
    let rules = try ReferenceRules(
      text: MappingTextTests.head + "selector = Match({'((A+)+B)' : 'a.fits', 'N/A' : 'other.fits'})",
      name: "m.rmap")
    let value = String(repeating: "A", count: 60)
    #expect(rules.bestReference(header: ["DETECTOR": value]).file == "other.fits")
    #expect(rules.bestReference(header: ["DETECTOR": "AAAB"]).file == "a.fits")
  }

  @Test func rowsThatCannotBeBoundedAreRefused() {
    for field in [String(repeating: "NOT ", count: 100) + "K", String(repeating: "K|", count: 20_000)] {
      let error = #expect(throws: ReferencesError.self) {
        try ReferenceRules(
          text: MappingTextTests.head + "selector = Match({'\(field)' : 'a'})", name: "m.rmap")
      }
      #expect(error?.code == "row-invalid")
      #expect((error?.subject.count ?? 999) < 100)
    }
  }
}

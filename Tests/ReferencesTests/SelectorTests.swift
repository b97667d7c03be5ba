import Foundation
import References
import Testing

/// Selectors other than `Match` over `UseAfter`; the answers are those of the published client 14.0.3 for the same
/// text (`Benchmarks/crds_agreement.sh` asks it about random headers).
@Suite struct SelectorTests {
  private static func rules(
    _ selector: String, parkey: String, header: String = ""
  ) throws -> ReferenceRules {
    try ReferenceRules(
      text: """
        header = {
            'derived_from' : 'NONE', 'filekind' : 'MASK', 'instrument' : 'IRIS', 'mapping' : 'REFERENCE',
            'name' : 'm.rmap', 'observatory' : 'TMT', 'parkey' : \(parkey), \(header)
        }
        selector = \(selector)
        """, name: "m.rmap")
  }

  @Test(arguments: [
    ("1.0", "a"), ("1.3", "a"), ("1.4", "b"), ("9", "c"), ("3.2", "b"), ("3.3", "c"),
    ("-1", "a"),
  ])
  func theNearestNumber(value: String, file: String) throws {
    let rules = try Self.rules(
      "GeometricallyNearest({1.2 : 'a', 1.5 : 'b', 5.0 : 'c'})", parkey: "(('WAVE',),)")
    #expect(rules.bestReference(header: ["WAVE": value]).file == file)
  }

  @Test func whatIsNoNumberFitsNowhere() throws {
    for selector in [
      "GeometricallyNearest({1.2 : 'a'})", "Bracket({1.2 : 'a'})", "SelectVersion({'<5' : 'a'})",
    ] {
      let rules = try Self.rules(selector, parkey: "(('WAVE',),)")
      for header in [["WAVE": "K"], ["WAVE": "nan"], ["WAVE": ""], [:]] {
        guard case .noMatch(let reason) = rules.bestReference(header: header) else {
          Issue.record("\(selector) \(header)")
          continue
        }
        #expect(reason.contains("WAVE"))
      }
    }
  }

  @Test(arguments: [
    ("4.9", "old"), ("5", "five"), ("5.5", "six"), ("6", "six"), ("6.1", "new"), ("99", "new"),
    ("default", nil), ("4", "old"),
  ])
  func versions(value: String, file: String?) throws {
    let rules = try Self.rules(
      "SelectVersion({'<5' : 'old', '=5' : 'five', '6' : 'six', 'default' : 'new'})", parkey: "(('SW',),)")
    #expect(rules.bestReference(header: ["SW": value]).file == file)
  }

  @Test func aVersionBeyondTheLastHasNone() throws {
    let rules = try Self.rules("SelectVersion({'<5' : 'old', '<=6' : 'six'})", parkey: "(('SW',),)")
    #expect(rules.bestReference(header: ["SW": "5.5"]).file == "six")
    #expect(rules.bestReference(header: ["SW": "6"]).file == nil)
    #expect(rules.bestReference(header: ["SW": "7"]).file == nil)
  }

  @Test(arguments: [
    ("1", "one"), ("1.1.9", "one"), ("1.2", "two"), ("1.2.3rc1", "three"), ("10", "ten"), ("9.9", "three"),
    ("0.9", nil), ("v1", nil),
  ])
  func versionsFromOneOn(value: String, file: String?) throws {
    let rules = try Self.rules(
      "VersionAfter({'1' : 'one', '1.2' : 'two', '1.2.3' : 'three', '10' : 'ten'})", parkey: "(('SW',),)")
    #expect(rules.bestReference(header: ["SW": value]).file == file)
  }

  @Test(arguments: [
    ("2016-01-01", "a", "2017-01-01 00:00:00"), ("2017-06-01", "a", "2017-01-01 00:00:00"),
    ("2017-07-02", "a", "2017-01-01 00:00:00"),
    ("2017-07-03", "b", "2018-01-01 00:00:00"), ("2030-01-01", "b", "2018-01-01 00:00:00"),
  ])
  func theClosestTime(date: String, file: String, useAfter: String) throws {
    let rules = try Self.rules(
      "ClosestTime({'2017-01-01 00:00:00' : 'a', '2018-01-01 00:00:00' : 'b'})",
      parkey: "(('DATE-OBS', 'TIME-OBS'),)")
    let found = rules.bestReference(header: ["DATE-OBS": date, "TIME-OBS": "12:00:00"])
    #expect(found == .found(file: file, rmap: "m.rmap", row: "", useAfter: useAfter))
  }

  @Test func bracketsNameBothSides() throws {
    let rules = try Self.rules("Bracket({1.2 : 'a', 1.5 : 'b', 5 : 'c'})", parkey: "(('WAVE',),)")
    func bracket(_ value: String) -> [String]? { rules.bracketedReferences(header: ["WAVE": value]) }
    #expect(bracket("1.3") == ["a", "b"])
    #expect(bracket("2") == ["b", "c"])
    #expect(bracket("1.5") == nil)
    #expect(rules.bestReference(header: ["WAVE": "1.5"]).file == "b")
    #expect(rules.bestReference(header: ["WAVE": "0"]).file == "a")
    #expect(rules.bestReference(header: ["WAVE": "6"]).file == "c")
    guard case .noMatch(let reason) = rules.bestReference(header: ["WAVE": "1.3"]) else {
      Issue.record("two files are not one")
      return
    }
    #expect(reason.contains("a and b"))
  }

  /// The example of the published client's own documentation, and one level of `Match` above it.
  @Test func selectorsNestToAnyDepth() throws {
    let rules = try Self.rules(
      """
      Match({'IMG1' : GeometricallyNearest({
        1.2: ClosestTime({
            '2017-04-24 00:00:00': SelectVersion({'<5': 'f_73.fits', 'default': 'f_123.fits'}),
            '2018-02-01 00:00:00': SelectVersion({'<5': 'f_223.fits', 'default': 'f_222.fits'}),
            '2019-04-15 00:00:00': SelectVersion({'<5': 'f_518.fits', 'default': 'f_517.fits'}),
        }),
        1.5: ClosestTime({
            '2017-04-24 00:00:00': SelectVersion({'<5': 'f_74.fits', 'default': 'f_124.fits'}),
            '2019-01-01 00:00:00': SelectVersion({'<5': 'f_490.fits', 'default': 'f_489.fits'}),
        }),
        5.0: ClosestTime({'2017-04-24 00:00:00': SelectVersion({'<5': 'f_87.fits', 'default': 'f_137.fits'})}),
      })})
      """, parkey: "(('DETECTOR',), ('WAVE',), ('DATE-OBS', 'TIME-OBS'), ('SW',))")
    let header = [
      "DETECTOR": "IMG1", "WAVE": "1.6", "DATE-OBS": "2019-01-02", "TIME-OBS": "00:00:00", "SW": "1.4",
    ]
    #expect(
      rules.bestReference(header: header)
        == .found(
          file: "f_490.fits", rmap: "m.rmap", row: "('IMG1',)", useAfter: "2019-01-01 00:00:00"))
    #expect(rules.bestReference(header: header.merging(["SW": "6"]) { $1 }).file == "f_489.fits")
    #expect(rules.bestReference(header: header.merging(["WAVE": "4"]) { $1 }).file == "f_87.fits")
    #expect(rules.everyRow.count == 12)
    let deep = String(repeating: "Match({'IMG1' : ", count: 40) + "'x'" + String(repeating: "})", count: 40)
    let keys = "(" + String(repeating: "('DETECTOR',), ", count: 40) + ")"
    #expect(try Self.rules(deep, parkey: keys).bestReference(header: header).file == "x")
  }

  @Test func equalRowsOfClosestTimesAreMerged() throws {
    let rules = try Self.rules(
      """
      Match({
        ('IMG1', 'N/A') : ClosestTime({'2017-01-01 00:00:00' : 'a', '2019-01-01 00:00:00' : 'c'}),
        ('N/A', 'K') : ClosestTime({'2018-01-01 00:00:00' : 'b', '2019-01-01 00:00:00' : 'd'}),
      })
      """, parkey: "(('DETECTOR', 'FILTER'), ('DATE-OBS', 'TIME-OBS'))")
    func file(_ date: String) -> String? {
      rules.bestReference(header: [
        "DETECTOR": "IMG1", "FILTER": "K", "DATE-OBS": date, "TIME-OBS": "00:00:00",
      ]).file
    }
    #expect(file("2017-02-01") == "a")
    #expect(file("2018-02-01") == "b")
    #expect(file("2020-01-01") == "d")
  }

  @Test(arguments: [
    "('DETECTOR', 'FILTER', 'DATE-OBS', 'TIME-OBS')", "(('DETECTOR', 'FILTER'), ('DATE-OBS', 'TIME-OBS'))",
  ])
  func parkeysFlatOrInLevels(parkey: String) throws {
    let rules = try Self.rules(
      "Match({('IMG1', 'K') : UseAfter({'2020-01-01 00:00:00' : 'a.fits'})})", parkey: parkey)
    #expect(rules.parkeys == [["DETECTOR", "FILTER"], ["DATE-OBS", "TIME-OBS"]])
    #expect(
      rules.bestReference(header: [
        "DETECTOR": "IMG1", "FILTER": "K", "DATE-OBS": "2021-01-01", "TIME-OBS": "00:00:00",
      ]).file == "a.fits")
  }

  @Test func commentParkeysAreNotMatched() throws {
    let rules = try Self.rules(
      "Match({('IMG1', 'K') : 'a.fits'})", parkey: "(('DETECTOR', 'FILTER'),)",
      header: "'comment_parkeys' : ('FILTER',),")
    #expect(rules.bestReference(header: ["DETECTOR": "IMG1", "FILTER": "H"]).file == "a.fits")
  }

  @Test func rowsOfNewReferencesHeedExtraKeysAndOwnKeywords() throws {
    let rules = try Self.rules(
      "Match({})", parkey: "(('DETECTOR', 'FILTER', 'GRATING'), ('DATE-OBS', 'TIME-OBS'))",
      header: """
        'extra_keys' : ('GRATING',), 'reference_to_dataset' : {'P_FILTER' : 'FILTER'},
        """)
    let header = ["DETECTOR": "IMG1", "FILTER": "K", "GRATING": "R4000"]
    #expect(rules.matchValues(header: header) == ["IMG1", "K", "N/A"])
    #expect(
      rules.matchValues(header: header.merging(["P_FILTER": "K|H |"]) { $1 }) == ["IMG1", "H|K", "N/A"])
  }

  @Test(arguments: [
    "Bracket({'K' : 'a'})", "SelectVersion({'>5' : 'a'})", "VersionAfter({'one' : 'a'})",
    "ClosestTime({'some day' : 'a'})", "GeometricallyNearest({(1, 2) : 'a'})", "Bracket('a')",
    "Nearest({1 : 'a'})",
  ])
  func badKeysAreNamed(selector: String) {
    let error = #expect(throws: ReferencesError.self) { try Self.rules(selector, parkey: "(('WAVE',),)") }
    #expect(error?.code == "mapping-selector")
  }
}

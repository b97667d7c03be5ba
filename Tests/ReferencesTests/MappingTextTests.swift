import Foundation
import References
import Testing

/// Mappings that are not as they should be.
@Suite struct MappingTextTests {
  static let head = """
    header = {
        'derived_from' : 'NONE', 'filekind' : 'MASK', 'instrument' : 'IRIS', 'mapping' : 'REFERENCE',
        'name' : 'm.rmap', 'observatory' : 'TMT',
        'parkey' : (('META.INSTRUMENT.DETECTOR',), ('META.OBSERVATION.DATE', 'META.OBSERVATION.TIME')),
    }

    """
  static let header = ["DETECTOR": "IMG1", "DATE-OBS": "2026-01-01", "TIME-OBS": "00:00:00"]

  @Test(arguments: [
    ("selector = open('x')", "mapping-selector", "m.rmap"),
    ("selector = Match({'IMG1' : __import__('os')})", "mapping-selector", "m.rmap"),
    ("selector = Match({'IMG1' : 'a.fits'", "mapping-syntax", "m.rmap:6"),
    ("selector = Match({'IMG1' : 'a.fits})", "mapping-syntax", "m.rmap:6"),
    ("import os\nselector = {}", "mapping-syntax", "m.rmap:6"),
    ("selector = x.y", "mapping-syntax", "m.rmap:6"),
    ("selector = Match({('IMG1', 'K') : 'a.fits'})", "mapping-selector", "m.rmap"),
    ("selector = Match({'IMG1' : UseAfter({'some day' : 'a.fits'})})", "mapping-selector", "m.rmap"),
    (
      "selector = Match({'IMG1' : UseAfter({'2026-01-01 00:00:00' : Match({'x' : 'a'})})})",
      "mapping-selector", "m.rmap"
    ),
    ("selector = Match({'(IMG[)' : 'a.fits'})", "row-invalid", "m.rmap: '(IMG[)'"),
    ("selector = Match({'#>x#' : 'a.fits'})", "row-invalid", "m.rmap: '>X'"),
  ])
  func faultsAreNamed(selector: String, code: String, subject: String) {
    let error = #expect(throws: ReferencesError.self) {
      try ReferenceRules(text: Self.head + selector, name: "m.rmap")
    }
    #expect(error?.code == code)
    #expect(error?.subject == subject)
  }

  @Test func nestingIsBounded() {
    let deep = String(repeating: "(", count: 100_000)
    let error = #expect(throws: ReferencesError.self) {
      try ReferenceRules(text: Self.head + "selector = " + deep, name: "m.rmap")
    }
    #expect(error?.code == "mapping-syntax")
  }

  @Test func everyPythonLiteralIsRead() throws {
    let text =
      Self.head + """
        # a comment
        comment = \"""two
        lines\"""
        selector = Match({
            ("I" 'MG1',) : UseAfter({ r'''no''' 'n' : 'x' }),
        })
        """
    #expect(throws: ReferencesError.self) { try ReferenceRules(text: text, name: "m.rmap") }
    let good = text.replacing(
      "r'''no''' 'n' : 'x'", with: "'''2020-01-01''' \" 00:00:00\" : 'it\\'s.fits', # why\n")
    let rules = try ReferenceRules(text: good, name: "m.rmap")
    #expect(rules.bestReference(header: Self.header).file == "it's.fits")
  }

  @Test func nestedMatchesAndNumbersInRows() throws {
    let text = """
      header = {
          'derived_from' : 'NONE', 'filekind' : 'MASK', 'instrument' : 'IRIS', 'mapping' : 'REFERENCE',
          'name' : 'm.rmap', 'observatory' : 'TMT',
          'parkey' : (('META.INSTRUMENT.DETECTOR',), ('NGROUPS', 'FLAG'), ('DATE-OBS', 'TIME-OBS')),
      }
      selector = Match({
          'IMG1|IMG2' : Match({
              (8, True) : UseAfter({ '2020-01-01 00:00:00' : 'eight.fits' }),
              (('9', '10.0'), 'N/A') : UseAfter({ '2020-01-01 00:00:00' : 'more.fits' }),
          }),
          'IFU' : 'N/A',
      })
      """
    let rules = try ReferenceRules(text: text, name: "m.rmap")
    var header = Self.header
    header["NGROUPS"] = "8"
    header["FLAG"] = "T"
    #expect(rules.bestReference(header: header).file == "eight.fits")
    header["NGROUPS"] = "1e1"
    #expect(rules.bestReference(header: header).file == "more.fits")
    header["DETECTOR"] = "IFU"
    #expect(rules.bestReference(header: header) == .notApplicable(rmap: "m.rmap"))
  }

  @Test func checksumsAreJudgedByPolicy() throws {
    let cache = try TemporaryCache()
    let text = try cache.text("tmt_iris_mask_0001.rmap")
    try cache.write(text.replacing("bad-pixel masks", with: "masks"), as: "tmt_iris_mask_0001.rmap")
    let place = RulesCache(path: cache.path)
    let warned = try RulesContext(cache: place, context: "tmt_0001.pmap")
    #expect(warned.warnings.count == 1)
    #expect(warned.warnings.first?.hasPrefix("tmt_iris_mask_0001.rmap: the sha1sum says ") == true)
    let error = #expect(throws: ReferencesError.self) {
      try RulesContext(cache: place, context: "tmt_0001.pmap", checksums: .refuse)
    }
    #expect(error?.code == "mapping-checksum")
    #expect(try RulesContext(cache: place, context: "tmt_0001.pmap", checksums: .ignore).warnings.isEmpty)
  }

  @Test func brokenContextsSayWhatIsMissing() throws {
    let cache = try TemporaryCache()
    func code(_ context: String) -> String? {
      #expect(throws: ReferencesError.self) { try RulesContext(cachePath: cache.path, context: context) }?
        .code
    }
    #expect(code("tmt_0009.pmap") == "mapping-missing")
    #expect(code("../tmt_0001.pmap") == "context-name")
    #expect(code("tmt_iris_0001.imap") == "context-name")
    let pmap = try cache.text("tmt_0001.pmap")
    try cache.write(pmap.replacing("tmt_iris_0001.imap", with: "tmt_0008.pmap"), as: "tmt_0008.pmap")
    #expect(code("tmt_0008.pmap") == "mapping-cycle")
    try cache.write(
      pmap.replacing("tmt_iris_0001.imap", with: "tmt_iris_mask_0001.rmap"), as: "tmt_0007.pmap")
    #expect(code("tmt_0007.pmap") == "mapping-kind")
    try FileManager.default.removeItem(atPath: "\(cache.path)/mappings/tmt/tmt_iris_flat_0001.rmap")
    #expect(code("tmt_0001.pmap") == "mapping-missing")
  }

  @Test func flatCachesWork() throws {
    let cache = try TemporaryCache(from: GoldenRules.folder.appending(path: "cache/mappings/tmt"))
    try Data("x".utf8).write(to: URL(filePath: "\(cache.path)/tmt_iris_dark_0001.fits"))
    let context = try RulesContext(cachePath: cache.path, context: "tmt_0001.pmap")
    #expect(context.referencePath(file: "tmt_iris_dark_0001.fits") == "\(cache.path)/tmt_iris_dark_0001.fits")
    #expect(context.referencePath(file: "../secret") == nil)
    #expect(try context.cache.contextNames() == ["tmt_0001.pmap"])
  }
}

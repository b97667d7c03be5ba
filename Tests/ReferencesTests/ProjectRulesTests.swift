import Foundation
import References
import Testing

/// The rules that a new archive starts with (`crds/`), and what insertion makes of them.
@Suite struct ProjectRulesTests {
  static let dark: [String: String] = [
    "INSTRUME": "IRIS", "DETECTOR": "IMG1", "SUBARRAY": "FULL", "SUBSTRT1": "1", "SUBSTRT2": "1",
    "SUBSIZE1": "4096", "SUBSIZE2": "4096", "READMODE": "UTR", "NGROUPS": "16", "NREADS": "1", "NCOADDS": "1",
    "EXPTIME": "100.0", "DATE-OBS": "2026-07-14", "TIME-OBS": "09:12:44",
  ]

  private func dark(_ changes: [String: String]) -> [String: String] {
    Self.dark.merging(changes) { $1 }
  }

  @Test func freshRulesAreValidAndEmpty() throws {
    let context = try RulesContext(
      cache: RulesCache(path: TemporaryCache.projectRules.path(percentEncoded: false)),
      context: "tmt_0001.pmap",
      checksums: .refuse)
    #expect(context.warnings.isEmpty)
    #expect(
      context.types == [
        "bias", "dark", "distortion", "flat", "gain", "mask", "nonlincoeff", "photom", "readnoise",
        "saturation",
      ])
    for type in context.types {
      guard case .noMatch(let reason) = context.bestReference(type: type, header: Self.dark) else {
        Issue.record("\(type) found something")
        continue
      }
      #expect(reason.hasPrefix("tmt_iris_\(type)_0001.rmap has no rows yet"))
    }
    let lenslet = dark(["INSTMODE": "LENSLET", "DETECTOR": "IFU"])
    #expect(
      context.bestReference(type: "flat", header: lenslet) == .notApplicable(rmap: "tmt_iris_flat_0001.rmap"))
  }

  @Test func insertedDarkServesItsOwnSetUpOnly() throws {
    let cache = try TemporaryCache()
    let inserter = cache.inserter
    let name = try inserter.nextReferenceName(type: "DARK")
    #expect(name == "tmt_iris_dark_0001.fits")
    try cache.addReference(name)
    let base = try RulesContext(cachePath: cache.path, context: "tmt_0001.pmap")
    let row = try #require(base.rules(type: "dark")).matchValues(header: Self.dark)
    #expect(
      row == ["IMG1", "FULL", "N/A", "N/A", "N/A", "N/A", "UTR", "16", "1", "1", "between 99.99 100.01"])
    let made = try inserter.insert(
      file: name, type: "dark", matchValues: row, useAfter: "2026-04-15 09:00:00", into: "tmt_0001.pmap")
    #expect(made == "tmt_0002.pmap")
    let context = try RulesContext(
      cache: RulesCache(path: cache.path), context: made, checksums: .refuse)
    #expect(context.mappings.contains("tmt_iris_0002.imap"))
    #expect(context.mappings.contains("tmt_iris_dark_0002.rmap"))
    #expect(try cache.text("tmt_iris_dark_0002.rmap").contains("'derived_from' : 'tmt_iris_dark_0001.rmap'"))
    #expect(try cache.text("tmt_0002.pmap").contains("'derived_from' : 'tmt_0001.pmap'"))
    let wanted = LookupResult.found(
      file: name, rmap: "tmt_iris_dark_0002.rmap",
      row: "('IMG1', 'FULL', 'N/A', 'N/A', 'N/A', 'N/A', 'UTR', '16', '1', '1', 'between 99.99 100.01')",
      useAfter: "2026-04-15 09:00:00")
    #expect(context.bestReference(type: "dark", header: Self.dark) == wanted)
    #expect(
      context.bestReference(type: "dark", header: dark(["EXPTIME": "100.009", "DETECTOR": "IRIS1"])) == wanted
    )
    #expect(context.referencePath(file: name)?.hasSuffix("/references/tmt/iris/\(name)") == true)
    for other in [
      ["EXPTIME": "100.011"], ["EXPTIME": "99.98"], ["READMODE": "CDS"], ["NGROUPS": "8"], ["NCOADDS": "2"],
      ["DETECTOR": "IMG2"], ["SUBARRAY": "CUSTOM"], ["DATE-OBS": "2026-04-14"],
    ] {
      #expect(context.bestReference(type: "dark", header: dark(other)).file == nil, "\(other)")
    }
    #expect(
      base.bestReference(type: "dark", header: Self.dark).file == nil, "the old context stays as it was")
  }

  @Test func subarraysMatchByWindow() throws {
    let cache = try TemporaryCache()
    try cache.addReference("tmt_iris_dark_0001.fits")
    let window = dark(["SUBARRAY": "CUSTOM", "SUBSTRT1": "1001", "SUBSIZE1": "64", "SUBSIZE2": "64"])
    let rules = try #require(
      try RulesContext(cachePath: cache.path, context: "tmt_0001.pmap").rules(type: "dark"))
    let row = rules.matchValues(header: window)
    #expect(Array(row[1...5]) == ["CUSTOM", "1001", "1", "64", "64"])
    let made = try cache.inserter.insert(
      file: "tmt_iris_dark_0001.fits", type: "dark", matchValues: row, useAfter: "2026-01-01 00:00:00",
      into: "tmt_0001.pmap")
    let context = try RulesContext(cachePath: cache.path, context: made)
    #expect(context.bestReference(type: "dark", header: window).file == "tmt_iris_dark_0001.fits")
    let elsewhere = window.merging(["SUBSTRT1": "1002"]) { $1 }
    guard case .noMatch(let reason) = context.bestReference(type: "dark", header: elsewhere) else {
      Issue.record("another window may not match")
      return
    }
    #expect(reason.contains("wants META.SUBARRAY.XSTART='1001' instead of '1002.0'"))
  }

  @Test func rowValuesAreQuotedAndCanonical() throws {
    let rules = try #require(
      try RulesContext(
        cachePath: TemporaryCache.projectRules.path(percentEncoded: false), context: "tmt_0001.pmap"
      ).rules(type: "flat"))
    let values = rules.matchValues(header: [
      "DETECTOR": "iris1 ", "FILTER": "K|H", "PUPIL": "CLEAR", "SCALE": "0.004", "INSTMODE": "IMG",
    ])
    #expect(values == ["IMG1", "{K|H}", "CLEAR", "UNDEFINED", "0.004", "IMG"])
  }
}

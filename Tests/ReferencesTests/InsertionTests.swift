import Foundation
import References
import Testing

@Suite struct InsertionTests {
  private static let row = ["IMG1"]

  private func cache(references: Int = 3) throws -> TemporaryCache {
    let cache = try TemporaryCache()
    for number in 1...references { try cache.addReference("tmt_iris_mask_000\(number).fits") }
    return cache
  }

  private func date(_ text: String) throws -> Date { try Date(text + "Z", strategy: .iso8601) }

  @Test func repeatingAnInsertionChangesNothing() throws {
    let cache = try cache()
    func insert(into context: String) throws -> String {
      try cache.inserter.insert(
        file: "tmt_iris_mask_0001.fits", type: "MASK", matchValues: Self.row, useAfter: "2026-01-01 00:00:00",
        into: context)
    }
    #expect(try insert(into: "tmt_0001.pmap") == "tmt_0002.pmap")
    let files = try cache.names(of: "mappings/tmt")
    #expect(try insert(into: "tmt_0002.pmap") == "tmt_0002.pmap", "the row says so already")
    #expect(try insert(into: "tmt_0001.pmap") == "tmt_0002.pmap", "a context derived from it says so already")
    #expect(try cache.names(of: "mappings/tmt") == files)
  }

  @Test func whatACrashLeftIsTakenUp() throws {
    let cache = try cache()
    let made = try cache.inserter.insert(
      file: "tmt_iris_mask_0001.fits", type: "mask", matchValues: Self.row, useAfter: "2026-01-01 00:00:00",
      into: "tmt_0001.pmap")
    let whole = try cache.names(of: "mappings/tmt")
    try FileManager.default.removeItem(atPath: "\(cache.path)/mappings/tmt/\(made)")
    let again = try cache.inserter.insert(
      file: "tmt_iris_mask_0001.fits", type: "mask", matchValues: Self.row, useAfter: "2026-01-01 00:00:00",
      into: "tmt_0001.pmap")
    #expect(again == made)
    #expect(try cache.names(of: "mappings/tmt") == whole)
  }

  @Test func aMasterGivesWayToAPersonsReferenceOfItsDate() {
    func dated(_ pairs: [(String, String)]) -> [DatedReference] {
      pairs.map { DatedReference(useAfter: $0.0, file: $0.1) }
    }
    let masters = dated([("2026-07-01 23:59:59", "a.fits"), ("2026-07-02 00:00:00", "b.fits")])
    let kept = dated([("2026-07-01 23:59:59", "p.fits"), ("2026-07-03 00:00:00", "q.fits")])
    #expect(
      UseAfterPlan.merged(masters, beside: kept)
        == dated([
          ("2026-07-01 23:59:59", "p.fits"), ("2026-07-02 00:00:00", "a.fits"),
          ("2026-07-02 00:00:01", "b.fits"), ("2026-07-03 00:00:00", "q.fits"),
        ]))
  }

  @Test func midpointsMakeTheNearestTheLastBefore() throws {
    let cache = try cache()
    let masters = [
      (epoch: try date("2026-03-11T12:00:00"), file: "tmt_iris_mask_0003.fits"),
      (epoch: try date("2026-03-01T12:00:00"), file: "tmt_iris_mask_0001.fits"),
      (epoch: try date("2026-03-05T12:00:00"), file: "tmt_iris_mask_0002.fits"),
    ]
    let dated = UseAfterPlan.dated(masters)
    #expect(dated.map(\.useAfter) == ["2025-12-01 12:00:00", "2026-03-03 12:00:00", "2026-03-08 12:00:00"])
    let first = try cache.inserter.insert(
      rows: [RowUpdate(type: "mask", matchValues: Self.row, references: Array(dated.prefix(1)))],
      into: "tmt_0001.pmap")
    let second = try cache.inserter.insert(
      rows: [RowUpdate(type: "mask", matchValues: Self.row, references: dated)], into: first)
    #expect(second == "tmt_0003.pmap")
    let context = try RulesContext(cachePath: cache.path, context: second)
    #expect(context.rules(type: "mask")?.references(matchValues: Self.row) == dated)
    for day in 1...20 {
      let frame = try date("2026-03-\(day < 10 ? "0" : "")\(day)T20:00:00")
      let nearest = masters.min {
        abs($0.epoch.timeIntervalSince(frame)) < abs($1.epoch.timeIntervalSince(frame))
      }
      let header = [
        "INSTRUME": "IRIS", "DETECTOR": "IMG1", "DATE-OBS": useAfterText(frame).replacing(" ", with: "T"),
      ]
      #expect(context.bestReference(type: "mask", header: header).file == nearest?.file)
    }
    let emptied = try cache.inserter.insert(
      rows: [RowUpdate(type: "mask", matchValues: Self.row, references: [])], into: second)
    #expect(
      try RulesContext(cachePath: cache.path, context: emptied).rules(type: "mask")?.rows.isEmpty == true)
  }

  @Test func severalRowsMakeOneContext() throws {
    let cache = try cache()
    try cache.addReference("tmt_iris_flat_0001.fits")
    let date = "2026-01-01 00:00:00"
    let made = try cache.inserter.insert(
      rows: [
        RowUpdate(
          type: "flat", matchValues: ["IMG1", "K", "CLEAR", "UNDEFINED", "0.004", "IMG"],
          references: [DatedReference(useAfter: date, file: "tmt_iris_flat_0001.fits")]),
        RowUpdate(
          type: "mask", matchValues: ["IMG2"],
          references: [DatedReference(useAfter: date, file: "tmt_iris_mask_0002.fits")]),
      ], into: "tmt_0001.pmap")
    let context = try RulesContext(cachePath: cache.path, context: made)
    #expect(
      context.mappings.sorted() == [
        "tmt_0002.pmap", "tmt_iris_0002.imap", "tmt_iris_bias_0001.rmap", "tmt_iris_dark_0001.rmap",
        "tmt_iris_distortion_0001.rmap", "tmt_iris_flat_0002.rmap", "tmt_iris_gain_0001.rmap",
        "tmt_iris_mask_0002.rmap",
        "tmt_iris_nonlincoeff_0001.rmap", "tmt_iris_photom_0001.rmap", "tmt_iris_readnoise_0001.rmap",
        "tmt_iris_saturation_0001.rmap",
      ])
  }

  @Test func badInsertionsLeaveNoTrace() throws {
    let cache = try cache()
    let before = try cache.names(of: "mappings/tmt")
    let cases: [(type: String, row: [String], date: String, file: String, code: String)] = [
      ("mask", ["IMG1", "K"], "2026-01-01 00:00:00", "tmt_iris_mask_0001.fits", "row-invalid"),
      ("mask", ["between 5 1"], "2026-01-01 00:00:00", "tmt_iris_mask_0001.fits", "row-invalid"),
      ("mask", ["IMG1"], "2026-02-30 00:00:00", "tmt_iris_mask_0001.fits", "row-invalid"),
      ("mask", ["IMG1"], "2026-01-01", "tmt_iris_mask_0001.fits", "row-invalid"),
      ("mask", ["IMG1"], "2026-01-01 00:00:00", "absent.fits", "reference-missing"),
      ("mask", ["IMG1"], "2026-01-01 00:00:00", "../../../etc/passwd", "reference-missing"),
      ("linemask", ["IMG1"], "2026-01-01 00:00:00", "tmt_iris_mask_0001.fits", "no-rules-for-type"),
    ]
    for bad in cases {
      let error = #expect(throws: ReferencesError.self) {
        try cache.inserter.insert(
          file: bad.file, type: bad.type, matchValues: bad.row, useAfter: bad.date, into: "tmt_0001.pmap")
      }
      #expect(error?.code == bad.code, "\(bad)")
    }
    #expect(try cache.names(of: "mappings/tmt") == before)
  }

  @Test func referenceFilesAreInstalledOnce() throws {
    let cache = try cache(references: 1)
    let source = "\(cache.path)/master.fits"
    try Data("new master".utf8).write(to: URL(filePath: source))
    let name = try cache.inserter.nextReferenceName(type: "mask")
    #expect(name == "tmt_iris_mask_0002.fits")
    let path = try cache.inserter.install(source, as: name)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new master")
    #expect(try cache.inserter.install(source, as: name) == path)
    let error = #expect(throws: ReferencesError.self) {
      try cache.inserter.install(source, as: "tmt_iris_mask_0001.fits")
    }
    #expect(error?.code == "reference-name")
  }

  @Test func publishedRulesTakeAReference() throws {
    let cache = try TemporaryCache(from: GoldenRules.folder.appending(path: "cache"))
    try FileManager.default.createDirectory(
      atPath: "\(cache.path)/references/tmt/iris", withIntermediateDirectories: true)
    try cache.addReference("tmt_iris_flat_0004.fits")
    let made = try cache.inserter.insert(
      file: "tmt_iris_flat_0004.fits", type: "flat", matchValues: ["IRIS1", "K", "CLEAR"],
      useAfter: "2026-01-01 00:00:00", into: "tmt_0001.pmap")
    #expect(made == "tmt_0002.pmap")
    let context = try RulesContext(cachePath: cache.path, context: made)
    #expect(context.mappings.contains("tmt_iris_0004.imap"))
    #expect(context.rules(type: "flat")?.references(matchValues: ["IRIS1", "K", "CLEAR"]).count == 2)
    #expect(context.warnings.isEmpty)
  }

  @Test(arguments: ["IRIS1", "IMG1"])
  func theFirstDetectorIsWrittenAsTheRulesWriteIt(detector: String) throws {
    let published = try RulesContext(cachePath: GoldenRules.cachePath, context: "tmt_0001.pmap")
    let header = ["DETECTOR": detector, "FILTER": "K", "PUPIL": "CLEAR"]
    #expect(published.rules(type: "flat")?.matchValues(header: header) == ["IRIS1", "K", "CLEAR"])
    let project = TemporaryCache.projectRules.path(percentEncoded: false)
    let own = try RulesContext(cachePath: project, context: "tmt_0001.pmap")
    #expect(own.rules(type: "mask")?.matchValues(header: header) == ["IMG1"])
    let second = published.rules(type: "flat")?.matchValues(
      header: header.merging(["DETECTOR": "IMG2"]) { $1 })
    #expect(second == ["IMG2", "K", "CLEAR"])
  }
}

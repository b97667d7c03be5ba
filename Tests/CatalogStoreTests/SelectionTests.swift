import CatalogStore
import Testing

@Suite struct SelectionTests {
  private func names(_ fixture: CatalogFixture, _ change: (inout Selection) throws -> Void) throws -> [String]
  {
    var selection = Selection()
    try change(&selection)
    return try fixture.reader.query(selection, columns: ["name"]).rows.map { $0[0].description }
  }

  @Test func columnsComeAsAskedFor() throws {
    let fixture = try CatalogFixture()
    try fixture.record(fixture.frame("a.fits", 7))
    let found = try fixture.reader.query(Selection())
    #expect(
      found.columns.map(\.name) == [
        "name", "level", "obstype", "obsname", "detector", "filter", "object", "date_obs", "exptime", "state",
        "reason", "path",
      ])
    #expect(found.rows[0][7].description == "2026-07-02T13:46:47.000Z")
    #expect(found.rows[0][11] == .text("/data/a.fits"))
    #expect { try fixture.reader.query(Selection(), columns: ["stat"]) } throws: {
      ($0 as? CatalogError)?.hint?.contains("state") == true
    }
  }

  @Test func globsAndNames() throws {
    let fixture = try CatalogFixture()
    try fixture.record(fixture.frame("a.fits", 1) { $0.obsname = "LEN-SCI" })
    try fixture.record(fixture.frame("b.fits", 2) { $0.obsname = "LEN-SKY" })
    try fixture.record(fixture.frame("odd[1]*.fits", 3))
    #expect(try names(fixture) { $0.patterns["obsname"] = ["LEN-*"] } == ["a.fits", "b.fits"])
    #expect(
      try names(fixture) { $0.patterns["obsname"] = ["LEN-SKY", "IMG1-SCI"] } == ["b.fits", "odd[1]*.fits"])
    #expect(try names(fixture) { $0.names = ["a"] } == ["a.fits"])
    #expect(try names(fixture) { $0.names = ["/data/b.fits"] } == ["b.fits"])
    #expect(try names(fixture) { $0.names = ["odd[1]*"] } == ["odd[1]*.fits"])
    #expect(try names(fixture) { $0.names = ["' OR 1=1 --"] } == [])
  }

  @Test func limitTellsHowManyThereAre() throws {
    let fixture = try CatalogFixture()
    for n in 0..<5 { try fixture.record(fixture.frame("f\(n).fits", n)) }
    let found = try fixture.reader.query(Selection(), columns: ["name"], limit: 2)
    #expect(found.rows.count == 2 && found.total == 5)
  }

  @Test func coneIsExactAlsoAcrossZeroAndAtThePole() throws {
    let fixture = try CatalogFixture()
    for (n, position) in [(0.001, 10.0), (359.999, 10.0), (0.01, 10.0), (180.0, 89.9999)].enumerated() {
      try fixture.record(
        fixture.frame("f\(n).fits", n) {
          $0.ra = position.0
          $0.dec = position.1
        })
    }
    try fixture.record(fixture.frame("nowhere.fits", 9))
    #expect(
      try names(fixture) { $0.cone = try SelectionCone(text: "0,10", radiusArcseconds: 5) } == [
        "f0.fits", "f1.fits",
      ])
    // 0.0002 degrees over the pole from the other side.
    #expect(
      try names(fixture) { $0.cone = try SelectionCone(text: "0,89.9999", radiusArcseconds: 1) } == [
        "f3.fits"
      ])
    #expect(
      try names(fixture) { $0.cone = try SelectionCone(text: "00:00:00.24,+10:00:00", radiusArcseconds: 1) }
        == ["f0.fits"])
    #expect(throws: CatalogError.self) { try SelectionCone(text: "400,10", radiusArcseconds: 5) }
  }

  @Test func keywordsComeFromTheIndexElseFromHeaders() throws {
    let fixture = try CatalogFixture()
    try fixture.record(
      fixture.frame("a.fits", 1, headers: "LAMP    = 'ARC'") { $0.keywords = ["GAIN": "2.0"] })
    try fixture.record(fixture.frame("b.fits", 2, headers: "LAMP    = 'OFF'") { $0.keywords = ["GAIN": "3"] })
    var selection = Selection()
    selection.keywords = [.init(name: "gain", value: "2")]
    let indexed = try fixture.reader.query(selection, columns: ["name"]) { _, _ in false }
    #expect(indexed.rows == [[.text("a.fits")]] && indexed.scannedHeaders == 0)
    selection.keywords = [.init(name: "LAMP", value: "OFF")]
    let scanned = try fixture.reader.query(selection, columns: ["name"]) { headers, keywords in
      keywords == [.init(name: "LAMP", value: "OFF")] && headers.contains { $0.text.contains("'OFF'") }
    }
    #expect(scanned.rows == [[.text("b.fits")]] && scanned.scannedHeaders == 2)
    selection.levels = [0]
    #expect(try fixture.reader.query(selection).scannedHeaders == 0)
  }

  @Test func supersededProductsAreHiddenUnlessAskedFor() throws {
    let fixture = try CatalogFixture()
    let raw = try fixture.record(fixture.frame("raw.fits", 1))
    for version in 1...2 {
      _ = try fixture.reduce(
        "a1", pipeline: "imager_level2", members: [(raw, 1, "science")],
        product: fixture.frame("cal_v\(version).fits", 10 + version, state: "current") { $0.level = 2 },
        kind: "cal", version: version)
    }
    #expect(try names(fixture) { $0.levels = [2] } == ["cal_v2.fits"])
    #expect(
      try names(fixture) {
        $0.levels = [2]
        $0.includesSuperseded = true
      } == ["cal_v1.fits", "cal_v2.fits"])
    #expect(try names(fixture) { $0.patterns["state"] = ["superseded"] } == ["cal_v1.fits"])
    var one = Selection()
    one.names = ["cal_v2"]
    let row = try fixture.reader.query(one, columns: ["version", "association", "pipeline", "job"]).rows[0]
    #expect(row.map(\.description) == ["2", "a1", "imager_level2", "J000002"])
  }
}

import CatalogStore
import Foundation
import JobContract
import Testing

/// Two darks make a master, the master becomes a reference, the reference serves a science frame.
@Suite struct ProvenanceTests {
  private struct Night {
    let fixture: CatalogFixture
    let darks: [Int64]
    let master: Int64
    let product: Int64

    init() throws {
      fixture = try CatalogFixture()
      let (one, two) = (
        try fixture.record(fixture.frame("d1.fits", 1) { $0.obsname = "IMG1-DRK" }),
        try fixture.record(fixture.frame("d2.fits", 2) { $0.obsname = "IMG1-DRK" })
      )
      darks = [one, two]
      let science = try fixture.record(fixture.frame("sci.fits", 3))
      master = try fixture.reduce(
        "dark-1", pipeline: "create_dark", members: [(one, 1, "dark"), (two, 2, "dark")],
        product: fixture.frame("master_dark.fits", 20, state: "current"), kind: "dark")
      try fixture.writer.recordReference(
        ReferenceRecord(
          file: "tmt_iris_dark_0001.fits", type: "dark", frameID: master, sha256: CatalogFixture.sha(20),
          epoch: 0,
          rowKey: "('IMG1',)", context: "tmt_0002.pmap", state: "inserted", reason: nil), at: 50)
      product = try fixture.reduce(
        "sci-1", pipeline: "imager_level2", members: [(science, 3, "science")],
        product: fixture.frame("sci_cal.fits", 30, state: "current") { $0.level = 2 }, kind: "cal",
        references: [
          ResolvedReference(
            type: "dark", origin: .context, path: "/crds/tmt_iris_dark_0001.fits",
            sha256: CatalogFixture.sha(20),
            context: "tmt_0002.pmap", rule: "tmt_iris_dark_0002.rmap ('IMG1',)",
            useAfter: "2026-07-01 00:00:00",
            level: 0, distanceSeconds: 3600),
          ResolvedReference(type: "flat", origin: .none, reason: "no flat of this filter"),
        ])
    }
  }

  @Test func treeGoesDownToRawFilesWithAllThatMatched() throws {
    let night = try Night()
    let tree = try night.fixture.reader.provenance(frame: night.product).tree()
    for part in [
      "sci_cal.fits", "science: sci.fits", "reference dark: tmt_iris_dark_0001.fits", "context tmt_0002.pmap",
      "rule tmt_iris_dark_0002.rmap", "match level 0", "distance 3600 s", CatalogFixture.sha(20),
      "dark: d1.fits",
      "dark: d2.fits", CatalogFixture.sha(2), "create_dark", "reference flat: none (no flat of this filter)",
      "irisarchive 0.1.0", "dark_current",
    ] {
      #expect(tree.contains(part), "\(part) is missing in\n\(tree)")
    }
    #expect(tree.split(separator: "\n").contains { $0.hasPrefix("    dark: d1.fits") }, "\(tree)")
  }

  @Test func aMasterIsFoundByItsNameAsAReference() throws {
    let night = try Night()
    let found = try night.fixture.reader.subjects(named: "tmt_iris_dark_0001")
    guard case .frame(let frame)? = found.first else { throw FixtureFault() }
    #expect(found.count == 1 && frame.id == night.master)
  }

  @Test func downstreamOfARawDarkReachesTheScience() throws {
    let night = try Night()
    let graph = try night.fixture.reader.provenance(frame: night.darks[0])
    let tree = graph.tree()
    #expect(tree.contains("used for") && tree.contains("master_dark.fits") && tree.contains("sci_cal.fits"))
    #expect(graph.maker(of: graph.root) == nil)
  }

  @Test func provJSONIsClosed() throws {
    let night = try Night()
    let text = try night.fixture.reader.provenance(frame: night.product).provJSON()
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]])
    let entities = try #require(document["entity"])
    let activities = try #require(document["activity"])
    #expect(entities.count == 5 && activities.count == 2)
    for relation in ["used", "wasGeneratedBy"] {
      for value in try #require(document[relation]).values {
        let members = try #require(value as? [String: Any])
        #expect(entities[try #require(members["prov:entity"] as? String)] != nil)
        #expect(activities[try #require(members["prov:activity"] as? String)] != nil)
      }
    }
    #expect(document["used"]?.count == 4 && document["wasDerivedFrom"]?.count == 4)
  }

  @Test func dotQuotesHostileNames() throws {
    let fixture = try CatalogFixture()
    let id = try fixture.record(fixture.frame("a\"];\nb.fits", 1))
    let dot = try fixture.reader.provenance(frame: id).dot()
    #expect(dot.contains("label=\"a\\\"]; b.fits"))
    #expect(dot.split(separator: "\n").count == 5)
  }

  @Test func gapsAreFound() throws {
    let night = try Night()
    #expect(try night.fixture.reader.provenanceGaps(product: night.product) == [])
    try night.fixture.writer.recordReference(
      ReferenceRecord(
        file: "tmt_iris_dark_0001.fits", type: "dark", frameID: night.master, sha256: CatalogFixture.sha(99),
        epoch: 0, rowKey: "('IMG1',)", context: "tmt_0002.pmap", state: "inserted", reason: nil), at: 60)
    #expect(try night.fixture.reader.provenanceGaps(product: night.product).count == 1)
  }
}

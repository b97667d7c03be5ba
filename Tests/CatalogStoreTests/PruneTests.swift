import CatalogStore
import Foundation
import Testing

@Suite struct PruneTests {
  /// A product whose file is really there.
  private func product(_ fixture: CatalogFixture, _ name: String, _ n: Int) throws -> NewFrame {
    var frame = fixture.frame(name, n, state: "current")
    frame.place.path = "\(fixture.folder)/\(name)"
    try Data([1]).write(to: URL(fileURLWithPath: frame.place.path))
    return frame
  }

  /// Two versions of one product; the second is recorded at 110.
  private func twoVersions(_ fixture: CatalogFixture, kind: String = "rate") throws -> (
    raw: Int64, old: Int64
  ) {
    let raw = try fixture.record(fixture.frame("raw.fits", 1))
    let made = try [(1, "p.fits", 11), (2, "p_v02.fits", 12)].map { version, name, n in
      try fixture.reduce(
        "asn", pipeline: "readout", members: [(raw, 1, "science")],
        product: product(fixture, name, n), kind: kind, version: version)
    }
    return (raw, made[0])
  }

  @Test func onlyWhatIsSupersededLongEnoughGoesAndItsRecordStays() throws {
    let fixture = try CatalogFixture()
    let (raw, old) = try twoVersions(fixture)
    #expect(try fixture.reader.pruneCandidates(supersededBefore: 109) == [])
    let found = try fixture.reader.pruneCandidates(supersededBefore: 110)
    #expect(found.map(\.product.id) == [old] && found.first?.successor == "p_v02.fits")
    #expect(found.first?.keep == nil && found.first?.supersededAt == 110)
    var removed: [String?] = []
    #expect(try fixture.writer.prune(product: old, at: 200) { removed.append($0.product.path) } == nil)
    #expect(removed == [fixture.folder + "/p.fits"])
    guard case .frame(let record) = try fixture.reader.subjects(named: "p.fits").first else {
      Issue.record("the record is gone")
      return
    }
    #expect(record.state == "superseded" && record.path == nil && record.sha256 == CatalogFixture.sha(11))
    #expect(record.reason?.hasPrefix("superseded by p_v02.fits; its file was pruned ") == true)
    #expect(try fixture.reader.provenanceGaps(product: old) == [])
    #expect(try fixture.reader.pruneCandidates(supersededBefore: 1e9) == [])
    // Raw files and what is current are refused even by number.
    for id in [raw, old + 1, old] {
      #expect(try fixture.writer.prune(product: id, at: 201) { _ in Issue.record("removed") } != nil)
    }
  }

  @Test func nothingGoesWhenTheLaterVersionIsNotOnTheDisk() throws {
    let fixture = try CatalogFixture()
    let old = try twoVersions(fixture).old
    try FileManager.default.removeItem(atPath: fixture.folder + "/p_v02.fits")
    #expect(
      try fixture.reader.pruneCandidates(supersededBefore: 110).map(\.keep) == [
        "no later version of it has a file"
      ])
    #expect(try fixture.writer.prune(product: old, at: 200) { _ in Issue.record("removed") } != nil)
  }

  @Test func aFailedRemovalChangesNothing() throws {
    let fixture = try CatalogFixture()
    let old = try twoVersions(fixture).old
    #expect(throws: CatalogError.self) {
      try fixture.writer.prune(product: old, at: 200) { _ in throw FixtureFault() }
    }
    #expect(
      try fixture.reader.pruneCandidates(supersededBefore: 110).map(\.product.path) == [
        fixture.folder + "/p.fits"
      ])
  }

  @Test func whatAProductInUseWasMadeOfStays() throws {
    let fixture = try CatalogFixture()
    let raw = try fixture.record(fixture.frame("raw.fits", 1))
    let old = try fixture.reduce(
      "asn", pipeline: "readout", members: [(raw, 1, "science")],
      product: fixture.frame("p.fits", 11, state: "current"), kind: "rate")
    let cal = try fixture.reduce(
      "next", pipeline: "imager_level2", members: [(old, 11, "science")],
      product: product(fixture, "cal.fits", 21), kind: "cal")
    let new = try fixture.reduce(
      "asn", pipeline: "readout", members: [(raw, 1, "science")],
      product: product(fixture, "p_v02.fits", 12), kind: "rate", version: 2)
    let kept = try fixture.reader.pruneCandidates(supersededBefore: 1e9)
    #expect(
      kept.map(\.product.id) == [old] && kept.first?.keep == "cal.fits, which is in use, was made of it")
    #expect(
      try fixture.writer.prune(product: old, at: 200) { _ in Issue.record("removed") } == kept.first?.keep)
    // Once that is superseded too, both may go.
    _ = try fixture.reduce(
      "next", pipeline: "imager_level2", members: [(new, 12, "science")],
      product: product(fixture, "cal_v02.fits", 22), kind: "cal", version: 2)
    let free = try fixture.reader.pruneCandidates(supersededBefore: 1e9)
    #expect(Set(free.map(\.product.id)) == [old, cal] && free.compactMap(\.keep).isEmpty, "\(free)")
  }

  /// An exposure that only came before, for the sake of its afterimage, is nothing that a product was made of.
  @Test func whatOnlyPrecededAProductMayGo() throws {
    let fixture = try CatalogFixture()
    let (_, old) = try twoVersions(fixture)
    let raw = try fixture.record(fixture.frame("next.fits", 2))
    _ = try fixture.reduce(
      "next", pipeline: "readout", members: [(raw, 2, "science"), (old, 11, "previous")],
      product: product(fixture, "next_rate.fits", 21), kind: "rate")
    let free = try fixture.reader.pruneCandidates(supersededBefore: 1e9)
    #expect(free.map(\.product.id) == [old] && free.first?.keep == nil, "\(free)")
  }
}

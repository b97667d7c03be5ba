import CatalogStore
import Testing

/// Nothing is made of a refused association, and what was under way when it was refused is not taken for good.
@Suite struct RefusalTests {
  private let fixture: CatalogFixture

  init() throws { fixture = try CatalogFixture() }

  private func association() throws -> AssociationRecord {
    let frame = try fixture.record(fixture.frame("a.fits", 1))
    try fixture.close("asn", of: frame)
    return try #require(try fixture.reader.association(named: "asn"))
  }

  private func queue(_ association: AssociationRecord, key: Int) throws -> JobRecord {
    let name = try #require(
      try fixture.writer.queue(
        .init(
          association: association.id, pipeline: "p", key: CatalogFixture.sha(key), priority: 1, spec: "{}"),
        at: 2))
    return try #require(try fixture.reader.job(named: name))
  }

  private func change(_ association: AssociationRecord, _ state: String) throws {
    let update = AssociationUpdate(
      state: state, reason: state == "refused" ? "its field is part of other" : nil,
      settled: state == "refused")
    try fixture.writer.apply(
      .init(actions: [.update(association: association.id, update: update)]), frame: nil, at: 3)
  }

  @Test func jobsThatWaitForItAreCancelledAndRequestsForgotten() throws {
    let association = try association()
    let job = try queue(association, key: 7)
    try fixture.writer.ask([
      .init(associationID: association.id, priority: 1, forced: false, reason: "stale", askedAt: 2)
    ])
    try change(association, "refused")
    let after = try #require(try fixture.reader.job(named: job.name))
    #expect(after.state == "cancelled" && after.reason == "its field is part of other")
    #expect(try fixture.reader.request(association: association.id) == nil)
    // The archive cancelled it: it is no operator's wish, and the same job can be made again.
    try change(association, "closed")
    #expect(try queue(association, key: 7).state == "queued")
  }

  @Test func whatWasBeingMadeIsStaleUntilItIsRefusedNoMore() throws {
    let association = try association()
    try change(association, "refused")
    let product = try fixture.reduce(
      "asn", pipeline: "p", members: [(1, 1, "science")],
      product: fixture.frame("a_i2d.fits", 2, state: "current"), kind: "i2d")
    let made = try #require(try fixture.reader.frame(id: product))
    #expect(made.state == "stale" && made.reason == "its association was refused", "\(made)")
    try change(association, "closed")
    #expect(try fixture.reader.frame(id: product)?.state == "current")
  }
}

import CatalogStore
import Testing

@Suite struct FlagTests {
  private func verdict(_ quality: FrameVerdict.Quality) -> FrameVerdict {
    FrameVerdict(quality: quality, reason: "looked at it", user: "ana")
  }

  @Test func goodReleasesAFrameThatWasHeldForItsName() throws {
    let fixture = try CatalogFixture()
    try fixture.record(fixture.frame("a.fits", 1))
    var other = fixture.frame("a.fits", 2)
    other.place.path = "/other/a.fits"
    let id = try fixture.record(other)
    #expect(try fixture.reader.frame(id: id)?.state == "held")
    let outcome = try fixture.writer.flag(frame: id, verdict(.good), at: 10)
    #expect(outcome.released && outcome.frame.state == "classified" && outcome.frame.reason == nil)
    #expect(outcome.frame.quality == "GOOD")
    #expect(try fixture.reader.unassociated(limit: 10).map(\.id).contains(id))
    let notice = try #require(try fixture.reader.status(now: 11).notices.first)
    #expect(notice.at == 10 && notice.sentence == "flagged GOOD by ana: looked at it")
  }

  @Test func goodLeavesAFrameHeldForAnotherReason() throws {
    let fixture = try CatalogFixture()
    let id = try fixture.record(fixture.frame("a.fits", 1, state: "held", reason: "unknown DETECTOR 'X'"))
    let outcome = try fixture.writer.flag(frame: id, verdict(.good), at: 10)
    #expect(!outcome.released && outcome.frame.state == "held")
    #expect(outcome.frame.reason == "unknown DETECTOR 'X'" && outcome.frame.quality == "GOOD")
  }

  @Test func badMakesProductsStaleToAnyDepth() throws {
    let fixture = try CatalogFixture()
    let raw = try fixture.record(fixture.frame("a.fits", 1))
    let rate = try fixture.reduce(
      "one", pipeline: "readout", members: [(raw, 1, "science")],
      product: fixture.frame(
        "a_rate.fits", 2,
        state: "current"), kind: "rate")
    let cal = try fixture.reduce(
      "two", pipeline: "imager_level2", members: [(rate, 2, "science")],
      product: fixture.frame("a_cal.fits", 3, state: "current"), kind: "cal")
    let outcome = try fixture.writer.flag(frame: raw, verdict(.bad), at: 200)
    #expect(outcome.stale == ["a_rate.fits", "a_cal.fits"])
    for id in [rate, cal] {
      let product = try #require(try fixture.reader.frame(id: id))
      #expect(product.state == "stale")
      #expect(product.reason == "made of a.fits, flagged BAD by ana: looked at it")
    }
    #expect(try fixture.reader.frame(id: raw)?.reason == "flagged BAD by ana: looked at it")
    #expect(try fixture.writer.flag(frame: raw, verdict(.unknown), at: 201).frame.reason == nil)
  }

  /// Later ones wait for earlier requests: one that nothing comes of must not stay.
  @Test func aRequestGoesWithTheOnlyFrameOfItsAssociation() throws {
    let fixture = try CatalogFixture()
    let id = try fixture.record(fixture.frame("a.fits", 1))
    try fixture.close("one", of: id)
    let one = try #require(try fixture.reader.association(named: "one"))
    try fixture.writer.ask([
      .init(associationID: one.id, priority: 5, forced: false, reason: "stale", askedAt: 2)
    ])
    _ = try fixture.writer.flag(frame: id, verdict(.bad), at: 3)
    #expect(try fixture.reader.association(named: "one")?.state == "refused")
    #expect(try fixture.reader.request(association: one.id) == nil)
  }

  @Test func badLeavesWhatStillWaits() throws {
    let fixture = try CatalogFixture()
    let (a, b) = (
      try fixture.record(fixture.frame("a.fits", 1)), try fixture.record(fixture.frame("b.fits", 2))
    )
    try fixture.writer.apply(
      .init(actions: [
        .open(
          name: "darks", rule: "r", pipeline: "create_dark", bucket: "b",
          members: [NewMember(frame: a, exptype: "dark"), NewMember(frame: b, exptype: "dark")],
          update: AssociationUpdate(state: "open"))
      ]), frame: nil, at: 1)
    let darks = try #require(try fixture.reader.association(named: "darks"))
    _ = try fixture.writer.flag(frame: a, verdict(.bad), at: 2)
    #expect(try fixture.reader.members(ofAssociation: darks.id).map(\.frame.id) == [b])
    #expect(try fixture.reader.association(named: "darks")?.state == "open")
    _ = try fixture.writer.flag(frame: b, verdict(.bad), at: 3)
    let refused = try #require(try fixture.reader.association(named: "darks"))
    #expect(refused.state == "refused" && refused.reason?.contains("flagged BAD by ana") == true)
  }
}

import CatalogStore
import Testing

/// Which frames make one mosaic, as they come, go and come back.
@Suite struct MosaicSetTests {
  /// Fields of 8 arcsec, 20 arcsec apart: only one between ties them together.
  @Test func aBridgeMakesOneSetOfTwoAndCancelsTheJobOfTheOther() throws {
    let fixture = try MosaicFixture()
    let (west, east) = (try fixture.calibrated(1, east: 0), try fixture.calibrated(2, east: 20))
    let (older, younger) = (try fixture.set(of: west.cal), try fixture.set(of: east.cal))
    #expect(older.id != younger.id && older.state == "closed" && younger.state == "closed")
    let job = try fixture.queue(younger, key: 1)

    let bridge = try fixture.calibrated(3, east: 10)
    let merged = try fixture.set(of: bridge.cal)
    #expect(merged.id == older.id)
    #expect(try fixture.members(merged) == [west.cal, east.cal, bridge.cal])
    let left = try #require(try fixture.reader.association(id: younger.id))
    #expect(left.state == "refused" && left.reason == "its field is part of \(older.name)")
    #expect(try fixture.members(left) == [])
    let after = try #require(try fixture.reader.job(named: job.name))
    #expect(after.state == "cancelled" && after.reason == left.reason)
    #expect(try fixture.reader.unsettledAssociations().map(\.id).contains(merged.id))
  }

  @Test func aMosaicUnderWayWhenItsFieldBecamePartOfAnotherIsStale() throws {
    let fixture = try MosaicFixture()
    _ = try fixture.calibrated(1, east: 0)
    let east = try fixture.calibrated(2, east: 20)
    let younger = try fixture.set(of: east.cal)
    let mosaic = try fixture.mosaic(of: younger, 1) { _ = try fixture.calibrated(3, east: 10) }
    let made = try #require(try fixture.reader.frame(id: mosaic))
    #expect(made.state == "stale" && made.reason?.hasPrefix("its field is part of imager-level3_") == true)
  }

  /// A frame that does not count now goes with its set, and counts there when it may again.
  @Test func aBadMemberGoesWithItsSet() throws {
    let fixture = try MosaicFixture(minimum: 2)
    let west = try fixture.calibrated(1, east: 0)
    let east = [
      try fixture.calibrated(2, east: 20), try fixture.calibrated(3, east: 21, position: 2, of: 2),
    ]
    try fixture.flag(east[1].raw, .bad)
    let bridge = try fixture.calibrated(4, east: 10)
    let merged = try fixture.set(of: bridge.cal)
    #expect(try fixture.members(merged) == [west.cal, east[0].cal, east[1].cal, bridge.cal])
    #expect(try fixture.service.goodMembers(merged).count == 3)
    try fixture.flag(east[1].raw, .good)
    #expect(try fixture.service.goodMembers(merged).count == 4)
  }

  @Test func aSetThatWasRefusedForABadFrameIsMadeWhenItIsGood() throws {
    let fixture = try MosaicFixture(minimum: 2)
    let frames = try (1...2).map { try fixture.calibrated($0, east: 0, position: $0, of: 2) }
    let complete = try fixture.set(of: frames[0].cal)
    #expect(complete.state == "closed")
    try fixture.flag(frames[1].raw, .bad)
    let refused = try #require(try fixture.reader.association(id: complete.id))
    #expect(refused.state == "refused" && refused.reason?.hasPrefix("1 of at least 2 frames") == true)
    #expect(try fixture.reader.unsettledAssociations().allSatisfy { $0.id != complete.id })
    try fixture.flag(frames[1].raw, .good)
    let again = try #require(try fixture.reader.association(id: complete.id))
    #expect(again.state == "closed" && again.reason == nil)
    #expect(try fixture.reader.unsettledAssociations().contains { $0.id == complete.id })
  }

  @Test func nightsArePartedWhereTheRuleSaysSoAndElseAnyNumberOfThemIsOneField() throws {
    let (each, all) = (try MosaicFixture(), try MosaicFixture(equal: "program, filter"))
    for fixture in [each, all] {
      for night in [1, 2, 9, 40] {
        let frame = try fixture.calibrated(night, east: 0, night: night)
        try fixture.mosaic(of: fixture.set(of: frame.cal), night)
      }
    }
    let sets = { (fixture: MosaicFixture) in
      try fixture.reader.associations(state: "closed").filter { $0.rule == "imager-level3" }
    }
    #expect(try sets(each).count == 4)
    #expect(try sets(all).count == 1)
    let one = try #require(try sets(all).first)
    #expect(try all.members(one).count == 4)
  }

  /// A night may have more fields of one programme than are looked through elsewhere.
  @Test func theFirstOfManyFieldsIsFoundAgain() throws {
    let fixture = try MosaicFixture()
    let first = try fixture.calibrated(1, east: 0)
    for n in 2...70 { _ = try fixture.calibrated(n, east: Double(n) * 20) }
    let late = try fixture.calibrated(71, east: 1)
    #expect(try fixture.set(of: late.cal).id == fixture.set(of: first.cal).id)
    #expect(try fixture.members(fixture.set(of: first.cal)) == [first.cal, late.cal])
  }
}

import CatalogStore
import Testing

@Suite struct MissingTests {
  @Test func aMissingFileKeepsTheStateItHadForItsReturn() throws {
    let fixture = try CatalogFixture()
    try fixture.record(fixture.frame("a.fits", 1))
    var other = fixture.frame("a.fits", 2)
    other.place.path = "/other/a.fits"
    let id = try fixture.record(other)
    let before = try #require(try fixture.reader.frame(id: id))
    #expect(before.state == "held")
    #expect(try fixture.writer.markMissing(path: "/other/a.fits", at: 5) == .missing)
    let missing = try #require(try fixture.reader.frame(id: id))
    #expect(
      missing.state == "missing" && missing.path == nil && missing.reason?.contains("/other/a.fits") == true)
    #expect(try fixture.writer.markMissing(path: "/other/a.fits", at: 6) == .unchanged)
    #expect(try fixture.record(other) == id)
    let back = try #require(try fixture.reader.frame(id: id))
    #expect(back.state == "held" && back.reason == before.reason && back.path == "/other/a.fits")
  }

  @Test func aDiskWithAnotherNumberIsWrittenDown() throws {
    let fixture = try CatalogFixture()
    for n in 1...2 { try fixture.record(fixture.frame("\(n).fits", n)) }
    try fixture.writer.renumber([("/data/1.fits", 77)])
    var devices: [String: Int64] = [:]
    try fixture.reader.eachPlace(under: "/data") { devices[$0.path] = $0.device }
    #expect(devices == ["/data/1.fits": 77, "/data/2.fits": 1])
  }

  @Test func aDuplicateThatVanishesOrIsReplacedLeavesTheFirstAlone() throws {
    let fixture = try CatalogFixture()
    // The first must be seen in its place for the second to be a duplicate.
    var first = fixture.frame("a.fits", 1)
    first.place.path = fixture.folder + "/first"
    try fixture.write(&first)
    let id = try fixture.record(first)
    var copy = fixture.frame("b.fits", 1)
    copy.place.path = "/other/b.fits"
    let duplicate = try fixture.record(copy)
    #expect(try fixture.reader.frame(id: duplicate)?.state == "duplicate")
    var replaced = fixture.frame("b.fits", 7)
    replaced.place.path = "/other/b.fits"
    try fixture.record(replaced)
    #expect(try fixture.reader.frame(id: duplicate)?.state == "duplicate")
    var again = fixture.frame("c.fits", 1)
    again.place.path = "/other/c.fits"
    let second = try fixture.record(again)
    #expect(try fixture.writer.markMissing(path: "/other/c.fits", at: 5) == .copyGone)
    #expect(try fixture.reader.frame(id: second)?.state == "duplicate")
    #expect(try fixture.reader.frame(id: id)?.state == "classified")
    #expect(try fixture.reader.integrityProblems() == [])
  }
}

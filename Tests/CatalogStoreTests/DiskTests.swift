import CatalogStore
import Foundation
import Testing

@Suite struct DiskTests {
  private func low(_ path: String, free: UInt64 = 1) -> DiskShortage {
    DiskShortage(path: path, freeBytes: free, reserveBytes: 10)
  }

  private func events(_ fixture: CatalogFixture) throws -> [String] {
    _ = try fixture.writer.dispatchEvents(listeners: { ["disk-low": [.init(hook: "h", refusal: nil)]] })
    return try fixture.writer.deliveries().map { "\($0.type) \($0.subject)" }
  }

  @Test func aDiskThatIsFullIsAnotherCrossingThanOneThatIsLow() throws {
    let fixture = try CatalogFixture()
    try fixture.writer.tellDisks(low: [low("/a")], at: 1)
    var full = low("/a", free: 0)
    full.ballastBytes = 64 << 20
    #expect(try fixture.writer.tellDisks(low: [full], at: 2).began == [full])
    #expect(try fixture.writer.tellDisks(low: [full], at: 3).began == [])
    let told = try #require(try fixture.reader.status(now: 4).diskLow.first)
    #expect(told.state == "full" && told.reason.contains("67 MB kept in catalog/ballast were given up"))
    #expect(try events(fixture) == ["disk-low /a"], "in order per subject: the second waits for the first")
    #expect(try fixture.writer.tellDisks(low: [], at: 5).ended == ["/a"])
  }

  @Test func theBallastIsReallyAllocatedAndGivenUp() throws {
    let fixture = try CatalogFixture()
    let ballast = CatalogBallast(catalog: fixture.folder + "/catalog.sqlite", bytes: 1 << 20)
    #expect(!ballast.isHeld && !ballast.release())
    #expect(ballast.hold() == 0 && ballast.isHeld)
    var status = stat()
    #expect(stat(ballast.path, &status) == 0 && status.st_blocks * 512 >= 1 << 20)
    // Neither zeros nor anything that repeats: a disk that compresses would keep it for nothing.
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: ballast.path)))
    var blocks: Set<ArraySlice<UInt8>> = []
    for begin in stride(from: 0, to: bytes.count, by: 512) { blocks.insert(bytes[begin..<begin + 512]) }
    #expect(blocks.count == 2048)
    // One that only looks as large is none.
    #expect(truncate(ballast.path, 0) == 0 && truncate(ballast.path, 1 << 20) == 0 && !ballast.isHeld)
    #expect(ballast.hold() == 0 && ballast.isHeld && ballast.release() && !ballast.isHeld)
    let tooLarge = CatalogBallast(catalog: fixture.folder + "/catalog.sqlite", bytes: 1 << 50)
    #expect(tooLarge.hold() != 0 && !FileManager.default.fileExists(atPath: tooLarge.path + ".new"))
    #expect(CatalogBallast(catalog: "/x/c", bytes: 0).isHeld)
  }

  @Test func eachCrossingIsToldOnce() throws {
    let fixture = try CatalogFixture()
    let first = try fixture.writer.tellDisks(low: [low("/a")], at: 1)
    #expect(first.began == [low("/a")] && first.ended.isEmpty)
    #expect(try events(fixture) == ["disk-low /a"])
    // Lower still, as the next daemon finds it: no news.
    let second = try fixture.writer.tellDisks(low: [low("/a", free: 0)], at: 2)
    #expect(second.began.isEmpty && second.ended.isEmpty)
    #expect(try fixture.reader.diskShortages() == [low("/a")])
    #expect(try fixture.writer.tellDisks(low: [low("/a"), low("/b")], at: 3).began == [low("/b")])
    #expect(try events(fixture) == ["disk-low /a", "disk-low /b"])
    #expect(try fixture.reader.status(now: 4).diskLow.map(\.name) == ["/a", "/b"])
    #expect(try fixture.writer.tellDisks(low: [], at: 5).ended == ["/a", "/b"])
    #expect(try fixture.reader.diskShortages() == [] && fixture.reader.status(now: 6).diskLow == [])
    // A second crossing is an event of its own.
    #expect(try fixture.writer.tellDisks(low: [low("/a")], at: 7).began == [low("/a")])
    for delivery in try fixture.writer.deliveries() {
      try fixture.writer.settleDelivery(
        event: delivery.event, hook: "h", state: "delivered", nextAt: 0, reason: nil, at: 8)
    }
    #expect(try events(fixture) == ["disk-low /a"])
    #expect(try fixture.reader.status(now: 9).notices.count == 5)
  }
}

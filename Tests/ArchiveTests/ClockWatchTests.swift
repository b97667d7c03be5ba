import Archive
import CatalogStore
import Foundation
import Synchronization
import Testing

@Suite struct ClockWatchTests {
  @Test func onlyAJumpBackIsOne() {
    var watch = ClockWatch()
    // The first look cannot know what happened before it.
    let looks: [(wall: Double, monotonic: Double, jump: Bool)] = [
      (1000, 0, true), (1010, 10, false), (1015, 15.5, false), (5000, 20, false), (4990, 30, true),
      (5000, 40, false), (0, 50, true), (10, 60, false),
    ]
    for look in looks {
      let found = watch.look(wall: look.wall, monotonic: .seconds(look.monotonic))
      #expect(found == look.jump, "\(look)")
    }
  }
}

@Suite struct BallastKeeperTests {
  private final class Disk: Sendable {
    let free = Mutex<UInt64>(100 << 20)
    let folder = "/dev/shm/ballast-\(UUID().uuidString)"
    var path: String { folder + "/ballast" }
    var isThere: Bool { FileManager.default.fileExists(atPath: path) }

    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func keeper(reserve: UInt64 = 0, known: [DiskShortage] = []) -> BallastKeeper {
      BallastKeeper(
        CatalogBallast(catalog: folder + "/catalog.sqlite", bytes: 1 << 20), reserveBytes: reserve,
        known: known,
        probe: { [self] _ in FreeSpace(device: 1, freeBytes: free.withLock { $0 }) })
    }
  }

  @Test func itIsMadeGivenUpWhenTheDiskIsFullAndMadeAgainWithTheReserve() throws {
    let disk = try Disk()
    var keeper = disk.keeper(reserve: 10 << 20)
    let first = keeper.look()
    #expect(!first && disk.isThere && keeper.shortage == nil)
    disk.free.withLock { $0 = 100_000 }
    let full = keeper.look()
    #expect(full && !disk.isThere && keeper.shortage?.ballastBytes == 1 << 20)
    let still = keeper.look()
    #expect(!still && keeper.shortage != nil)
    disk.free.withLock { $0 = 10 << 20 }
    // The next daemon knows that it was given up, and waits for the reserve, too.
    var next = disk.keeper(reserve: 10 << 20, known: [try #require(keeper.shortage)])
    let early = next.look()
    #expect(!early && !disk.isThere)
    disk.free.withLock { $0 = 11 << 20 }
    let again = next.look()
    #expect(again && disk.isThere && next.shortage == nil)
  }

  @Test func whatKeepsItFromBeingMadeIsToldWhenItIsNoMatterOfSpace() throws {
    let folder = "/dev/shm/ballast-\(UUID().uuidString)"
    var keeper = BallastKeeper(
      CatalogBallast(catalog: folder + "/catalog.sqlite", bytes: 1 << 20), reserveBytes: 0, known: [],
      probe: { _ in FreeSpace(device: 1, freeBytes: 100 << 20) })
    let first = keeper.look()
    let concern = try #require(keeper.shortage).concern
    #expect(first && concern.state == "unusable" && concern.next == "irisarchive doctor")
    #expect(concern.reason.contains("(No such file or directory)"), "\(concern.reason)")
    let still = keeper.look()
    #expect(!still)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = keeper.look()
    #expect(made && keeper.shortage == nil)
  }

  @Test func oneThatWasGivenUpByAChangeIsTold() throws {
    let disk = try Disk()
    var keeper = disk.keeper()
    _ = keeper.look()
    disk.free.withLock { $0 = 1 << 20 }
    unlink(disk.path)
    let gone = keeper.look()
    #expect(gone && keeper.shortage != nil)
    disk.free.withLock { $0 = 100 << 20 }
    let back = keeper.look()
    #expect(back && disk.isThere)
  }
}

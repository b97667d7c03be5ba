import Archive
import CatalogStore
import Synchronization
import Testing

@Suite struct DiskWatchTests {
  /// Free bytes by folder, set by the test: no disk needs to be full.
  private final class Disks: Sendable {
    let free: Mutex<[String: FreeSpace]>
    let looks = Mutex(0)

    init(_ free: [String: FreeSpace]) { self.free = Mutex(free) }

    func probe(_ path: String) -> FreeSpace? {
      looks.withLock { $0 += 1 }
      return free.withLock { $0[path] }
    }

    func set(_ path: String, _ bytes: UInt64) { free.withLock { $0[path]?.freeBytes = bytes } }
  }

  private func watch(_ disks: Disks, _ folders: [String], reserve: UInt64 = 1000, low: [DiskShortage] = [])
    -> DiskWatch
  {
    DiskWatch(
      folders: folders, reserveBytes: reserve, intervalSeconds: 30, low: low, probe: { disks.probe($0) })
  }

  @Test func lowBelowTheReserveAndResumesByItself() {
    let disks = Disks(["/a": FreeSpace(device: 1, freeBytes: 1000)])
    var watch = watch(disks, ["/a", "/gone"])
    let look1 = watch.look(now: 0)
    #expect(look1 && watch.low.isEmpty)
    disks.set("/a", 999)
    let look2 = watch.look(now: 29.9)
    #expect(!look2 && watch.low.isEmpty)
    let look3 = watch.look(now: 30)
    #expect(look3)
    #expect(watch.low == [DiskShortage(path: "/a", freeBytes: 999, reserveBytes: 1000)])
    disks.set("/a", 1049)
    let look4 = watch.look(now: 60)
    #expect(look4 && watch.low.map(\.freeBytes) == [1049])
    disks.set("/a", 1050)
    let look5 = watch.look(now: 90)
    #expect(look5 && watch.low.isEmpty)
  }

  @Test func aDiskOfManyFoldersIsOne() {
    let disks = Disks([
      "/a": FreeSpace(device: 1, freeBytes: 1), "/b": FreeSpace(device: 1, freeBytes: 1),
      "/c": FreeSpace(device: 2, freeBytes: 1), "/d": FreeSpace(device: 3, freeBytes: 1000),
    ])
    var watch = watch(disks, ["/a", "/b", "/c", "/d"])
    let look6 = watch.look(now: 0)
    #expect(look6 && watch.low.map(\.path) == ["/a", "/c"])
  }

  @Test func noReserveIsNeverLowAndAClockSetBackMakesItLook() {
    let disks = Disks(["/a": FreeSpace(device: 1, freeBytes: 0)])
    var watch = watch(disks, ["/a"], reserve: 0)
    let look7 = watch.look(now: 1000)
    #expect(look7 && watch.low.isEmpty)
    let look8 = watch.look(now: 1001)
    let look9 = watch.look(now: 5)
    #expect(!look8 && look9)
    #expect(disks.looks.withLock { $0 } == 2)
  }

  @Test func whatWasLowBeforeStaysSoWithinTheMargin() {
    let disks = Disks(["/a": FreeSpace(device: 1, freeBytes: 1010)])
    let known = DiskShortage(path: "/a", freeBytes: 10, reserveBytes: 1000)
    var watch = watch(disks, ["/a"], low: [known])
    #expect(watch.low == [known])
    let look10 = watch.look(now: 0)
    #expect(look10 && watch.low.map(\.freeBytes) == [1010])
  }

  @Test func theKernelTellsOfARealFolder() throws {
    let space = try #require(FreeSpace(of: "/"))
    #expect(space.freeBytes > 0 && FreeSpace(of: "/no/such/folder") == nil)
  }
}

import Archive
import CatalogStore
import Foundation
import Glibc

/// Checks of the machine: folders, file systems, kernel limits, clock.
struct MachineCheckup {
  let layout: ArchiveLayout
  let reserveBytes: UInt64

  private var named: [(name: String, path: String)] {
    [
      ("incoming", layout.incoming), ("products", layout.products), ("work", layout.work),
      ("logs", layout.logs),
    ]
  }

  func folders() -> [Finding] {
    named.map { name, path in
      let needs = name == "incoming" ? R_OK | X_OK : R_OK | W_OK | X_OK
      guard access(path, needs) == 0 else {
        let why = String(cString: strerror(errno))
        return Finding("folder \(name)", .problem, "\(path): \(why)", hint: "mkdir, chown or chmod it")
      }
      return Finding("folder \(name)", .ok, path)
    }
  }

  /// Every folder of the watched tree takes a watch.
  func inotify() -> Finding {
    let limit = Self.number("/proc/sys/fs/inotify/max_user_watches")
    let queue = Self.number("/proc/sys/fs/inotify/max_queued_events")
    guard let limit, let queue else {
      return Finding(
        "inotify", .problem, "this kernel tells no limits of inotify", hint: "irisarchive watch --poll 5")
    }
    let folders = Self.folderCount(under: layout.incoming, atMost: limit + 1)
    let sentence = "\(folders) folders of \(limit) that can be watched; \(queue) events fit the queue"
    let hint = "sysctl fs.inotify.max_user_watches=524288"
    if folders >= limit { return Finding("inotify", .problem, sentence, hint: hint) }
    return Finding(
      "inotify", folders * 2 > limit ? .warning : .ok, sentence, hint: folders * 2 > limit ? hint : nil)
  }

  /// inotify sees nothing that another machine writes.
  ///
  /// - Parameter polls: how often the settings say to look; nil for events.
  func network(polls: Double?) -> Finding {
    let network = NetworkFileSystem.name(of: layout.incoming)
    guard let type = MountTable.fileSystem(of: layout.incoming) else {
      return Finding("file system", .warning, "no mount of \(layout.incoming) is known to the kernel")
    }
    guard MountTable.isNetwork(type) || network != nil else {
      return Finding("file system", .ok, "incoming is on \(type), local to this machine")
    }
    return Self.network(type, Listening.choose(asked: polls, network: network))
  }

  static func network(_ type: String, _ listening: Listening) -> Finding {
    let fact = "incoming is on \(type): what other machines write there raises no event"
    guard listening == .inotify else { return Finding("file system", .ok, "\(fact); \(listening.sentence)") }
    return Finding(
      "file system", .warning, fact, hint: "set [intake] poll_interval, or irisarchive watch --poll 5")
  }

  /// The daemon makes it when it starts, and gives it up when the catalog's disk is full.
  func ballast(bytes: UInt64) -> Finding {
    let ballast = CatalogBallast(catalog: layout.catalog, bytes: bytes)
    if bytes == 0 { return Finding("ballast", .warning, "none is kept", hint: "set [disk] ballast = 64 MiB") }
    if ballast.isHeld { return Finding("ballast", .ok, "\(bytes) bytes are kept in \(ballast.path)") }
    return Finding(
      "ballast", .warning, "\(ballast.path) is not there: given up for want of space, or not made yet",
      hint: "free space: irisarchive prune --dry-run; a running daemon makes it")
  }

  func disks() -> [Finding] {
    (named + [("catalog", layout.root + "/catalog")]).compactMap { name, path in
      guard let disk = DiskSpace(name: name, path: path) else { return nil }
      let isLow = UInt64(disk.freeBytes) < reserveBytes
      return Finding(
        "disk \(name)", isLow ? .problem : .ok, disk.sentence + (isLow ? ", less than the reserve" : ""),
        hint: isLow ? "irisarchive prune --dry-run; no job starts below [disk] reserve" : nil)
    }
  }

  /// - Parameter newest: when the newest file was recorded.
  static func clock(newest: Double?) -> Finding {
    let now = Clock.now
    if let newest, newest > now + 1 {
      return Finding(
        "clock", .problem,
        "the clock says \(CatalogTime.text(now)), but a file was recorded at \(CatalogTime.text(newest))",
        hint: "set the clock")
    }
    return Finding("clock", .ok, CatalogTime.text(now) + (newest == nil ? "" : ", later than every record"))
  }

  private static func number(_ path: String) -> Int? {
    (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
      Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  private static func folderCount(under folder: String, atMost limit: Int) -> Int {
    let keys: [URLResourceKey] = [.isDirectoryKey]
    guard
      let walk = FileManager.default.enumerator(
        at: URL(fileURLWithPath: folder), includingPropertiesForKeys: keys)
    else { return 0 }
    var count = 1
    for case let entry as URL in walk where count < limit {
      if (try? entry.resourceValues(forKeys: Set(keys)))?.isDirectory == true { count += 1 }
    }
    return count
  }
}

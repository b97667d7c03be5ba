import CatalogStore
import Foundation
import Glibc

/// Why the daemon cannot write to the catalog, or will soon not be able to.
struct CatalogTrouble {
  var name: String
  var state: String
  var reason: String
  var next: String

  var json: JSONValue {
    .object(["name": .text(name), "state": .text(state), "reason": .text(reason), "next": .text(next)])
  }
}

/// What keeps the daemon from writing to the catalog, seen without writing: for `status` and `doctor`.
struct CatalogCheckup {
  let path: String
  /// The daemon's process, which may hold the catalog at any time.
  let daemon: Int?

  /// Names, sentences and next commands; empty when all is well.
  ///
  /// - Parameter newest: when the newest file was recorded, seconds since 1970 UTC.
  func concerns(newest: Double?, now: Double) -> [CatalogTrouble] {
    [readOnly(), full(), locked(), clock(newest, now)].compactMap { $0 }
  }

  private var folder: String { (path as NSString).deletingLastPathComponent }

  private func concern(_ state: String, _ reason: String, _ next: String) -> CatalogTrouble {
    CatalogTrouble(name: path, state: state, reason: reason, next: next)
  }

  private func readOnly() -> CatalogTrouble? {
    for name in [path, path + "-wal", path + "-shm"] {
      var status = stat()
      guard stat(name, &status) == 0, status.st_mode & S_IWUSR == 0 else { continue }
      return concern(
        "read-only", "\(name) may not be written by its owner: nothing can be recorded",
        "chmod u+w \(ShellWord.quoted(name))")
    }
    var space = statvfs()
    guard statvfs(folder, &space) == 0, space.f_flag & UInt(ST_RDONLY) != 0 else { return nil }
    return concern(
      "read-only", "its file system is mounted read-only: nothing can be recorded",
      "mount -o remount,rw, then irisarchive doctor")
  }

  private func full() -> CatalogTrouble? {
    guard let disk = DiskSpace(name: "catalog", path: folder), disk.freeBytes < 1 << 20 else { return nil }
    return concern(
      "full", "its disk is full: nothing more can be recorded when catalog/ballast is used up",
      "irisarchive prune --dry-run")
  }

  private func locked() -> CatalogTrouble? {
    guard let pid = CatalogLock(path: path).lastingHolder(except: daemon) else { return nil }
    let name = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return concern(
      "locked",
      "process \(pid)\(name.map { " (\($0))" } ?? "") holds the catalog: nothing can be recorded until it lets go; "
        + "files wait where they are", "ps \(pid)")
  }

  private func clock(_ newest: Double?, _ now: Double) -> CatalogTrouble? {
    guard let newest, newest > now + 1 else { return nil }
    return concern(
      "clock",
      "the clock says \(CatalogTime.text(now)), but a file was recorded at \(CatalogTime.text(newest)): it was set "
        + "back; waits count from then", "irisarchive doctor")
  }
}

/// Who holds SQLite's write lock on the catalog, as the kernel lists it (`/proc/locks`, proc(5)): nothing is opened, for
/// closing a file would give up the locks of this very process on it.
struct CatalogLock {
  /// The byte of the `-shm` file that a writer locks (wal-index format, "WAL_WRITE_LOCK").
  private static let writeLock = 120
  /// The bytes of the database file that an exclusive connection locks (SQLite's PENDING_BYTE and after).
  private static let exclusive = 0x4000_0000...0x4000_01ff

  let path: String

  /// The process that holds the lock again and again for a third of a second; nil when none does.
  func lastingHolder(except daemon: Int?) -> Int? {
    guard let first = holder(), first != daemon else { return nil }
    for _ in 0..<6 {
      usleep(50_000)
      guard holder() == first else { return nil }
    }
    return first
  }

  /// The kernel tells its table a page at a time: what comes and goes between two pages can hide a lock that
  /// stays, so a table in which nobody holds it is read once more.
  private func holder() -> Int? { holderNow() ?? holderNow() }

  private func holderNow() -> Int? {
    guard let table = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
    return Self.holder(in: table, shared: Self.inode(path + "-shm"), database: Self.inode(path))
  }

  static func holder(in table: String, shared: UInt64?, database: UInt64?) -> Int? {
    for line in table.split(separator: "\n") {
      // 1: POSIX  ADVISORY  WRITE 1234 00:1b:5678 120 120
      let words = line.split(separator: " ")
      guard words.count >= 8, words[1] == "POSIX", words[3] == "WRITE", let pid = Int(words[4]),
        let inode = words[5].split(separator: ":").last.flatMap({ UInt64($0) }), let start = Int(words[6])
      else { continue }
      if inode == shared, start == writeLock { return pid }
      if inode == database, exclusive.contains(start) { return pid }
    }
    return nil
  }

  private static func inode(_ path: String) -> UInt64? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}

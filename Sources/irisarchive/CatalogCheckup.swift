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

/// Who holds SQLite's write lock on the catalog, as the kernel answers who asks for it (`F_GETLK`, fcntl(2)).
///
/// The files are opened once and stay open until this program ends: closing one would give up the locks that SQLite
/// holds on it in this very process. (`/proc/locks` needs no file, but is told a page at a time, and what comes and goes
/// meanwhile can hide a lock that stays.)
struct CatalogLock {
  /// The byte of the `-shm` file that a writer locks (wal-index format, "WAL_WRITE_LOCK").
  private static let writeLock: (start: Int, length: Int) = (120, 1)
  /// The bytes of the database file that an exclusive connection locks (SQLite's PENDING_BYTE and after).
  private static let exclusive: (start: Int, length: Int) = (0x4000_0000, 0x200)

  private let files: [(descriptor: Int32, bytes: (start: Int, length: Int))]

  init(path: String) {
    files = [(path + "-shm", Self.writeLock), (path, Self.exclusive)].compactMap { name, bytes in
      let descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
      return descriptor < 0 ? nil : (descriptor, bytes)
    }
  }

  /// The process that holds the lock again and again for a third of a second; nil when none does.
  func lastingHolder(except daemon: Int?) -> Int? {
    guard let first = holder(), first != daemon else { return nil }
    for _ in 0..<6 {
      usleep(50_000)
      guard holder() == first else { return nil }
    }
    return first
  }

  private func holder() -> Int? {
    for file in files {
      // What a reader could not have: only a writer's lock is in its way.
      var lock = flock(
        l_type: Int16(F_RDLCK), l_whence: Int16(SEEK_SET), l_start: file.bytes.start,
        l_len: file.bytes.length, l_pid: 0)
      guard fcntl(file.descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK), lock.l_pid > 0 else {
        continue
      }
      return Int(lock.l_pid)
    }
    return nil
  }
}

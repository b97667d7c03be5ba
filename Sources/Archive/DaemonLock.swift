import Glibc

/// One daemon per archive: an exclusive `flock` on `catalog/daemon.lock`, given up by the kernel when the process
/// ends, however it ends.
final class DaemonLock: Sendable {
  private let descriptor: Int32

  /// - Throws: ``ArchiveError`` `daemon-running` when another process holds it, `lock-failed` otherwise.
  init(path: String) throws(ArchiveError) {
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard fd >= 0 else {
      throw ArchiveError(
        code: "lock-failed",
        message: "the daemon's lock cannot be opened: \(String(cString: strerror(errno)))",
        subject: path, hint: "check the owner and mode of the catalog folder")
    }
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      close(fd)
      throw ArchiveError(
        code: "daemon-running", message: "another daemon watches this archive", subject: path,
        hint: "irisarchive status")
    }
    descriptor = fd
  }

  deinit { close(descriptor) }
}

import CCFITSIO
import Glibc
import Synchronization

/// A new file under a temporary name in the folder of its final one, renamed when it is whole.
final class TemporaryFile {
  let path: String
  private let temporaryPath: String
  private let folder: String
  private let descriptor: Int32
  private var isCommitted = false
  private(set) var bytes: UInt64 = 0

  /// Creates `<folder>/.<name>.<pid>.tmp`; a number is added when that exists.
  init(path: String) throws(FITSError) {
    let slash = path.lastIndex(of: "/")
    let prefix = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    folder = prefix.isEmpty ? "." : prefix
    self.path = path
    var attempt = 0
    while true {
      let candidate = "\(prefix).\(name).\(getpid())\(attempt == 0 ? "" : "-\(attempt)").tmp"
      let opened = open(candidate, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if opened >= 0 {
        descriptor = opened
        temporaryPath = candidate
        return
      }
      guard errno == EEXIST, attempt < 1000 else {
        throw FITSError.system("write-failed", "creating \(candidate)", path, errno)
      }
      attempt += 1
    }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unlink(temporaryPath) }
  }

  func write(_ piece: UnsafeRawBufferPointer) throws(FITSError) {
    guard let base = piece.baseAddress else { return }
    var done = 0
    while done < piece.count {
      let count = Glibc.write(descriptor, base + done, piece.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FITSError.system("write-failed", "writing", path, errno) }
      done += count
    }
    bytes += UInt64(piece.count)
  }

  /// Syncs the file, gives it its final name, and syncs the folder.
  func commit(replacing: Bool) throws(FITSError) {
    guard fsync(descriptor) == 0 else { throw FITSError.system("write-failed", "fsync", path, errno) }
    guard replacing ? rename(temporaryPath, path) == 0 : renameWithoutReplacing() else {
      if errno == EEXIST {
        throw FITSError(
          code: "already-exists", message: "a file of this name exists and is not replaced", subject: path)
      }
      throw FITSError.system("write-failed", "renaming", path, errno)
    }
    isCommitted = true
    try syncFolder()
  }

  /// With `renameat2`; where the file system lacks it, with a second link.
  private func renameWithoutReplacing() -> Bool {
    if cfitsio_rename_without_replacing(temporaryPath, path) == 0 { return true }
    guard errno == EINVAL || errno == ENOSYS else { return false }
    guard link(temporaryPath, path) == 0 else { return false }
    unlink(temporaryPath)
    return true
  }

  private func syncFolder() throws(FITSError) {
    let opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { throw FITSError.system("write-failed", "opening the folder", path, errno) }
    defer { close(opened) }
    guard fsync(opened) == 0 || errno == EINVAL else {
      throw FITSError.system("write-failed", "fsync of the folder", path, errno)
    }
  }
}

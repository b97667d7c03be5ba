import Crypto
import Foundation
import Glibc
import Synchronization

/// sha256 of files that the catalog has no row for (references of a user's own cache), remembered by place and time.
package final class FileHasher: Sendable {
  private struct Known {
    var modifiedNanoseconds: Int64
    var bytes: Int64
    var sha256: String
  }
  private let known = Mutex<[String: Known]>([:])

  package init() {}

  /// nil when the file cannot be read. A symbolic link stands for the file it leads to, as it does for the run.
  func sha256(of path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let entry = TreeScan.entry(path, status)
    let hit = known.withLock { $0[path] }
    if let hit, hit.modifiedNanoseconds == entry.modifiedNanoseconds, hit.bytes == entry.bytes {
      return hit.sha256
    }
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    guard let sha256 = Self.read(String(cString: real)) else { return nil }
    known.withLock {
      $0[path] = Known(modifiedNanoseconds: entry.modifiedNanoseconds, bytes: entry.bytes, sha256: sha256)
    }
    return sha256
  }

  /// Hashes a file in 4 MiB pieces; nil when it cannot be read to its end.
  static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var hash = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count < 0 { return nil }
      if count == 0 { return FileInspector.hexadecimal(hash.finalize()) }
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}

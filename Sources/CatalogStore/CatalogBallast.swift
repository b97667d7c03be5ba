import Foundation
import Glibc

/// A file beside the catalog whose only use is to be deleted when the disk is full, so that what happens can still be
/// recorded. Its bytes are written, not only announced, and no two of its blocks are alike: some disks keep zeros and
/// what repeats for nothing.
public struct CatalogBallast: Sendable, Equatable {
  /// `catalog/ballast`.
  public let path: String
  /// How much it keeps; 0 when none is wanted.
  public let bytes: UInt64

  /// - Parameter catalog: path of `catalog.sqlite`.
  public init(catalog: String, bytes: UInt64) {
    path = (catalog as NSString).deletingLastPathComponent + "/ballast"
    self.bytes = bytes
  }

  /// Whether it lies there in full; true when none is wanted.
  public var isHeld: Bool {
    var status = stat()
    if bytes == 0 { return true }
    return lstat(path, &status) == 0 && UInt64(status.st_size) == bytes
      && UInt64(status.st_blocks) * 512 >= bytes
  }

  /// Whether it lies there with its size, whatever the disk says that it takes: one that compresses counts otherwise.
  public var isThere: Bool {
    var status = stat()
    return bytes == 0 || lstat(path, &status) == 0 && UInt64(status.st_size) == bytes
  }

  /// Makes it, whole or not at all; one that is no longer wanted, or of another size, goes first.
  ///
  /// - Returns: 0, or the `errno` for which it could not be made.
  public func hold() -> Int32 {
    if bytes > 0 && isHeld { return 0 }
    unlink(path)
    if bytes == 0 { return 0 }
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    // What is too much is found before anything is written.
    var number = posix_fallocate(descriptor, 0, off_t(bytes))
    if number == 0 { number = fill(descriptor) }
    if number == 0, fsync(descriptor) != 0 || rename(temporary, path) != 0 { number = errno }
    if number != 0 { unlink(temporary) }
    return number
  }

  /// - Returns: 0, or an `errno`.
  private func fill(_ descriptor: Int32) -> Int32 {
    // Numbers of xorshift64 (Marsaglia 2003): nothing to compress.
    var (seed, left) = (UInt64(0x9E37_79B9_7F4A_7C15), bytes)
    while left > 0 {
      let words = (0..<8192).map { _ in
        seed ^= seed << 13
        seed ^= seed >> 7
        seed ^= seed << 17
        return seed
      }
      let written = words.withUnsafeBytes { write(descriptor, $0.baseAddress, min($0.count, Int(left))) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return written < 0 ? errno : ENOSPC }
      left -= UInt64(written)
    }
    return 0
  }

  /// Gives its space to the catalog.
  ///
  /// - Returns: whether there was any to give.
  public func release() -> Bool { bytes > 0 && unlink(path) == 0 }
}

import FITSIO
import Synchronization

/// One FITS file read by several threads: each has a handle of its own while it reads.
///
/// `@unchecked Sendable` is safe: a handle is in the hands of one thread or in the list, which is locked.
final class SharedFile: @unchecked Sendable {
  private final class Handle {
    let file: FITSFile

    init(path: String) throws { file = try FITSFile(reading: path) }
  }

  let path: String
  private let lock = Mutex(())
  private var idle: [Handle] = []

  init(path: String) { self.path = path }

  /// Calls `body` with a handle that no other thread uses meanwhile.
  func read<R>(_ body: (borrowing FITSFile) throws -> R) throws -> R {
    let handle = try lock.withLock { _ in idle.popLast() } ?? Handle(path: path)
    defer { lock.withLock { _ in idle.append(handle) } }
    return try body(handle.file)
  }
}

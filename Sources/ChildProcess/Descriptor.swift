import Glibc
import Synchronization

/// A file descriptor that this process owns: close-on-exec from birth, closed once, at the latest with its owner.
final class Descriptor: Sendable {
  private let number: Mutex<Int32>

  init(owning number: Int32) {
    self.number = Mutex(number)
  }

  deinit { close() }

  /// The descriptor's number, or -1 once it is closed.
  var rawValue: Int32 { number.withLock { $0 } }

  func close() {
    number.withLock { number in
      if number >= 0 { _ = Glibc.close(number) }
      number = -1
    }
  }

  /// Opens `path`, close-on-exec.
  ///
  /// - Throws: ``ChildProcessError`` with the given code.
  static func open(
    _ path: String, _ flags: Int32, mode: mode_t = 0o644, code: String
  ) throws(ChildProcessError) -> Descriptor {
    let number = Glibc.open(path, flags | O_CLOEXEC, mode)
    guard number >= 0 else {
      throw ChildProcessError(code: code, message: "cannot open: \(errnoText())", subject: path)
    }
    return Descriptor(owning: number)
  }

  /// A pipe with both ends close-on-exec; the reading end is non-blocking when asked for.
  ///
  /// (glibc's `pipe2` is not visible from Swift; Subprocess closes every other descriptor in the children it makes,
  /// so the moment between `pipe` and `fcntl` leaks nothing.)
  static func pipe(
    nonBlockingReader: Bool = false
  ) throws(ChildProcessError) -> (reader: Descriptor, writer: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw failure("pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    if nonBlockingReader { _ = fcntl(ends[0], F_SETFL, O_NONBLOCK) }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }

  /// A nameless file in memory that holds `bytes`, positioned at its start.
  ///
  /// As standard input it cannot deadlock, and a child that never reads it costs no SIGPIPE.
  static func memory(holding bytes: [UInt8]) throws(ChildProcessError) -> Descriptor {
    let name = "/irisarchive-\(getpid())-\(UInt64.random(in: .min ... .max))"
    let number = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0o600)
    guard number >= 0 else { throw failure("/dev/shm") }
    shm_unlink(name)
    let descriptor = Descriptor(owning: number)
    guard descriptor.writeAll(bytes), lseek(number, 0, SEEK_SET) == 0 else { throw failure("/dev/shm") }
    return descriptor
  }

  /// Writes all of `bytes`; false at the first error but EINTR.
  func writeAll(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = write(rawValue, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return false }
        done += count
      }
      return true
    }
  }

  private static func failure(_ what: String) -> ChildProcessError {
    ChildProcessError(
      code: "descriptor", message: "no descriptor to be had: \(errnoText())", subject: what,
      hint: errno == EMFILE ? "raise the limit of open files (ulimit -n)" : nil)
  }
}

/// The current `errno` in words.
func errnoText() -> String { String(cString: strerror(errno)) }

import Foundation
import Glibc

/// Standard output: the answer.
enum Answer {
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns of the terminal; nil in a pipe.
  static var width: Int? {
    guard isTerminal else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes everything. A reader that went away ends the program quietly, with exit code 0.
  static func write(_ text: String) {
    signal(SIGPIPE, SIG_IGN)
    var text = text
    let isWritten = text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return true
    }
    if isWritten { return }
    if errno == EPIPE { exit(0) }
    StandardError.write(
      "error: standard output cannot be written: \(String(cString: strerror(errno))) — stdout\n")
    exit(1)
  }
}

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
    guard descriptorWrite(STDOUT_FILENO, text) else {
      if errno == EPIPE { exit(0) }
      Talk.write("error: standard output cannot be written: \(String(cString: strerror(errno))) — stdout\n")
      exit(1)
    }
  }
}

/// Standard error: talk.
enum Talk {
  static func write(_ text: String) {
    _ = descriptorWrite(STDERR_FILENO, text)
  }

  static func line(_ text: String) { write(text + "\n") }
}

/// Writes all bytes; false with `errno` set when that failed.
private func descriptorWrite(_ descriptor: Int32, _ text: String) -> Bool {
  var text = text
  return text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written < 0 && errno == EINTR { continue }
      if written < 0 { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
    return true
  }
}

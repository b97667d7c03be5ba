import Foundation
import Glibc

/// Ends this process and its group when standard input ends: a killed daemon leaves no orphan.
enum Lifeline {
  /// Starts a thread that does nothing but wait for the end of standard input.
  ///
  /// A process that does not lead its group gets one of its own first, so that nobody else is ended with it.
  static func hold() {
    if getpgrp() != getpid() { setpgid(0, 0) }
    let thread = Thread {
      var byte: UInt8 = 0
      while true {
        let count = read(0, &byte, 1)
        if count > 0 || (count < 0 && errno == EINTR) { continue }
        Program.hooks.stop(within: 5)
        kill(0, SIGKILL)
        _exit(1)
      }
    }
    thread.name = "lifeline"
    thread.start()
  }
}

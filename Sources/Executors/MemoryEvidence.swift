import ChildProcess
import Foundation
import Glibc

/// What tells a death from lack of memory from other deaths.
///
/// Two kinds exist: the kernel's out-of-memory killer (SIGKILL from nobody we know, and its counter has moved), and an
/// allocation refused under RLIMIT_DATA (`tmtrun`, or the runtime, says so in its last words before it dies).
package struct MemoryEvidence: Sendable {
  /// The kernel's count of processes it killed for memory, before and after; nil where it does not tell.
  package var killsBefore: UInt64?
  package var killsAfter: UInt64?
  /// The last words of the log.
  package var logTail: String

  package init(killsBefore: UInt64?, killsAfter: UInt64?, logTail: String) {
    self.killsBefore = killsBefore
    self.killsAfter = killsAfter
    self.logTail = logTail
  }

  /// Words of glibc, the Swift runtime and CFITSIO (status 113) when memory is refused.
  private static let lastWords = [
    "could not allocate memory", "cannot allocate memory", "out of memory", "memory allocation failure",
    "failed to allocate", "bad_alloc",
  ]

  /// The line that speaks of memory.
  package var telling: String? {
    logTail.split(whereSeparator: \.isNewline).map(String.init).last { line in
      let words = line.lowercased()
      return Self.lastWords.contains { words.contains($0) }
    }
  }

  /// True when the run with this cause died of lack of memory.
  package func explains(_ cause: ProgramEnd.Cause) -> Bool {
    switch cause {
    case .signalled(SIGKILL):
      guard let killsBefore, let killsAfter else { return false }
      return killsAfter > killsBefore
    case .signalled(SIGABRT), .signalled(SIGILL), .signalled(SIGTRAP), .signalled(SIGSEGV),
      .signalled(SIGBUS),
      .exited:
      return cause != .exited(0) && telling != nil
    case .signalled, .timedOut, .cancelled:
      return false
    }
  }

  /// The kernel's counter of out-of-memory kills (`oom_kill` of `/proc/vmstat`), if it has one.
  package static func kernelKills() -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { UInt64($0.dropFirst("oom_kill ".count)) }
  }
}

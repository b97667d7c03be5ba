import ChildProcess
import Foundation

/// What an ended hook means for its delivery: pure.
package struct HookPolicy: Sendable {
  /// Waits before each further attempt, seconds.
  var backOff: [Double] = [10, 30, 120, 600, 3600]

  package init() {}

  package struct Verdict: Sendable, Equatable {
    /// `delivered`, `pending`, `failed` or `dead`.
    package var state: String
    package var nextAt: Double
    package var reason: String?
  }

  /// Exit 0 delivers; 75, a signal and a time-out come again until the attempts are used up; any other code fails for
  /// good.
  package func judge(_ cause: ProgramEnd.Cause, attemptsBefore: Int, retries: Int, now: Double) -> Verdict {
    switch cause {
    case .exited(0): return Verdict(state: "delivered", nextAt: 0, reason: nil)
    case .exited(75): return again("it asked to be called again (exit 75)", attemptsBefore, retries, now)
    case .exited(let code): return Verdict(state: "failed", nextAt: 0, reason: "exit code \(code)")
    case .signalled(let number): return again("ended by signal \(number)", attemptsBefore, retries, now)
    case .timedOut: return again("it took too long and was stopped", attemptsBefore, retries, now)
    case .cancelled:
      return Verdict(state: "pending", nextAt: 0, reason: "stopped with the daemon; it is told again")
    }
  }

  func again(_ why: String, _ attemptsBefore: Int, _ retries: Int, _ now: Double) -> Verdict {
    guard attemptsBefore < min(retries, backOff.count) else {
      return Verdict(state: "dead", nextAt: 0, reason: why)
    }
    return Verdict(state: "pending", nextAt: now + backOff[attemptsBefore], reason: why)
  }
}

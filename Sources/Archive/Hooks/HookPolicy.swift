import ChildProcess
import Foundation

/// What an ended hook means for its delivery: pure.
package struct HookPolicy: Sendable {
  /// Waits before each further attempt, seconds; the last one is repeated when a sidecar wants more attempts.
  package static let backOff: [Double] = [10, 30, 120, 600, 3600]
  /// Wait after a failure that is the archive's own, seconds.
  package static let ownWait: Double = 10
  /// What is said of a hook that was taken away since the event came.
  package static let isGone = "the hook is no longer there"

  /// Factor on every wait (`[hooks] retry_scale`).
  package var scale: Double

  package init(scale: Double = 1) {
    self.scale = scale
  }

  package struct Verdict: Sendable, Equatable {
    /// `delivered`, `pending`, `failed` or `dead`.
    package var state: String
    package var nextAt: Double
    package var reason: String?
    /// Whether it used an attempt up.
    package var counts = true
  }

  /// Exit 0 delivers; 75, a signal and a time-out come again until the attempts are used up; any other code fails for
  /// good. What the daemon itself ended uses no attempt up.
  ///
  /// - Parameters:
  ///   - retries: further attempts after the first.
  ///   - now: when the hook ended.
  ///   - isStillThere: false when it has been taken away meanwhile. If that was before its interpreter had opened it, the
  ///     code is the interpreter's.
  package func judge(
    _ cause: ProgramEnd.Cause, attemptsBefore: Int, retries: Int, now: Double, isStillThere: Bool = true
  ) -> Verdict {
    switch cause {
    case .exited(0): return Verdict(state: "delivered", nextAt: 0, reason: nil)
    case .exited(75): return again("it asked to be called again (exit 75)", attemptsBefore, retries, now)
    case .exited(let code):
      let reason = "exit code \(code)"
      return Verdict(state: "failed", nextAt: 0, reason: isStillThere ? reason : "\(Self.isGone) (\(reason))")
    case .signalled(let number): return again("ended by signal \(number)", attemptsBefore, retries, now)
    case .timedOut: return again("it took too long and was stopped", attemptsBefore, retries, now)
    case .cancelled:
      return Verdict(
        state: "pending", nextAt: 0, reason: "stopped with the daemon; it is told again", counts: false)
    }
  }

  /// A hook that could not be started: for want of something of its own, or of the archive's.
  package func judge(
    _ error: any Error, attemptsBefore: Int, retries: Int, now: Double
  ) -> Verdict {
    let own = ["working-directory", "output-file", "descriptor"]
    if let error = error as? ChildProcessError, !own.contains(error.code) {
      return again("\(error)", attemptsBefore, retries, now)
    }
    return Verdict(
      state: "pending", nextAt: now + Self.ownWait * scale, reason: "could not be called: \(error)",
      counts: false)
  }

  /// True when an attempt is due; one set further ahead than any wait goes was set by a clock that was wrong.
  package func isDue(_ nextAt: Double, now: Double) -> Bool {
    nextAt <= now || nextAt > now + (Self.backOff.last ?? 0) * max(scale, 1) + 1
  }

  private func again(_ why: String, _ attemptsBefore: Int, _ retries: Int, _ now: Double) -> Verdict {
    guard attemptsBefore < retries else {
      return Verdict(
        state: "dead", nextAt: 0, reason: "\(why); given up after \(attemptsBefore + 1) attempts")
    }
    let wait = Self.backOff[min(attemptsBefore, Self.backOff.count - 1)]
    return Verdict(state: "pending", nextAt: now + wait * scale, reason: why)
  }
}

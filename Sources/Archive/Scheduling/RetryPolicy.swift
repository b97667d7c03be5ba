import CatalogStore
import Executors
import JobContract

/// What an attempt that made nothing means for its job: pure, no clock but the time given.
package struct RetryPolicy: Sendable {
  /// Waits before the second, third, fourth attempt, seconds.
  var backOff: [Double] = [10, 30, 120, 600]
  /// Attempts in all before a job is dead.
  var attempts: Int

  package init(attempts: Int) {
    self.attempts = attempts
  }

  package struct Judgement: Sendable, Equatable {
    package var end: CatalogWriter.AttemptEnd
    package var exitCode: Int?
    package var reason: String
  }

  /// A report that tells of a failure: only exit code 75 can go better next time.
  package func judge(_ report: RunReport, attemptsBefore: Int, now: Double) -> Judgement {
    let error = report.error
    let reason = error.map { "\($0.message) — \($0.subject)" + ($0.hint.map { "; \($0)" } ?? "") }
    let sentence = reason ?? "it reported a failure without a reason (exit code \(report.exitCode))"
    let end = report.exitCode == 75 ? again(attemptsBefore, now) : .failed
    return Judgement(end: end, exitCode: Int(report.exitCode), reason: sentence)
  }

  /// A death without a report.
  package func judge(_ death: JobDeath, attemptsBefore: Int, now: Double, stopping: Bool) -> Judgement {
    switch death.cause {
    case .cancelled:
      return Judgement(end: .interrupted, exitCode: nil, reason: "stopped with the daemon; it will run again")
    case .signalled(let number) where stopping && (number == 15 || number == 2):
      return Judgement(end: .interrupted, exitCode: nil, reason: "stopped with the daemon; it will run again")
    case .signalled, .timedOut:
      return Judgement(end: again(attemptsBefore, now), exitCode: nil, reason: death.reason)
    case .exited(let code):
      let end = code == 75 ? again(attemptsBefore, now) : CatalogWriter.AttemptEnd.failed
      return Judgement(end: end, exitCode: Int(code), reason: death.reason)
    case .notStarted:
      return Judgement(end: again(attemptsBefore, now), exitCode: nil, reason: death.reason)
    }
  }

  private func again(_ attemptsBefore: Int, _ now: Double) -> CatalogWriter.AttemptEnd {
    attemptsBefore + 1 < attempts
      ? .again(notBefore: now + backOff[min(attemptsBefore, backOff.count - 1)]) : .dead
  }
}

import CatalogStore
import Executors
import JobContract

/// What an attempt that made nothing means for its job: pure, no clock but the time given.
///
/// Tried again is only what can go better by itself: exit code 75, a signal, a time-out, a program that could not be
/// started. What ran out of memory is tried once more with twice as much. What used up its processor time or its disk
/// would do so again and is dead at once; everything else has failed, and stays so until something that it depends on
/// changes.
package struct RetryPolicy: Sendable {
  /// Waits before the second, third, fourth and every later attempt, seconds.
  var backOff: [Double]
  /// Attempts in all before a job is dead.
  var attempts: Int
  /// As the settings have them.
  package let limits: JobLimits
  /// The most memory that a job may be given, bytes.
  var memoryMax: UInt64
  var timeoutSeconds: Double

  package init(
    attempts: Int, firstWait: Double = 10, limits: JobLimits = JobLimits(), memoryMax: UInt64 = .max,
    timeoutSeconds: Double = 3600
  ) {
    self.attempts = attempts
    backOff = [1, 3, 12, 60].map { $0 * firstWait }
    self.limits = limits
    self.memoryMax = memoryMax
    self.timeoutSeconds = timeoutSeconds
  }

  package struct Judgement: Sendable, Equatable {
    package var end: CatalogWriter.AttemptEnd
    package var facts: AttemptFacts
    package var reason: String

    package init(end: CatalogWriter.AttemptEnd, facts: AttemptFacts, reason: String) {
      self.end = end
      self.facts = facts
      self.reason = reason
    }
  }

  /// What is known of an attempt before it is judged.
  package struct Attempt: Sendable, Equatable {
    /// Attempts that counted before it.
    package var before: Int
    /// Its memory, where it was given more than the settings say.
    package var raisedMemory: UInt64?
    /// Seconds since 1970 UTC.
    package var now: Double

    package init(before: Int, raisedMemory: UInt64? = nil, now: Double) {
      self.before = before
      self.raisedMemory = raisedMemory
      self.now = now
    }
  }

  /// The limits of the next attempt of a job.
  package func limits(raisedMemory: UInt64?) -> JobLimits {
    var limits = limits
    if let raisedMemory { limits.memoryBytes = limits.memoryBytes.map { max($0, raisedMemory) } }
    return limits
  }

  /// A report that tells of a failure: only exit code 75 can go better next time.
  package func judge(_ report: RunReport, _ attempt: Attempt) -> Judgement {
    let error = report.error
    let told = error.map { "\($0.message) — \($0.subject)" + ($0.hint.map { "; \($0)" } ?? "") }
    let sentence = told ?? "it reported a failure without a reason (exit code \(report.exitCode))"
    var facts = AttemptFacts(
      endedBy: "reported", exitCode: Int(report.exitCode), seconds: report.seconds,
      peakBytes: Int64(clamping: report.peakMemoryBytes))
    if error?.code == "out-of-memory" {
      facts.endedBy = "out of memory"
      return outOfMemory(attempt, facts, sentence)
    }
    if report.exitCode == Self.inputMissing { facts.endedBy = AttemptFacts.inputMissing }
    return Judgement(
      end: report.exitCode == 75 ? again(attempt) : .failed, facts: facts, reason: sentence)
  }

  /// A death without a report.
  package func judge(_ death: JobDeath, _ attempt: Attempt, stopping: Bool) -> Judgement {
    let facts = Self.facts(of: death)
    if death.outOfMemory { return outOfMemory(attempt, facts, death.reason) }
    let (end, addition): (CatalogWriter.AttemptEnd, String?) =
      switch death.cause {
      case .cancelled: (.interrupted, nil)
      // The system ends everybody: tmtrun says 128 + 15 when it could still clean up.
      case .signalled(15), .signalled(2), .exited(143), .exited(130):
        (stopping ? .interrupted : again(attempt), nil)
      case .signalled(Self.processorTime):
        (.dead, "more than \(limits.cpuSeconds ?? 0) s ([jobs] cpu_time): \(Self.afterwards)")
      case .diskExceeded:
        (.dead, "more than \(Self.size(limits.diskBytes ?? 0)) ([jobs] disk): \(Self.afterwards)")
      case .timedOut: (again(attempt), "[jobs] timeout is \(Int(timeoutSeconds.rounded())) s")
      case .signalled, .notStarted: (again(attempt), nil)
      case .exited(let code): (code == 75 ? again(attempt) : .failed, nil)
      }
    if end == .interrupted {
      return Judgement(end: end, facts: facts, reason: "stopped with the daemon; it will run again")
    }
    return Judgement(
      end: end, facts: facts, reason: [death.reason, addition].compactMap { $0 }.joined(separator: "; "))
  }

  private static let processorTime: Int32 = 24
  /// What a file that is not in its place ends a program with.
  private static let inputMissing: Int32 = 66
  private static let afterwards =
    "raise it in config/irisarchive.cfg, start the daemon anew, then irisarchive jobs retry"

  private static func facts(of death: JobDeath) -> AttemptFacts {
    var facts = AttemptFacts(seconds: death.seconds, peakBytes: death.peakBytes.map { Int64(clamping: $0) })
    switch death.cause {
    case .notStarted: facts.endedBy = "not started"
    case .exited(let code): (facts.endedBy, facts.exitCode) = ("exited", Int(code))
    case .signalled(let number):
      (facts.endedBy, facts.signal) = (number == processorTime ? "processor time" : "signalled", Int(number))
    case .timedOut: facts.endedBy = "timed out"
    case .cancelled: facts.endedBy = "cancelled"
    case .diskExceeded: facts.endedBy = "disk"
    }
    if death.outOfMemory { facts.endedBy = "out of memory" }
    return facts
  }

  /// Once more with twice the memory, if there may be more; else it is dead.
  private func outOfMemory(_ attempt: Attempt, _ facts: AttemptFacts, _ reason: String) -> Judgement {
    let had = limits(raisedMemory: attempt.raisedMemory).memoryBytes ?? 0
    let more = min(had.multipliedReportingOverflow(by: 2).partialValue, memoryMax)
    if attempt.raisedMemory == nil, more > had {
      return Judgement(
        end: .withMemory(bytes: more, notBefore: attempt.now), facts: facts,
        reason:
          "out of memory with \(Self.size(had)): it is tried once more with \(Self.size(more)); \(reason)")
    }
    return Judgement(
      end: .dead, facts: facts,
      reason:
        "out of memory with \(Self.size(had)) ([jobs] memory and memory_max): \(Self.afterwards); \(reason)")
  }

  private func again(_ attempt: Attempt) -> CatalogWriter.AttemptEnd {
    attempt.before + 1 < attempts
      ? .again(notBefore: attempt.now + backOff[min(attempt.before, backOff.count - 1)]) : .dead
  }

  /// In units of 1024, as the settings are written.
  private static func size(_ bytes: UInt64) -> String {
    let units: [(UInt64, String)] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
    guard let (one, name) = units.first(where: { bytes >= $0.0 }) else { return "\(bytes) B" }
    let tenths = (Double(bytes) / Double(one) * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths)) \(name)" : "\(tenths) \(name)"
  }
}

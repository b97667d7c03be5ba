import Archive
import CatalogStore
import ChildProcess
import Executors
import JobContract
import Testing

@Suite struct RetryPolicyTests {
  let policy = RetryPolicy(attempts: 3)

  private func report(_ code: Int32) -> RunReport {
    RunReport(
      job: "J000001", attempt: 1, token: "t", pipeline: "p", status: .failed, exitCode: code,
      error: .init(code: "shape", message: "other size", subject: "dark.fits", hint: "tmtrun describe"),
      started: "", ended: "", seconds: 0, peakMemoryBytes: 0)
  }

  private func death(_ cause: JobDeath.Cause) -> JobDeath {
    JobDeath(cause: cause, reason: "why", outOfMemory: false, seconds: 1)
  }

  @Test func onlyExit75ComesAgain() {
    #expect(policy.judge(report(65), attemptsBefore: 0, now: 100).end == .failed)
    #expect(policy.judge(report(75), attemptsBefore: 0, now: 100).end == .again(notBefore: 110))
  }

  @Test func theReasonNamesMessageSubjectAndHint() {
    let reason = policy.judge(report(65), attemptsBefore: 0, now: 0).reason
    #expect(reason == "other size — dark.fits; tmtrun describe")
  }

  @Test func attemptsAreCountedUntilDead() {
    #expect(
      policy.judge(death(.signalled(9)), attemptsBefore: 1, now: 0, stopping: false).end
        == .again(notBefore: 30))
    #expect(policy.judge(death(.signalled(9)), attemptsBefore: 2, now: 0, stopping: false).end == .dead)
    #expect(
      policy.judge(death(.timedOut), attemptsBefore: 0, now: 0, stopping: false).end == .again(notBefore: 10))
  }

  @Test func stoppingTheDaemonCostsNoAttempt() {
    #expect(policy.judge(death(.cancelled), attemptsBefore: 2, now: 0, stopping: true).end == .interrupted)
    #expect(
      policy.judge(death(.signalled(15)), attemptsBefore: 2, now: 0, stopping: true).end == .interrupted)
  }
}

@Suite struct HookPolicyTests {
  let policy = HookPolicy()

  @Test func exitCodesDecide() {
    #expect(policy.judge(.exited(0), attemptsBefore: 0, retries: 5, now: 0).state == "delivered")
    #expect(policy.judge(.exited(1), attemptsBefore: 0, retries: 5, now: 0).state == "failed")
    #expect(policy.judge(.exited(75), attemptsBefore: 0, retries: 5, now: 0).state == "pending")
  }

  @Test func theScheduleIsTheContracts() {
    let waits = (0..<5).map { policy.judge(.timedOut, attemptsBefore: $0, retries: 5, now: 0).nextAt }
    #expect(waits == [10, 30, 120, 600, 3600])
    #expect(policy.judge(.timedOut, attemptsBefore: 5, retries: 5, now: 0).state == "dead")
    #expect(policy.judge(.signalled(9), attemptsBefore: 1, retries: 1, now: 0).state == "dead")
    // More attempts than the schedule has waits repeat its last one.
    #expect(policy.judge(.timedOut, attemptsBefore: 7, retries: 9, now: 0).nextAt == 3600)
  }

  @Test func theScaleChangesTheWaitsAndNothingElse() {
    let quick = HookPolicy(scale: 0.01)
    let waits = (0..<5).map { quick.judge(.timedOut, attemptsBefore: $0, retries: 5, now: 100).nextAt - 100 }
    for (wait, full) in zip(waits, [0.1, 0.3, 1.2, 6, 36]) { #expect(abs(wait - full) < 1e-9) }
    #expect(quick.judge(.timedOut, attemptsBefore: 5, retries: 5, now: 0).state == "dead")
  }

  @Test func whatIsNotTheHooksFaultUsesNoAttemptUp() {
    #expect(!policy.judge(.cancelled, attemptsBefore: 9, retries: 5, now: 0).counts)
    let full = ChildProcessError(code: "output-file", message: "no space left", subject: "/logs")
    let own = policy.judge(full, attemptsBefore: 9, retries: 5, now: 100)
    #expect(own.state == "pending" && !own.counts && own.nextAt == 110)
    let gone = ChildProcessError(code: "executable-not-found", message: "no such program", subject: "/h")
    #expect(policy.judge(gone, attemptsBefore: 0, retries: 5, now: 0).counts)
    #expect(policy.judge(gone, attemptsBefore: 5, retries: 5, now: 0).state == "dead")
  }

  @Test func aClockThatJumpedBackDelaysNothingForLong() {
    #expect(policy.isDue(99, now: 100) && !policy.isDue(3700, now: 100))
    #expect(policy.isDue(86_400, now: 100))
    // A scale beyond 1 makes longer waits than the schedule's.
    #expect(!HookPolicy(scale: 30).isDue(86_400, now: 100))
  }
}

@Suite struct JobKeyTests {
  private func key(
    inputs: [JobInput] = [.init(name: "a", path: "/a", sha256: "1", exptype: .science)],
    references: [ResolvedReference] = [.init(type: "dark", origin: .context, path: "/d", sha256: "2")],
    software: String = "0.1"
  ) -> String {
    JobKey.key(
      pipeline: "p", software: software, configuration: nil, inputs: inputs, references: references)
  }

  @Test func placesAndNamesDoNotMatterContentsDo() {
    let moved = key(inputs: [.init(name: "b", path: "/b", sha256: "1", exptype: .science)])
    #expect(moved == key())
    #expect(key(inputs: [.init(name: "a", path: "/a", sha256: "9", exptype: .science)]) != key())
    #expect(key(inputs: [.init(name: "a", path: "/a", sha256: "1", exptype: .background)]) != key())
    #expect(key(references: [.init(type: "dark", origin: .none, reason: "x")]) != key())
    #expect(key(software: "0.2") != key())
    #expect(key().count == 64)
  }
}

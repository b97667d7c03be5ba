import Archive
import CatalogStore
import ChildProcess
import Executors
import JobContract
import Testing

@Suite struct RetryPolicyTests {
  private static let gibibyte: UInt64 = 1 << 30
  let policy = RetryPolicy(
    attempts: 3, limits: JobLimits(memoryBytes: 4 * gibibyte, cpuSeconds: 60, diskBytes: 10 * gibibyte),
    memoryMax: 16 * gibibyte)

  private func report(_ code: Int32, _ error: String = "shape") -> RunReport {
    RunReport(
      job: "J000001", attempt: 1, token: "t", pipeline: "p", status: .failed, exitCode: code,
      error: .init(code: error, message: "other size", subject: "dark.fits", hint: "tmtrun describe"),
      started: "", ended: "", seconds: 2, peakMemoryBytes: 77)
  }

  private func death(_ cause: JobDeath.Cause, outOfMemory: Bool = false) -> JobDeath {
    JobDeath(cause: cause, reason: "why", outOfMemory: outOfMemory, seconds: 1, peakBytes: 55)
  }

  private func judge(
    _ cause: JobDeath.Cause, before: Int = 0, outOfMemory: Bool = false, raised: UInt64? = nil,
    stopping: Bool = false
  ) -> RetryPolicy.Judgement {
    policy.judge(
      death(cause, outOfMemory: outOfMemory), .init(before: before, raisedMemory: raised, now: 100),
      stopping: stopping)
  }

  @Test func onlyExit75ComesAgain() {
    for code: Int32 in [1, 5, 64, 65, 66, 78] {
      #expect(policy.judge(report(code), .init(before: 0, now: 100)).end == .failed)
      #expect(judge(.exited(code)).end == .failed)
    }
    #expect(policy.judge(report(75), .init(before: 0, now: 100)).end == .again(notBefore: 110))
    #expect(judge(.exited(75)).end == .again(notBefore: 110))
    #expect(judge(.exited(0)).end == .failed, "no report, whatever it says of itself")
  }

  @Test func theReasonNamesMessageSubjectAndHint() {
    let judged = policy.judge(report(65), .init(before: 0, now: 0))
    #expect(judged.reason == "other size — dark.fits; tmtrun describe")
    #expect(judged.facts == .init(endedBy: "reported", exitCode: 65, seconds: 2, peakBytes: 77))
  }

  @Test func attemptsAreCountedUntilDead() {
    #expect(judge(.signalled(9), before: 1).end == .again(notBefore: 130))
    #expect(judge(.signalled(9), before: 2).end == .dead)
    #expect(judge(.timedOut).end == .again(notBefore: 110))
    #expect(judge(.timedOut).reason.contains("[jobs] timeout is 3600 s"))
    #expect(judge(.notStarted).end == .again(notBefore: 110))
    #expect(judge(.signalled(11)).facts == .init(endedBy: "signalled", signal: 11, seconds: 1, peakBytes: 55))
    let patient = RetryPolicy(attempts: 9, firstWait: 2)
    let waits = (0..<5).map {
      patient.judge(death(.timedOut), .init(before: $0, now: 0), stopping: false).end
    }
    #expect(waits == [2, 6, 24, 120, 120].map { .again(notBefore: $0) })
  }

  @Test func stoppingTheDaemonCostsNoAttempt() {
    #expect(judge(.cancelled, before: 2, stopping: true).end == .interrupted)
    for cause in [JobDeath.Cause.signalled(15), .signalled(2), .exited(143), .exited(130)] {
      #expect(judge(cause, before: 2, stopping: true).end == .interrupted)
      #expect(judge(cause, before: 0).end == .again(notBefore: 110), "somebody else's TERM counts")
    }
  }

  @Test func outOfMemoryIsTriedOnceMoreWithTwiceAsMuch() {
    for cause in [JobDeath.Cause.signalled(9), .signalled(6), .exited(1)] {
      let first = judge(cause, outOfMemory: true)
      #expect(first.end == .withMemory(bytes: 8 * Self.gibibyte, notBefore: 100))
      #expect(first.reason.contains("out of memory with 4 GiB: it is tried once more with 8 GiB"))
      #expect(first.facts.endedBy == "out of memory")
      let second = judge(cause, before: 1, outOfMemory: true, raised: 8 * Self.gibibyte)
      #expect(second.end == .dead)
      #expect(second.reason.contains("with 8 GiB ([jobs] memory and memory_max)"), "\(second.reason)")
    }
    let told = policy.judge(report(75, "out-of-memory"), .init(before: 0, now: 100))
    #expect(told.end == .withMemory(bytes: 8 * Self.gibibyte, notBefore: 100))
    #expect(policy.limits(raisedMemory: 8 * Self.gibibyte).memoryBytes == 8 * Self.gibibyte)
    #expect(policy.limits(raisedMemory: 8 * Self.gibibyte).cpuSeconds == 60)
  }

  @Test func memoryIsRaisedToItsMaximumAndNotBeyond() {
    func end(_ maximum: UInt64) -> CatalogWriter.AttemptEnd {
      RetryPolicy(attempts: 3, limits: policy.limits, memoryMax: maximum * Self.gibibyte).judge(
        death(.signalled(6), outOfMemory: true), .init(before: 0, now: 0), stopping: false
      ).end
    }
    #expect(end(6) == .withMemory(bytes: 6 * Self.gibibyte, notBefore: 0))
    #expect(end(4) == .dead && end(2) == .dead)
  }

  @Test func whatUsedUpProcessorTimeOrDiskWouldDoSoAgain() {
    let processor = judge(.signalled(24))
    #expect(processor.end == .dead && processor.facts.endedBy == "processor time")
    #expect(processor.reason.contains("more than 60 s ([jobs] cpu_time)"))
    let disk = judge(.diskExceeded(bytes: 11))
    #expect(disk.end == .dead && disk.facts.endedBy == "disk")
    #expect(disk.reason.contains("more than 10 GiB ([jobs] disk)"))
  }
}

@Suite struct JobPriorityTests {
  @Test func whatIsBeingTakenGoesFirstAndWhatAPersonAskedForLast() {
    let night = JobPriority.of(rule: 40, isRequested: false, version: 1, age: 10)
    let final = JobPriority.of(rule: 40, isRequested: false, version: 2, age: 900)
    let late = JobPriority.of(rule: 40, isRequested: false, version: 1, age: 1e6)
    let better = JobPriority.of(rule: 10, isRequested: false, version: 2, age: 1e6)
    let asked = JobPriority.of(rule: 5, isRequested: true, version: 2, age: 1e6)
    #expect(night == 40 && final == 40 && late == 40, "the first version of anything is real time")
    #expect(night < better && better < asked)
    #expect(
      JobPriority.of(rule: 10, isRequested: true, version: 2, age: 1)
        < JobPriority.of(rule: 40, isRequested: true, version: 2, age: 1))
  }
}

@Suite struct HookPolicyTests {
  let policy = HookPolicy()

  @Test func exitCodesDecide() {
    #expect(policy.judge(.exited(0), attemptsBefore: 0, retries: 5, now: 0).state == "delivered")
    #expect(policy.judge(.exited(1), attemptsBefore: 0, retries: 5, now: 0).state == "failed")
    #expect(policy.judge(.exited(75), attemptsBefore: 0, retries: 5, now: 0).state == "pending")
  }

  /// It may have gone before it began: then the code is its interpreter's.
  @Test func aHookThatHasGoneMeanwhileIsSaidToBeGone() {
    func reason(_ code: Int32, isStillThere: Bool) -> String? {
      policy.judge(.exited(code), attemptsBefore: 0, retries: 5, now: 0, isStillThere: isStillThere).reason
    }
    #expect(reason(127, isStillThere: false) == "the hook is no longer there (exit code 127)")
    #expect(reason(127, isStillThere: true) == "exit code 127")
    #expect(reason(0, isStillThere: false) == nil)
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
    software: String = "0.1", skips: [String] = []
  ) -> String {
    JobKey.key(
      pipeline: "p", software: software, configuration: nil, inputs: inputs, references: references,
      skips: skips)
  }

  @Test func placesAndNamesDoNotMatterContentsDo() {
    let moved = key(inputs: [.init(name: "b", path: "/b", sha256: "1", exptype: .science)])
    #expect(moved == key())
    #expect(key(inputs: [.init(name: "a", path: "/a", sha256: "9", exptype: .science)]) != key())
    #expect(key(inputs: [.init(name: "a", path: "/a", sha256: "1", exptype: .background)]) != key())
    #expect(key(references: [.init(type: "dark", origin: .none, reason: "x")]) != key())
    #expect(key(software: "0.2") != key())
    #expect(key(skips: ["bkg_subtract"]) != key())
    #expect(key().count == 64)
  }
}

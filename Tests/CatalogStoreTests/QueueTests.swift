import CatalogStore
import JobContract
import Testing

@Suite struct QueueTests {
  private let fixture: CatalogFixture
  private var writer: CatalogWriter { fixture.writer }

  init() throws { fixture = try CatalogFixture() }

  private func association(_ name: String) throws -> Int64 {
    try writer.apply(
      .init(actions: [
        .open(
          name: name, rule: "r", pipeline: "p", bucket: "b", members: [],
          update: AssociationUpdate(state: "closed"))
      ]), frame: nil, at: 1)
    return try #require(try fixture.reader.association(named: name)?.id)
  }

  @discardableResult
  private func queue(_ association: Int64, _ key: Int, priority: Int = 40) throws -> String? {
    try writer.queue(
      .init(
        association: association, pipeline: "p", key: CatalogFixture.sha(key), priority: priority, spec: "{}"),
      at: 2)
  }

  private func start(_ name: String, instance: String = "i") throws -> (job: JobRecord, run: RunRecord) {
    let job = try #require(try fixture.reader.job(named: name))
    let run = try #require(
      try writer.start(
        job: job.id, instance: instance, token: "t", folder: { "/w/\(name)/\($0)" }, memoryBytes: 7, at: 3))
    return (job, run)
  }

  private func end(_ name: String, _ end: CatalogWriter.AttemptEnd, reason: String = "why") throws {
    let (job, run) = try start(name)
    try writer.end(run: run.id, job: job.id, as: end, reason: reason, at: 4)
  }

  private func state(_ name: String) throws -> String? { try fixture.reader.job(named: name)?.state }

  @Test func aHundredReprocessingsDoNotKeepANewFrameWaiting() throws {
    for index in 1...100 {
      try queue(try association("old\(index)"), index, priority: 10 + ReprocessRequest.priorityOffset)
    }
    let science = try queue(try association("science"), 200, priority: 40)
    let calibration = try queue(try association("dark"), 201, priority: 10)
    let next = try fixture.reader.startableJobs(now: 10, limit: 3).map(\.name)
    #expect(next == [calibration, science, "J000001"])
  }

  @Test func aJobThatWaitsForItsNextTryLeavesItsSlot() throws {
    let poison = try #require(try queue(try association("poison"), 1, priority: 1))
    let other = try queue(try association("other"), 2)
    try end(poison, .again(notBefore: 100))
    #expect(try fixture.reader.startableJobs(now: 50, limit: 1).map(\.name) == [other])
    #expect(try fixture.reader.startableJobs(now: 100, limit: 1).map(\.name) == [poison])
    #expect(try fixture.reader.job(named: poison)?.attempts == 1)
  }

  @Test func onlyWhatWasSeenToEndCounts() throws {
    let name = try #require(try queue(try association("a"), 1))
    try end(name, .interrupted)
    #expect(try fixture.reader.job(named: name)?.attempts == 0)
    #expect(try fixture.reader.runs(job: 1).map(\.state) == ["lost"])
    try end(name, .withMemory(bytes: 99, notBefore: 5))
    let job = try #require(try fixture.reader.job(named: name))
    #expect(job.attempts == 1 && job.memoryBytes == 99 && job.state == "queued")
    try end(name, .again(notBefore: 6))
    #expect(try fixture.reader.job(named: name)?.memoryBytes == 99, "it keeps what it was given")
  }

  @Test func aFailedJobIsNotQueuedAgainButAnotherKeyIs() throws {
    let id = try association("a")
    let name = try #require(try queue(id, 1))
    try end(name, .failed)
    #expect(try queue(id, 1) == nil && state(name) == "failed")
    try writer.unsettleFailures()
    #expect(try fixture.reader.unsettledAssociations().map(\.name) == ["a"])
    let next = try #require(try queue(id, 2))
    #expect(try state(next) == "queued" && state(name) == "failed")
    // The newer one speaks for the association now.
    try writer.unsettleFailures()
    #expect(try fixture.reader.unsettledAssociations() == [])
    #expect(try fixture.reader.status(now: 9).failed == [])
    try end(next, .dead)
    #expect(
      try fixture.reader.status(now: 9).failed.map(\.next) == [
        "irisarchive jobs retry \(next)", "irisarchive log \(name)",
      ])
  }

  @Test func anOperatorsCancellationStandsAndTheArchivesOwnDoesNot() throws {
    let (one, two) = (try association("a"), try association("b"))
    let (mine, its) = (try #require(try queue(one, 1)), try #require(try queue(two, 2)))
    #expect(try writer.cancel(job: mine, by: "ana", at: 1_784_020_364) == .done)
    #expect(try fixture.reader.job(named: mine)?.reason == "cancelled by ana at 2026-07-14T09:12:44.000Z")
    // A better one takes its place, and goes itself when the first is the right one after all.
    #expect(try queue(two, 5) != nil && state(its) == "cancelled")
    #expect(try queue(one, 1) == nil && state(mine) == "cancelled")
    let again = try queue(two, 2)
    #expect(try again != nil && again != its)
    // A request of a person brings it back.
    try writer.ask([.init(associationID: one, priority: 40, forced: false, reason: "x", askedAt: 6)])
    #expect(try queue(one, 1) == nil && state(mine) == "queued")
    #expect(try writer.cancel(job: "J9", by: "ana", at: 1) == .unknown)
  }

  @Test func aRunningJobIsMarkedAndCancelledWhateverEndsIt() throws {
    for (index, end) in [CatalogWriter.AttemptEnd.interrupted, .failed, .dead, .again(notBefore: 9)]
      .enumerated()
    {
      let name = try #require(try queue(try association("a\(index)"), index + 1))
      let (job, run) = try start(name)
      #expect(try writer.cancel(job: name, by: "ana", at: 5) == .asked)
      #expect(try state(name) == "running" && fixture.reader.jobsToCancel() == [job.id])
      try writer.end(run: run.id, job: job.id, as: end, reason: "why", at: 6)
      #expect(try state(name) == "cancelled" && fixture.reader.jobsToCancel() == [])
      #expect(try fixture.reader.job(named: name)?.reason?.hasPrefix("cancelled by ana at ") == true)
      #expect(try writer.retry(job: name, by: "ben", at: 7) == .done)
      #expect(try state(name) == "queued" && fixture.reader.job(named: name)?.cancel == nil)
    }
    guard case .refused(let why, _) = try writer.retry(job: "J000001", by: "ben", at: 8) else {
      Issue.record("a queued job is not retried")
      return
    }
    #expect(why.contains("is queued and was not retried"))
  }

  /// Two at a time would make products of one name.
  @Test func whileAJobRunsItsAssociationGetsNoOther() throws {
    let id = try association("a")
    let (job, run) = try start(try #require(try queue(id, 1)))
    #expect(try queue(id, 2) == nil)
    #expect(try fixture.reader.isRunning(association: id))
    try writer.end(run: run.id, job: job.id, as: .failed, reason: "why", at: 6)
    #expect(try queue(id, 2) != nil && !fixture.reader.isRunning(association: id))
  }

  @Test func whatIsRetriedWaitsForTheJobOfItsAssociationThatRuns() throws {
    let id = try association("a")
    let names = try (1...2).map { key in
      let name = try #require(try queue(id, key))
      try end(name, .failed)
      return name
    }
    #expect(try writer.retry(job: names[0], by: "ana", at: 5) == .done)
    let (job, run) = try start(names[0])
    #expect(try writer.retry(job: names[1], by: "ana", at: 6) == .done)
    #expect(try fixture.reader.startableJobs(now: 10, limit: 9) == [])
    try writer.end(run: run.id, job: job.id, as: .failed, reason: "why", at: 7)
    #expect(try fixture.reader.startableJobs(now: 10, limit: 9).map(\.name) == [names[1]])
  }

  /// Only those whose last attempt said so.
  @Test func jobsWithoutTheirInputAreKnown() throws {
    let names = try (1...3).map { try #require(try queue(try association("a\($0)"), $0)) }
    for (name, end) in zip(names, [AttemptFacts.inputMissing, "reported"]) {
      let (job, run) = try start(name)
      try writer.end(
        run: run.id, job: job.id, as: .failed, facts: AttemptFacts(endedBy: end), reason: "why", at: 6)
    }
    #expect(try fixture.reader.jobsWithoutInput(limit: 9).map(\.name) == [names[0]])
    #expect(try writer.retry(job: names[0], by: "the archive", at: 7) == .done)
    #expect(try fixture.reader.jobsWithoutInput(limit: 9) == [])
  }

  @Test func aRetryNeverGoesBehindANewerJob() throws {
    let id = try association("a")
    let old = try #require(try queue(id, 1))
    try end(old, .dead)
    let new = try #require(try queue(id, 2))
    #expect(
      try writer.retry(job: old, by: "ana", at: 5)
        == .refused(
          "\(old) was not retried: \(new), which is queued, has taken its place",
          hint: "irisarchive reprocess a"))
    try end(new, .failed)
    #expect(try writer.retry(job: old, by: "ana", at: 6) == .done)
    // The same key: what the archive took out and made anew.
    #expect(try queue(id, 3) != nil && state(old) == "cancelled")
    let twin = try #require(try queue(id, 1))
    guard case .refused(let why, _) = try writer.retry(job: old, by: "ana", at: 8) else {
      Issue.record("a job is not retried beside its twin")
      return
    }
    #expect(why == "\(old) was not retried: \(twin), which is queued, is the same job")
  }

  @Test func contentIsFoundWhereverItIsNow() throws {
    let raw = try fixture.record(fixture.frame("a.fits", 1))
    #expect(try fixture.reader.frame(sha256: CatalogFixture.sha(1), name: "other.fits")?.id == raw)
    #expect(try fixture.reader.frame(sha256: CatalogFixture.sha(2), name: "a.fits") == nil)
    try fixture.record(fixture.frame("renamed.fits", 1))
    #expect(try fixture.reader.frame(sha256: CatalogFixture.sha(1), name: "a.fits")?.id == raw)
    // Two products may hold the same bytes: each is known by its name.
    for name in ["p1", "p2"] {
      let id = try fixture.reduce(
        name, pipeline: "imager_level2", members: [(raw, 1, "science")],
        product: fixture.frame("\(name).fits", 7, state: "current"), kind: "cal")
      #expect(try fixture.reader.frame(sha256: CatalogFixture.sha(7), name: "\(name).fits")?.id == id)
    }
  }

  /// N/A of the rules may become a file; what a step left unused, and what a person chose, changes nothing.
  @Test func usesThatFollowTheRulesAreKnown() throws {
    let raw = try fixture.record(fixture.frame("a.fits", 1))
    func product(_ name: String, _ n: Int, chosen: ResolvedReference, used: ResolvedReference) throws -> Bool?
    {
      let id = try fixture.reduce(
        name, pipeline: "imager_level2", members: [(raw, 1, "science")],
        product: fixture.frame("\(name).fits", n, state: "current"), kind: "cal", references: [used],
        chosen: [chosen])
      return try fixture.reader.currentProductUses(type: "flat", detector: nil, interval: -1e12...1e12)
        .first { $0.frame == id }?.followsRules
    }
    let file = ResolvedReference(
      type: "flat", origin: .context, path: "/f.fits", sha256: CatalogFixture.sha(9))
    let none = ResolvedReference(type: "flat", origin: .none, reason: "no match")
    let not = ResolvedReference(type: "flat", origin: .notApplicable, reason: "the rules say N/A")
    let unused = ResolvedReference(type: "flat", origin: .notApplicable, reason: "f.fits was not used: skip")
    var own = file
    own.origin = .override
    #expect(try product("rules", 2, chosen: file, used: file) == true)
    #expect(try product("nothing", 3, chosen: none, used: none) == true)
    #expect(try product("na", 4, chosen: not, used: not) == true)
    #expect(try product("skipped", 5, chosen: file, used: unused) == false)
    #expect(try product("own", 6, chosen: own, used: own) == false)
  }
}

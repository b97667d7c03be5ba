import CatalogStore
import Testing

/// A clock that was set back freezes nothing.
@Suite struct ClockTests {
  @Test func whatWaitsForAFarFutureWaitsFromNow() throws {
    let fixture = try CatalogFixture()
    let (ahead, now) = (1_000_000.0, 2000.0)
    let frame = try fixture.record(fixture.frame("a.fits", 1))
    for (name, state) in [("open", "open"), ("made", "closed")] {
      try fixture.writer.apply(
        .init(actions: [
          .open(
            name: name, rule: "r", pipeline: "p", bucket: name,
            members: [NewMember(frame: frame, exptype: "science")],
            update: AssociationUpdate(state: state, reason: "waits", dueAt: ahead + 300))
        ]), frame: nil, at: ahead)
    }
    let made = try #require(try fixture.reader.association(named: "made"))
    let job = try #require(
      try fixture.writer.queue(
        .init(association: made.id, pipeline: "p", key: CatalogFixture.sha(7), priority: 1, spec: "{}"),
        at: ahead))
    let id = try #require(try fixture.reader.job(named: job)).id
    let run = try #require(
      try fixture.writer.start(job: id, instance: "i", token: "t", folder: { "/w/\($0)" }, at: ahead))
    try fixture.writer.end(
      run: run.id, job: id, as: .again(notBefore: ahead + 30), reason: "signal 9", at: ahead)

    // As it was, an hour's pause included: nothing is changed.
    #expect(try fixture.writer.forgetFuture(now: ahead) == 0)
    #expect(try fixture.reader.startableJobs(now: now, limit: 9).isEmpty)
    #expect(try fixture.writer.forgetFuture(now: now) == 2)
    #expect(try fixture.reader.startableJobs(now: now, limit: 9).map(\.name) == [job])
    let open = try #require(try fixture.reader.association(named: "open"))
    #expect(open.dueAt == now + 300 && open.openedAt == now)
    #expect(try fixture.reader.status(now: now).notices.first?.sentence.contains("set back") == true)
    #expect(try fixture.writer.forgetFuture(now: now) == 0)
  }

  @Test func aPostponedAttemptIsNotCounted() throws {
    let fixture = try CatalogFixture()
    let frame = try fixture.record(fixture.frame("a.fits", 1))
    try fixture.writer.apply(
      .init(actions: [
        .open(
          name: "a", rule: "r", pipeline: "p", bucket: "b",
          members: [NewMember(frame: frame, exptype: "science")],
          update: AssociationUpdate(state: "closed"))
      ]), frame: nil, at: 1)
    let association = try #require(try fixture.reader.association(named: "a"))
    let name = try #require(
      try fixture.writer.queue(
        .init(
          association: association.id, pipeline: "p", key: CatalogFixture.sha(7), priority: 1, spec: "{}"),
        at: 2))
    let id = try #require(try fixture.reader.job(named: name)).id
    let run = try #require(
      try fixture.writer.start(job: id, instance: "i", token: "t", folder: { "/w/\($0)" }, at: 3))
    try fixture.writer.end(
      run: run.id, job: id, as: .postponed(notBefore: 60), reason: "the disk was full", at: 4)
    let job = try #require(try fixture.reader.job(named: name))
    #expect(job.state == "queued" && job.attempts == 0 && job.reason == "the disk was full")
    #expect(try fixture.reader.startableJobs(now: 59, limit: 1).isEmpty)
    #expect(try fixture.reader.startableJobs(now: 60, limit: 1).count == 1)
  }
}

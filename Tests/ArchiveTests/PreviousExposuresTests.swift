import Archive
import CatalogStore
import Foundation
import JobContract
import Testing

/// What a ramp is told of the exposures before it, and what it says when it is not.
@Suite final class PreviousExposuresTests {
  private let fixture: MosaicFixture
  private var number = 0

  init() throws { fixture = try MosaicFixture() }

  /// A file of IMG1 that lies where it says, ten seconds long.
  private func file(
    _ name: String, from start: Double, level: Int, state: String = "classified", flags: Bool = true,
    detector: String = "IMG1", exposure: String? = nil, seconds: Double? = 10
  ) throws -> (id: Int64, path: String) {
    number += 1
    let path = "\(fixture.folder)/\(name).fits"
    try Data(name.utf8).write(to: URL(fileURLWithPath: path))
    var description = NewFrame.Description()
    (description.level, description.kind) = (level, level == 0 ? "ramp" : "rate")
    (description.detector, description.obsname) = (detector, "\(detector)-SCI")
    (description.dateObs, description.dateEnd) = (start, seconds.map { start + $0 })
    description.detectorExposure = exposure
    description.fields = ["detector": detector, "obsname": "\(detector)-SCI", "level": "\(level)"]
    let digits = String(number)
    let frame = NewFrame(
      place: .init(
        path: path, device: 1, inode: Int64(number), bytes: 1, modifiedNanoseconds: 0, changedNanoseconds: 0),
      sha256: String(repeating: "0", count: 64 - digits.count) + digits, state: state,
      reason: state == "classified" ? nil : "of this test", description: description,
      headers: [.init(name: flags ? "DQ" : "SCI", text: "END")], arrivedAt: Double(number))
    guard case .recorded(let id, _) = try fixture.writer.record(frame, recordedAt: Double(number)) else {
      throw MosaicFault()
    }
    return (id, path)
  }

  /// A ramp with its association and a job that waits.
  private func ramp(_ name: String, from start: Double) throws -> JobRecord {
    let id = try file(name, from: start, level: 0).id
    try fixture.writer.apply(
      .init(actions: [
        .open(
          name: name, rule: "level1-ramp", pipeline: "readout", bucket: name,
          members: [NewMember(frame: id, exptype: "science")], update: AssociationUpdate(state: "closed"))
      ]), frame: id, at: 1)
    return try fixture.queue(try #require(try fixture.reader.association(named: name)), key: number)
  }

  private func found(_ job: JobRecord, window: Double = 600) throws -> PreviousExposures.Found {
    try PreviousExposures(reader: fixture.reader, window: window).of(job, rules: ["level1-ramp"])
  }

  private func fail(_ job: JobRecord) throws {
    let run = try #require(
      try fixture.writer.start(job: job.id, instance: "i", token: "t", folder: { "/attempts/\($0)" }, at: 2))
    try fixture.writer.end(
      run: run.id, job: job.id, as: .failed, facts: AttemptFacts(endedBy: "exited"), reason: "of this test",
      at: 3)
  }

  @Test func anExposureWhoseJobIsNotDoneIsMissedHoweverItEnded() throws {
    let (first, second) = (try ramp("one", from: 1000), try ramp("two", from: 1100))
    let sentence =
      "afterimages of the exposure before are not flagged: one was not reduced when this one began"
    #expect(try found(first).given == [] && found(first).shortcoming == nil)
    #expect(try found(second).given == [] && found(second).shortcoming == sentence)
    #expect(try fixture.writer.cancel(job: first.name, by: "ana", at: 2) == .done)
    #expect(try found(second).shortcoming == sentence)
    let association = try #require(try fixture.reader.association(named: "one"))
    try fixture.writer.hold(association: association.id, by: "ana", at: 3)
    #expect(try found(second).shortcoming == sentence)
    // Longer ago than afterimages last, and none that is asked for.
    #expect(try found(second, window: 89).shortcoming == nil)
    #expect(try found(second, window: 0).shortcoming == nil)
  }

  @Test func aFailedRampIsMissed() throws {
    let (first, second) = (try ramp("one", from: 1000), try ramp("two", from: 1100))
    try fail(first)
    #expect(try fixture.reader.job(named: first.name)?.state == "failed")
    #expect(try found(second).shortcoming?.contains("one was not reduced") == true)
  }

  /// The detector software's own frame serves while the archive's is still to be made.
  @Test func aRawFrameWithFlagsIsGivenAndNothingIsMissed() throws {
    _ = try ramp("one", from: 1000)
    let second = try ramp("two", from: 1100)
    let raw = try file("raw", from: 1000, level: 1)
    let found = try found(second)
    #expect(found.given.map(\.name) == ["raw.fits"] && found.shortcoming == nil, "\(found)")
    try FileManager.default.removeItem(atPath: raw.path)
    #expect(try self.found(second).shortcoming?.contains("one was not reduced") == true)
  }

  /// A header that says neither when an exposure ended nor how long it took.
  @Test func anExposureWithoutAnEndIsGiven() throws {
    let second = try ramp("two", from: 1100)
    _ = try file("raw", from: 1000, level: 1, seconds: nil)
    #expect(try found(second).given.map(\.name) == ["raw.fits"])
  }

  @Test func aRawFrameWithoutFlagsTellsNothing() throws {
    _ = try ramp("one", from: 1000)
    let second = try ramp("two", from: 1100)
    let raw = try file("raw", from: 1000, level: 1, flags: false)
    #expect(try found(second).given == [] && found(second).shortcoming?.contains("one was not") == true)
    // It serves, and the archive's own, which is its alternative, has the flags.
    let own = try file("own", from: 1000, level: 1)
    try fixture.writer.apply(
      .init(actions: [.alternative(frame: own.id, of: raw.id, reason: "raw.fits serves")]), frame: nil, at: 4)
    let found = try found(second)
    #expect(found.given.map(\.name) == ["own.fits"] && found.shortcoming == nil, "\(found)")
  }

  /// The frame before the one that is given is missed, too; another detector's is not.
  @Test func eachExposureNeedsItsOwnFrame() throws {
    for (name, start) in [("one", 1000.0), ("two", 1050)] { _ = try ramp(name, from: start) }
    let third = try ramp("three", from: 1100)
    _ = try file("raw", from: 1050, level: 1)
    _ = try file("other", from: 1080, level: 0, detector: "IMG2")
    let found = try found(third)
    #expect(found.given.map(\.name) == ["raw.fits"])
    #expect(found.shortcoming?.contains(": one was not reduced") == true, "\(found)")
  }

  /// A frame that no rule has taken was exposed all the same; reads of the ramp's own exposure are no earlier one.
  @Test func aHeldFrameIsMissedByItsOwnName() throws {
    _ = try file("held", from: 1050, level: 0, state: "held", exposure: "IMG1/7")
    let job = try ramp("two", from: 1100)
    #expect(try found(job).shortcoming?.contains(": held.fits was not reduced") == true)
  }
}

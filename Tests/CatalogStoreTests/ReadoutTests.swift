import CatalogStore
import Testing

/// Readouts that say nothing of themselves, and several level 1 frames of one exposure.
@Suite struct ReadoutTests {
  private static let noon = 1_783_000_000.0

  private func readout(_ fixture: CatalogFixture, _ n: Int, at seconds: Double) throws -> Int64 {
    try fixture.record(
      fixture.frame("read\(n).fits", n, state: "received", reason: "waiting for its raw frame") {
        $0.kind = "readout"
        $0.level = 0
        $0.obsname = "UNKNOWN"
        $0.obstype = "UNKNOWN"
        $0.dateObs = Self.noon + seconds
        $0.detectorExposure = "IMG1/7"
        $0.fields = ["kind": "readout", "level": "0", "obsname": "UNKNOWN", "joins": "no", "read": "\(n)"]
      })
  }

  private func rawFrame(_ fixture: CatalogFixture, _ n: Int, from start: Double, to end: Double) throws
    -> Int64
  {
    try fixture.record(
      fixture.frame("raw\(n).fits", n) {
        $0.filter = "K"
        $0.dateObs = Self.noon + start
        $0.dateEnd = Self.noon + end
        $0.detectorExposure = "IMG1/7"
        $0.fields = [
          "kind": "rate", "level": "1", "obsname": "IMG1-SCI", "obstype": "SCI", "filter": "K",
          "reads_expected": "2", "read": "99", "subarray": "FULL",
        ]
      })
  }

  @Test func aRawFrameIsFoundByNumberAndTime() throws {
    let fixture = try CatalogFixture()
    let first = try rawFrame(fixture, 1, from: 0, to: 60)
    let second = try rawFrame(fixture, 2, from: 3600, to: 3660)
    func found(_ seconds: Double, _ key: String = "IMG1/7") throws -> Int64? {
      try fixture.reader.rawFrame(of: key, at: Self.noon + seconds, slack: 1)?.id
    }
    #expect(try found(30) == first && found(3659) == second && found(60.5) == first)
    #expect(try found(62) == nil && found(30, "IMG2/7") == nil)
  }

  @Test func aReadoutTakesWhatItLacks() throws {
    let fixture = try CatalogFixture()
    let id = try readout(fixture, 5, at: 10)
    let raw = try rawFrame(fixture, 1, from: 0, to: 60)
    let record = try #require(try fixture.reader.matchRecord(frame: raw))
    let adopted = try #require(try fixture.writer.adopt(readout: id, from: record, at: 1))
    #expect(adopted.fields["obsname"] == "IMG1-SCI" && adopted.fields["filter"] == "K")
    #expect(adopted.fields["reads_expected"] == "2" && adopted.fields["raw_frame"] == "\(raw)")
    #expect(adopted.fields["read"] == "5" && adopted.fields["level"] == "0" && adopted.fields["joins"] == nil)
    let frame = try #require(try fixture.reader.frame(id: id))
    #expect(frame.state == "classified" && frame.reason == nil && frame.filter == "K" && frame.level == 0)
    #expect(frame.obsname == "IMG1-SCI" && frame.obstype == "SCI")
  }

  @Test func withoutARawFrameItIsHeldAndFoundAgainWhenOneComes() throws {
    let fixture = try CatalogFixture()
    let ids = try [readout(fixture, 5, at: 10), readout(fixture, 6, at: 20)]
    #expect(try fixture.reader.waitingReadouts().isEmpty, "the rules have not looked yet")
    try fixture.writer.markAssociated(ids, at: 1)
    #expect(try fixture.reader.waitingReadouts().map(\.id) == ids)
    #expect(try fixture.reader.status(now: 0).waiting.map(\.name) == ["IMG1/7"])
    try fixture.writer.giveUpRawFrame(of: ids, reason: "of IMG1/7 has come", at: 2)
    let frame = try #require(try fixture.reader.frame(id: ids[0]))
    #expect(frame.state == "held" && frame.reason == "no raw frame of IMG1/7 has come")
    #expect(try fixture.reader.unassociated(limit: 9).map(\.id) == ids, "they are reduced as they are")
    func found(_ from: Double, _ to: Double) throws -> [Int64] {
      try fixture.reader.readoutsWithoutRawFrame(of: "IMG1/7", in: (Self.noon + from)...(Self.noon + to))
    }
    #expect(try found(0, 60) == ids && found(15, 60) == [ids[1]] && found(30, 60).isEmpty)
  }

  @Test func versionsOfAnExposureAndTheOneThatServes() throws {
    let fixture = try CatalogFixture()
    let one = try rawFrame(fixture, 1, from: 0, to: 60)
    let two = try rawFrame(fixture, 2, from: 0, to: 60)
    _ = try rawFrame(fixture, 3, from: 3600, to: 3660)
    func candidates() throws -> [Int64] {
      try fixture.reader.candidates(
        obsnames: ["*"], start: Self.noon, end: Self.noon + 60, within: 60
      ).map(\.id)
    }
    func mark(_ frame: Int64, _ other: Int64?) throws {
      let action = CatalogWriter.AssociationStep.Action.alternative(
        frame: frame, of: other, reason: "raw1 serves")
      try fixture.writer.apply(.init(actions: [action]), frame: nil, at: 1)
    }
    let versions = try fixture.reader.versions(of: "IMG1/7", in: Self.noon...(Self.noon + 60), with: one)
    #expect(versions.map(\.id) == [one, two] && !versions.contains { $0.isAlternative })
    #expect(try candidates() == [one, two])
    try mark(two, one)
    #expect(try candidates() == [one])
    #expect(try fixture.reader.servesInsteadOf(frame: two) == "raw1.fits")
    #expect(try fixture.reader.frame(id: two)?.reason == "an alternative version: raw1 serves")
    let verdict = FrameVerdict(quality: .bad, reason: "shutter", user: "me")
    try fixture.writer.markAssociated([one, two], at: 2)
    _ = try fixture.writer.flag(frame: one, verdict, at: 3)
    #expect(try fixture.reader.unassociated(limit: 9).map(\.id).contains(two), "the other one's turn")
    try mark(two, nil)
    #expect(try fixture.reader.frame(id: two)?.reason == nil)
    #expect(try candidates() == [two])
  }
}

import Archive
import Associations
import CatalogStore
import Testing

/// What is on its way is read once in a turn, and found again by what is asked of it.
@Suite struct PendingWorkTests {
  private let fixture: MosaicFixture
  private let rules: [AssociationRule]

  /// Ramps of two detectors, ten seconds long, that begin at 100, 200, 300 … in turn.
  init() throws {
    fixture = try MosaicFixture()
    rules = [
      try AssociationRule(
        yaml: """
          rule: level1-ramp
          summary: ramps
          pipeline: readout
          gathers: { exptype: science, select: { level: ["0"] } }
          """, path: "level1-ramp.yaml"),
      try AssociationRule(
        yaml: """
          rule: master-dark
          summary: darks
          pipeline: create_dark
          gathers: { exptype: dark, select: { obsname: ["*-DRK"], level: ["1"] }, equal: [detector] }
          serves: dark
          """, path: "master-dark.yaml"),
    ]
    for n in 1...8 { try ramp(n) }
  }

  private func ramp(_ n: Int) throws {
    var description = NewFrame.Description()
    description.level = 0
    let detector = n % 2 == 1 ? "IMG1" : "IMG2"
    (description.detector, description.obsname) = (detector, n == 8 ? "IMG2-DRK" : "\(detector)-SCI")
    (description.dateObs, description.dateEnd) = (Double(100 * n), Double(100 * n + 10))
    description.fields = ["detector": detector, "obsname": description.obsname, "level": "0", "kind": "ramp"]
    let place = NewFrame.Place(
      path: "/data/r\(n)", device: 1, inode: Int64(n), bytes: 1, modifiedNanoseconds: 0, changedNanoseconds: 0
    )
    let frame = NewFrame(
      place: place, sha256: String(repeating: "\(n)", count: 64), state: "classified", reason: nil,
      description: description, headers: [], arrivedAt: Double(n))
    guard case .recorded(let id, _) = try fixture.writer.record(frame, recordedAt: Double(n)) else {
      throw MosaicFault()
    }
    try fixture.writer.apply(
      .init(actions: [
        .open(
          name: "ramp \(n)", rule: "level1-ramp", pipeline: "readout", bucket: "\(n)",
          members: [NewMember(frame: id, exptype: "science")], update: AssociationUpdate(state: "closed"))
      ]), frame: id, at: 1)
  }

  private func exposure(_ start: Double, _ detector: String = "IMG1") -> Exposure {
    Exposure(
      id: 0, name: "x", fields: ["detector": detector], start: start, end: start + 10, arrivedAt: 0)
  }

  private func before(
    _ work: PendingWork, _ exposure: Exposure, within window: Double = 600, except: Int64 = 0
  ) throws -> String? {
    try work.exposure(before: exposure, within: window, rules: ["level1-ramp"], except: except)?
      .association.name
  }

  @Test func theNearestEarlierExposureOfTheDetectorIsFound() throws {
    let work = PendingWork(reader: fixture.reader, rules: rules)
    #expect(try before(work, exposure(700)) == "ramp 5")
    #expect(try before(work, exposure(701)) == "ramp 7")
    #expect(try before(work, exposure(700, "IMG2")) == "ramp 6")
    #expect(try before(work, exposure(100)) == nil)
    #expect(try before(work, exposure(700, "IMG3")) == nil)
    // It ended 190 s before.
    #expect(try before(work, exposure(900), within: 190) == "ramp 7")
    #expect(try before(work, exposure(900), within: 189) == nil)
    let own = try #require(try fixture.reader.association(named: "ramp 7"))
    #expect(try before(work, exposure(701), except: own.id) == "ramp 5")
  }

  /// What a turn settles is gone for the rest of it; what changes besides, the next turn sees.
  @Test func itIsReadOnceAndForgetsWhatIsSettled() throws {
    let work = PendingWork(reader: fixture.reader, rules: rules)
    #expect(try before(work, exposure(1000)) == "ramp 7")
    let seven = try #require(try fixture.reader.association(named: "ramp 7"))
    try fixture.writer.settle(association: seven.id)
    #expect(try before(work, exposure(1000)) == "ramp 7")
    work.forget(seven.id)
    #expect(try before(work, exposure(1000)) == "ramp 5")
    #expect(try before(PendingWork(reader: fixture.reader, rules: rules), exposure(1000)) == "ramp 5")
  }

  @Test func rampsOfACalibrationAreOnTheirWayToIt() throws {
    let work = PendingWork(reader: fixture.reader, rules: rules)
    let makers = try work.makers(rules[1])
    #expect(makers.map(\.association.name) == ["ramp 8"])
    #expect(makers.first?.first["level"] == "1" && makers.first?.first["kind"] == "rate")
  }

  @Test func whatWillBeAMemberOfAMosaicIsFoundByItsBucket() throws {
    let rule = try #require(fixture.rules.first)
    let work = PendingWork(reader: fixture.reader, rules: rules + [rule])
    // The ramps say neither programme nor filter nor night.
    let products = try work.products(for: rule, like: exposure(0))
    #expect(products.map(\.association.name) == (1...7).map { "ramp \($0)" })
    #expect(products.allSatisfy { $0.first["level"] == "2" && $0.first["kind"] == "cal" })
    var other = exposure(0)
    other.fields["filter"] = "J"
    #expect(try work.products(for: rule, like: other) == [])
  }
}

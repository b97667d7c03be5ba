import Archive
import Associations
import CatalogStore
import Foundation
import JobContract
import Testing

/// What science waits for: calibrations of its configuration that are on their way, and not what waits for a person.
@Suite final class CalibrationsUnderWayTests {
  private static let yaml = [
    "master-flat": """
    rule: master-flat
    summary: flats
    pipeline: process_flatfield
    gathers:
      exptype: flat
      select: { obsname: ["IMG?-NFF"], level: ["1"] }
      equal: [obsname, detector, filter, subarray, program, observation, sequence]
    serves: flat
    """,
    "distortion": """
    rule: distortion
    summary: pinholes
    pipeline: create_distortion
    gathers:
      exptype: science
      select: { obsname: ["IMG?-PIN"], level: ["1"] }
      equal: [detector, filter, pupil, scale, subarray, observation, sequence]
    serves: distortion
    """,
    "zero-point": """
    rule: zero-point
    summary: standards
    pipeline: create_photom
    gathers:
      exptype: science
      select: { obsname: ["IMG?-STD"], level: ["2"], kind: [cal] }
      equal: [detector, filter, pupil, scale, program, observation, object, sequence]
    serves: photom
    """,
  ]

  private let fixture: MosaicFixture
  private let rules: [AssociationRule]
  private let science = PipelineDescription(
    name: "imager_level2", summary: "", aliases: [], steps: ["flat_field", "photom", "assign_wcs"],
    products: ["cal"], level: 2, referenceTypes: ["flat", "photom", "distortion"])

  init() throws {
    fixture = try MosaicFixture()
    rules = try Self.yaml.sorted { $0.key < $1.key }.map {
      try AssociationRule(yaml: $0.value, path: "\($0.key).yaml")
    }
    try FileManager.default.createDirectory(
      atPath: fixture.folder + "/config", withIntermediateDirectories: true)
  }

  private static let usual = [
    "detector": "IMG1", "filter": "H", "pupil": "CLEAR", "scale": "0.004", "subarray": "FULL",
    "program": "P1",
    "observation": "O1", "object": "M 31", "sequence": "S1",
  ]

  /// A closed association of a rule with one frame, that has no job yet.
  private func underWay(_ rule: String, _ fields: [String: String]) throws {
    var description = NewFrame.Description()
    description.fields = Self.usual.merging(fields) { $1 }
    description.obsname = description.fields["obsname"] ?? ""
    (description.dateObs, description.dateEnd) = (100, 110)
    let place = NewFrame.Place(
      path: "/data/x", device: 1, inode: 1, bytes: 1, modifiedNanoseconds: 0, changedNanoseconds: 0)
    let frame = NewFrame(
      place: place, sha256: String(repeating: "7", count: 64), state: "classified", reason: nil,
      description: description, headers: [], arrivedAt: 1)
    guard case .recorded(let id, _) = try fixture.writer.record(frame, recordedAt: 1) else {
      throw MosaicFault()
    }
    try fixture.writer.apply(
      .init(actions: [
        .open(
          name: "the \(rule)", rule: rule, pipeline: try #require(rules.first { $0.name == rule }).pipeline,
          bucket: "b", members: [NewMember(frame: id, exptype: "science")],
          update: AssociationUpdate(state: "closed"))
      ]), frame: id, at: 1)
  }

  /// What a science frame of another programme and field, ten minutes later, waits for.
  private func obstacle(
    _ fields: [String: String] = [:], parkeys: [String: [String]] = [:]
  ) throws -> String? {
    let manifest = PipelineManifest(
      software: "0.1",
      pipelines: [
        science,
        PipelineDescription(
          name: "create_photom", summary: "", aliases: [], steps: ["zero_point"], products: ["photom"],
          level: 0, referenceTypes: []),
      ], steps: [])
    let folder = fixture.folder
    let layout = ArchiveLayout(
      root: folder, incoming: folder, products: folder, work: folder, logs: folder, rules: folder)
    let calibrations = CalibrationsUnderWay(
      associator: Associator(rules: rules), manifest: manifest,
      pending: PendingWork(reader: fixture.reader, rules: rules),
      faults: OperatorFaults(layout: layout, hasher: FileHasher()), parkeys: { parkeys[$0] },
      lastSeconds: { _ in 86_400 })
    let own = ["obsname": "IMG1-SCI", "program": "P2", "observation": "O9", "object": "x", "sequence": "S7"]
    let exposure = Exposure(
      id: 99, name: "science", fields: Self.usual.merging(own) { $1 }.merging(fields) { $1 }, start: 700,
      end: 760, arrivedAt: 2)
    var association = try #require(try fixture.reader.pending(rules: rules.map(\.name)).first).association
    (association.id, association.rule) = (0, "imager-level2")
    return try calibrations.obstacle(science, exposure, association)
  }

  private func list(_ text: String) throws {
    try text.write(toFile: fixture.folder + "/config/standards.csv", atomically: true, encoding: .utf8)
  }

  /// Of another programme, observation and star: it is waited for all the same, but not for its line in the list.
  @Test func aStandardIsWaitedForOnceItIsListed() throws {
    try underWay("zero-point", ["obsname": "IMG1-STD", "level": "2", "kind": "cal", "object": "HD 1160"])
    try list("name,filter,mag\nFS-103,H,14.2\n")
    #expect(try obstacle() == nil)
    try list("name,filter,mag\nHD 1160,H,7.013\n")
    #expect(try obstacle() == "waiting for calibration: the zero-point is not done yet")
    #expect(try obstacle(["filter": "J"]) == nil)
    // Another row's fault keeps the zero point waiting for a person, and so nothing else.
    try list("name,filter,mag\nHD 1160,H,7.013\nFS-103,H,\n")
    #expect(try obstacle() == nil)
  }

  /// Rules that do not look at the window (or the pupil, the scale) serve any.
  @Test func aFullFrameServesAWindowWhereTheRulesDoNotLookAtIt() throws {
    try underWay("distortion", ["obsname": "IMG1-PIN", "level": "1"])
    let window = ["subarray": "STAR", "pupil": "MASKED"]
    let looks = ["META.INSTRUMENT.DETECTOR", "META.INSTRUMENT.FILTER"]
    #expect(
      try obstacle(window, parkeys: ["distortion": looks])
        == "waiting for calibration: the distortion is not done yet")
    #expect(try obstacle(["filter": "J"], parkeys: ["distortion": looks]) == nil)
    #expect(try obstacle(window, parkeys: ["distortion": looks + ["META.SUBARRAY.NAME"]]) == nil)
    // Without any rules yet only the window does not count.
    #expect(try obstacle(["subarray": "STAR"]) != nil)
    #expect(try obstacle(window) == nil)
  }

  @Test func theWindowCountsForADark() {
    let match = FieldMatch(
      equal: ["obsname", "detector", "subarray", "object", "program"], within: ["exptime": 0.01])
    #expect(FieldMatch.serving(match, type: "dark").equal == ["detector", "subarray"])
    #expect(
      FieldMatch.serving(match, type: "dark", parkeys: ["detector", "subarray"]).equal == [
        "detector", "subarray",
      ])
    #expect(FieldMatch.serving(match, type: "flat").equal == ["detector"])
    #expect(FieldMatch.serving(match, type: "flat").within == ["exptime": 0.01])
  }
}

import Archive
import Associations
import CatalogStore
import Foundation
import JobContract
import Logging
import Testing

/// A catalog of calibrated frames, and the service that gathers them into fields. What jobs do is said, not done.
final class MosaicFixture: Sendable {
  let folder: String
  let writer: CatalogWriter
  let service: AssociatorService
  let rules: [AssociationRule]
  var reader: CatalogReader { writer.reader }

  private static let yaml = """
    rule: imager-level3
    summary: mosaics
    pipeline: imager_level3
    combines:
      exptype: science
      select: { obsname: ["IMG?-SCI"], level: ["2"], kind: [cal] }
      equal: [EQUAL]
    sequence: { position: position, count: count }
    minimum: MINIMUM
    good: MINIMUM
    """

  init(minimum: Int = 1, equal: String = "program, filter, night") throws {
    folder = "/dev/shm/mosaic-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    writer = try CatalogWriter(path: folder + "/catalog.sqlite")
    let yaml = Self.yaml.replacing("EQUAL", with: equal).replacing("MINIMUM", with: "\(minimum)")
    rules = [try AssociationRule(yaml: yaml, path: "imager-level3.yaml")]
    service = AssociatorService(
      associator: Associator(rules: rules), writer: writer,
      waits: Waits(
        quiet: 300, quietSeconds: { _ in 300 }, exposureGapSeconds: { _ in 300 }, sequence: { _, _ in 300 },
        rawFrame: 120, sky: 600, dither: 900, truncated: 120, longest: 900),
      logger: Logger(label: "test"))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func sha(_ n: Int) -> String {
    let digits = String(n, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  private func frame(_ name: String, _ n: Int, level: Int, state: String, fields: [String: String])
    -> NewFrame
  {
    var description = NewFrame.Description()
    description.level = level
    description.kind = level == 1 ? "rate" : "cal"
    description.obsname = "IMG1-SCI"
    description.detector = "IMG1"
    description.dateObs = fields["start"].flatMap(Double.init)
    description.dateEnd = description.dateObs.map { $0 + 60 }
    description.fields = fields
    return NewFrame(
      place: .init(
        path: "/data/\(name)", device: 1, inode: Int64(n), bytes: 2880, modifiedNanoseconds: 0,
        changedNanoseconds: 0),
      sha256: Self.sha(n), state: state, reason: nil, description: description, headers: [],
      arrivedAt: Double(n))
  }

  /// A raw frame and the calibrated one made of it, `east` arcsec from the first field, which is 8 arcsec wide.
  func calibrated(
    _ n: Int, east: Double, position: Int = 1, of count: Int = 1, night: Int = 1
  ) throws -> (raw: Int64, cal: Int64) {
    let start = 1_783_000_000 + Double(night) * 86_400 + Double(n) * 100
    let fields = [
      "obsname": "IMG1-SCI", "level": "2", "kind": "cal", "detector": "IMG1", "program": "P1", "filter": "H",
      "night": "night \(night)", "position": "\(position)", "count": "\(count)",
      "sky_ra": "\(80 + east / 3600)", "sky_dec": "0", "sky_radius": "\(4 * 2.0.squareRoot() / 3600)",
      "start": "\(start)",
    ]
    let source = frame("f\(n).fits", n, level: 1, state: "classified", fields: ["start": "\(start)"])
    guard case .recorded(let raw, _) = try writer.record(source, recordedAt: Double(n)) else {
      throw MosaicFault()
    }
    let cal = try make(
      "level2 \(n)", of: [raw: n],
      frame("f\(n)_cal.fits", 1000 + n, level: 2, state: "current", fields: fields), kind: "cal")
    _ = try service.associateNew()
    return (raw, cal)
  }

  /// The mosaic of a set, by a job that was queued and started before `during` and ended after it.
  @discardableResult
  func mosaic(of association: AssociationRecord, _ n: Int, during: () throws -> Void = {}) throws -> Int64 {
    let members = try reader.members(ofAssociation: association.id)
    return try make(
      association.name, of: Dictionary(uniqueKeysWithValues: members.map { ($0.frame.id, Int($0.frame.id)) }),
      frame("m\(n)_i2d.fits", 2000 + n, level: 3, state: "current", fields: [:]), kind: "i2d", during: during)
  }

  /// The job that an association waits for.
  func queue(_ association: AssociationRecord, key: Int) throws -> JobRecord {
    let name = try #require(
      try writer.queue(
        .init(
          association: association.id, pipeline: association.pipeline, key: Self.sha(5000 + key), priority: 1,
          spec: "{}"), at: 1))
    return try #require(try reader.job(named: name))
  }

  private func make(
    _ association: String, of inputs: [Int64: Int], _ product: NewFrame, kind: String,
    during: () throws -> Void = {}
  ) throws -> Int64 {
    if try reader.association(named: association) == nil {
      try writer.apply(
        .init(actions: [
          .open(
            name: association, rule: "level2", pipeline: "p", bucket: "b",
            members: inputs.keys.sorted().map { NewMember(frame: $0, exptype: "science") },
            update: AssociationUpdate(state: "closed"))
        ]), frame: nil, at: 1)
    }
    let record = try #require(try reader.association(named: association))
    let job = try queue(record, key: Int(product.place.inode))
    let run = try #require(
      try writer.start(job: job.id, instance: "i", token: "t", folder: { "/attempts/\($0)" }, at: 2))
    try during()
    let report = RunReport(
      job: job.name, attempt: run.attempt, token: "t", pipeline: "p", status: .succeeded, exitCode: 0,
      started: "", ended: "", seconds: 1, peakMemoryBytes: 1)
    let made = try writer.complete(
      job: job, run: run, report: report,
      inputs: inputs.sorted { $0.key < $1.key }.map {
        (role: "science", frame: $0.key, sha256: Self.sha($0.value))
      },
      products: [
        .init(
          frame: product, kind: kind, version: try reader.nextVersion(association: record.id), quality: [:])
      ], at: 3)
    return try #require(made.first)
  }

  func flag(_ frame: Int64, _ quality: FrameVerdict.Quality) throws {
    _ = try writer.flag(frame: frame, FrameVerdict(quality: quality, reason: "test", user: "ana"), at: 10)
    _ = try service.associateNew()
    try service.recheck()
  }

  /// The set that a frame belongs to now.
  func set(of frame: Int64) throws -> AssociationRecord {
    try #require(try reader.associations(ofFrame: frame).last { $0.rule == "imager-level3" })
  }

  func members(_ association: AssociationRecord) throws -> Set<Int64> {
    Set(try reader.members(ofAssociation: association.id).map(\.frame.id))
  }
}

struct MosaicFault: Error {}

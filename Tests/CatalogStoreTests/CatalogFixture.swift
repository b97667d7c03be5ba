import CatalogStore
import Foundation
import JobContract

/// A catalog in a folder of its own, filled through the writer.
final class CatalogFixture: Sendable {
  let folder: String
  let writer: CatalogWriter
  var reader: CatalogReader { writer.reader }

  init() throws {
    folder = "/dev/shm/catalog-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    writer = try CatalogWriter(path: folder + "/catalog.sqlite")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A sha256-shaped name for content number `n`.
  static func sha(_ n: Int) -> String {
    let digits = String(n, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  /// A frame of content `n` at `name`; arrives at second `n`, is recorded half a second later.
  func frame(
    _ name: String, _ n: Int, state: String = "classified", reason: String? = nil, headers: String? = nil,
    change: (inout NewFrame.Description) -> Void = { _ in }
  ) -> NewFrame {
    var description = NewFrame.Description()
    description.level = 1
    description.kind = "rate"
    description.obstype = "SCI"
    description.obsname = "IMG1-SCI"
    description.detector = "IMG1"
    description.dateObs = 1_783_000_000 + Double(n)
    description.exptime = 60
    change(&description)
    let place = NewFrame.Place(
      path: "/data/\(name)", device: 1, inode: Int64(n), bytes: 2880, modifiedNanoseconds: 0,
      changedNanoseconds: 0)
    return NewFrame(
      place: place, sha256: Self.sha(n), state: state, reason: reason, description: description,
      headers: headers.map { [.init(name: "", text: $0)] } ?? [], arrivedAt: Double(n))
  }

  /// Puts a file where the frame says it lies, and how it looks there into the frame.
  func write(_ frame: inout NewFrame) throws {
    let path = frame.place.path
    guard FileManager.default.createFile(atPath: path, contents: Data(count: 2880)) else {
      throw FixtureFault()
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw FixtureFault() }
    frame.place.bytes = Int64(status.st_size)
    frame.place.modifiedNanoseconds =
      Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }

  @discardableResult
  func record(_ frame: NewFrame) throws -> Int64 {
    switch try writer.record(frame, recordedAt: frame.arrivedAt + 0.5) {
    case .recorded(let id, _), .known(let id), .moved(let id): id
    }
  }

  /// A closed association of one frame, by rule "r".
  func close(
    _ name: String, pipeline: String = "p", bucket: String = "b", of frame: Int64, exptype: String = "science"
  ) throws {
    try writer.apply(
      .init(actions: [
        .open(
          name: name, rule: "r", pipeline: pipeline, bucket: bucket,
          members: [NewMember(frame: frame, exptype: exptype)], update: AssociationUpdate(state: "closed"))
      ]), frame: frame, at: 1)
  }

  /// One association, its job and a successful run with one product.
  func reduce(
    _ association: String, pipeline: String, members: [(id: Int64, n: Int, role: String)], product: NewFrame,
    kind: String, version: Int = 1, references: [ResolvedReference] = [], chosen: [ResolvedReference]? = nil
  ) throws -> Int64 {
    if try reader.association(named: association) == nil {
      try writer.apply(
        .init(actions: [
          .open(
            name: association, rule: pipeline, pipeline: pipeline, bucket: "b",
            members: members.map { NewMember(frame: $0.id, exptype: $0.role, level: 0, distance: 12) },
            update: AssociationUpdate(state: "closed"))
        ]), frame: nil, at: 100)
    }
    guard let record = try reader.association(named: association) else { throw FixtureFault() }
    let key = Self.sha(record.id.hashValue & 0xffff + version * 1_000_000)
    let spec = JobSpec(
      job: "", attempt: 0, token: "", pipeline: pipeline, association: association, associationRule: pipeline,
      inputs: [], references: chosen ?? references, outputDirectory: "")
    let queued = try writer.queue(
      .init(
        association: record.id, pipeline: pipeline, key: key, priority: 50,
        spec: String(decoding: try JSONEncoder().encode(spec), as: UTF8.self)), at: 101)
    guard let name = queued, let job = try reader.job(named: name),
      let run = try writer.start(
        job: job.id, instance: "i", token: "t", folder: { "/attempts/\(name)/\($0)" }, at: 102)
    else { throw FixtureFault() }
    let report = RunReport(
      job: name, attempt: run.attempt, token: "t", pipeline: pipeline, status: .succeeded, exitCode: 0,
      started: "2026-07-14T00:00:00.000Z", ended: "2026-07-14T00:00:01.000Z", seconds: 1.25,
      peakMemoryBytes: 1,
      software: ["irisarchive": "0.1.0"],
      references: references.map { ReferenceUse(step: $0.type, reference: $0) },
      steps: [
        StepRun(
          index: 0, name: "dark_current", status: .complete, seconds: 0.5, peakMemoryBytes: 123_456_789_012,
          parameters: ["scale": ParameterValue(value: "1", origin: "default")])
      ])
    let made = try writer.complete(
      job: job, run: run, report: report,
      inputs: members.map { (role: $0.role, frame: $0.id, sha256: Self.sha($0.n)) },
      products: [.init(frame: product, kind: kind, version: version, quality: [:])], at: 110)
    guard let id = made.first else { throw FixtureFault() }
    return id
  }
}

struct FixtureFault: Error {}

import Foundation
import GRDB
import JobContract

extension CatalogWriter {
  /// A product that lies in its final place.
  public struct FinishedProduct: Sendable, Equatable {
    public var frame: NewFrame
    public var kind: String
    public var version: Int
    public var quality: [String: Double]

    public init(frame: NewFrame, kind: String, version: Int, quality: [String: Double]) {
      self.frame = frame
      self.kind = kind
      self.version = version
      self.quality = quality
    }
  }

  /// Records a successful run: steps, inputs, references, products with provenance, the superseded versions, the job
  /// and the events, all in one transaction.
  ///
  /// - Parameter inputs: frame id and sha256 of each member, in the spec's order.
  /// - Returns: frame ids of the products, in order.
  public func complete(
    job: JobRecord, run: RunRecord, report: RunReport, inputs: [(role: String, frame: Int64, sha256: String)],
    products: [FinishedProduct], at time: Double
  ) throws(CatalogError) -> [Int64] {
    try write { db in
      try Self.finish(db, job: job, run: run, report: report, at: time)
      try Self.recordSteps(db, run: run.id, report: report)
      for (ordinal, input) in inputs.enumerated() {
        try db.execute(
          sql: "INSERT INTO run_input (run_id, ordinal, role, frame_id, sha256) VALUES (?, ?, ?, ?, ?)",
          arguments: [run.id, ordinal, input.role, input.frame, input.sha256])
      }
      try Self.recordReferences(db, run: run.id, report: report)
      let frames = try products.map { product in
        try Self.recordProduct(db, product, job: job, run: run, report: report, at: time)
      }
      try Self.inheritStaleness(db, of: run.id, products: frames, at: time)
      try Self.doubt(db, products: frames, of: job.associationID, at: time)
      return frames
    }
  }

  /// What was being made when its association was refused (its field became part of another, too few members are left)
  /// is stale from the beginning.
  private static func doubt(
    _ db: Database, products: [Int64], of association: Int64, at time: Double
  ) throws {
    guard
      let refused = try db.row(
        """
        SELECT coalesce(reason, 'its association was refused') AS reason FROM association
        WHERE id = ? AND state = 'refused'
        """, [association])
    else { return }
    try spoil(db, products: products, cause: refusedCause, reason: refused["reason"], at: time)
  }

  /// What is made of a product that is stale is stale from the beginning.
  private static func inheritStaleness(
    _ db: Database, of run: Int64, products: [Int64], at time: Double
  ) throws {
    let stale = try db.rows(
      """
      SELECT f.id, f.name, f.reason FROM run_input i JOIN frame f ON f.id = i.frame_id
      WHERE i.run_id = ? AND \(RunInputs.real("i")) AND f.state = 'stale' AND f.origin = 'product'
      ORDER BY f.id
      """, [run])
    for input in stale {
      let reason = "made of \(input["name"] as String), which is stale: \(input["reason"] as String)"
      try spoil(
        db, products: products, cause: "input:\(input["id"] as Int64)", reason: reason, at: time)
    }
  }

  private static func finish(
    _ db: Database, job: JobRecord, run: RunRecord, report: RunReport, at time: Double
  ) throws {
    let software = String(decoding: try JSONEncoder().encode(report.software), as: UTF8.self)
    try db.execute(
      sql: """
        UPDATE run SET state = 'succeeded', ended_by = 'reported', exit_code = ?, seconds = ?, peak_bytes = ?, software = ?, ended_at = ?
        WHERE id = ? AND state = 'running'
        """,
      arguments: [
        Int(report.exitCode), report.seconds, Int64(clamping: report.peakMemoryBytes), software, time, run.id,
      ])
    guard db.changesCount == 1 else {
      throw CatalogError(
        code: "run-not-running", message: "attempt \(run.attempt) of \(job.name) is not running any more",
        subject: job.name, hint: "irisarchive jobs show \(job.name)")
    }
    // A wish to cancel it came too late.
    try db.execute(
      sql: """
        UPDATE job SET state = 'done', instance = NULL, reason = NULL, cancel = NULL, attempts = attempts + 1,
          ended_at = ? WHERE id = ?
        """, arguments: [time, job.id])
  }

  private static func recordSteps(_ db: Database, run: Int64, report: RunReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for step in report.steps {
      try db.execute(
        sql: """
          INSERT INTO step (run_id, ordinal, name, status, reason, seconds, parameters, peak_bytes)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run, step.index, step.name, step.status.rawValue, step.reason, step.seconds,
          String(decoding: try encoder.encode(step.parameters), as: UTF8.self),
          step.peakMemoryBytes.map { Int64(clamping: $0) },
        ])
    }
  }

  private static func recordReferences(_ db: Database, run: Int64, report: RunReport) throws {
    // Several steps may have one type: the file that one of them used counts, not that another was skipped.
    let used = report.references.filter { $0.reference.path != nil }
    for use in used + report.references.filter({ $0.reference.path == nil }) {
      let r = use.reference
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO run_reference (run_id, type, origin, file, sha256, context, rule, useafter, level,
            distance, last_resort, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run, r.type, r.origin.rawValue, r.path.map { String($0.split(separator: "/").last ?? "") },
          r.sha256,
          r.context, r.rule, r.useAfter, r.level, r.distanceSeconds, r.lastResort ? 1 : 0, r.reason,
        ])
    }
  }

  private static func recordProduct(
    _ db: Database, _ product: FinishedProduct, job: JobRecord, run: RunRecord, report: RunReport,
    at time: Double
  ) throws -> Int64 {
    let degraded = report.degraded.isEmpty ? nil : report.degraded.joined(separator: "; ")
    let frame = try insert(db, product.frame, origin: .product, degraded: degraded, recordedAt: time)
    let quality = String(
      decoding: try JSONEncoder().encode(product.quality.filter { $0.value.isFinite }), as: UTF8.self)
    try db.execute(
      sql: """
        INSERT INTO product (frame_id, run_id, association_id, kind, version, quality) VALUES (?, ?, ?, ?, ?, ?)
        """, arguments: [frame, run.id, job.associationID, product.kind, product.version, quality])
    try supersede(db, by: frame, product, job: job, at: time)
    let data = EventData(
      name: product.frame.name, path: product.frame.place.path, sha256: product.frame.sha256,
      obsname: product.frame.description.obsname, level: product.frame.description.level, job: job.name,
      pipeline: job.pipeline, context: report.references.lazy.compactMap(\.reference.context).first,
      degraded: degraded != nil, reason: degraded)
    try appendEvent(
      db, type: "product-ready", subject: product.frame.name,
      key: "\(product.frame.name):\(product.frame.sha256 ?? "")", data: data, time: time)
    return frame
  }

  private static func supersede(
    _ db: Database, by frame: Int64, _ product: FinishedProduct, job: JobRecord, at time: Double
  ) throws {
    let older = try Row.fetchAll(
      db,
      sql: """
        SELECT f.id, f.name FROM product p JOIN frame f ON f.id = p.frame_id
        WHERE p.association_id = ? AND p.kind = ? AND p.frame_id <> ? AND f.state IN ('current', 'stale')
        """, arguments: [job.associationID, product.kind, frame])
    for row in older {
      let name: String = row["name"]
      try db.execute(
        sql: "UPDATE frame SET state = 'superseded', reason = ? WHERE id = ?",
        arguments: ["superseded by \(product.frame.name)", row["id"] as Int64])
      try db.execute(
        sql: "UPDATE product SET superseded_by = ? WHERE frame_id = ?",
        arguments: [frame, row["id"] as Int64])
      try db.run("DELETE FROM stale_cause WHERE frame_id = ?", [row["id"] as Int64])
      try appendEvent(
        db, type: "product-superseded", subject: name, key: "\(name):\(product.frame.name)",
        data: try eventData(
          db, frame: row["id"], pipeline: job.pipeline, reason: "superseded by \(product.frame.name)"),
        time: time)
    }
  }

  /// What an event tells of a product that is in the catalog.
  private static func eventData(
    _ db: Database, frame: Int64, pipeline: String?, reason: String
  ) throws -> EventData {
    let record = try FrameRecord.fetchOne(db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [frame])
    return EventData(
      name: record?.name, path: record?.path, sha256: record?.sha256, obsname: record?.obsname,
      level: record?.level, pipeline: pipeline, degraded: record.map { $0.degraded != nil }, reason: reason)
  }
}

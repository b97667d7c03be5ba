import Foundation
import GRDB
import JobContract

/// A reference file that was inserted: one of the archive's own masters (with its frame), or one that a person brought
/// (without; its epoch is its USEAFTER).
public struct ReferenceRecord: Sendable, Codable, Equatable, FetchableRecord {
  public var file: String
  public var type: String
  public var frameID: Int64?
  public var sha256: String
  /// Mean time of the frames it was made of, seconds since 1970 UTC.
  public var epoch: Double
  /// The match tuple of its row in the rmap, as text.
  public var rowKey: String
  public var context: String?
  public var state: String
  public var reason: String?

  enum CodingKeys: String, CodingKey {
    case file, type
    case frameID = "frame_id"
    case sha256, epoch
    case rowKey = "row_key"
    case context, state, reason
  }

  public init(
    file: String, type: String, frameID: Int64?, sha256: String, epoch: Double, rowKey: String,
    context: String?,
    state: String, reason: String?
  ) {
    self.file = file
    self.type = type
    self.frameID = frameID
    self.sha256 = sha256
    self.epoch = epoch
    self.rowKey = rowKey
    self.context = context
    self.state = state
    self.reason = reason
  }
}

extension CatalogWriter {
  /// Records a reference and, when it was inserted, the new context as the pinned one; tells `reference-updated`.
  ///
  /// - Parameters:
  ///   - base: the context that the new one was made from. When another is pinned by now nothing is recorded, and the
  ///     caller starts again from that one; nil records in any case.
  ///   - first: the context that is pinned while the catalog says none.
  /// - Returns: false when nothing was recorded.
  @discardableResult
  public func recordReference(
    _ reference: ReferenceRecord, replacing base: String? = nil, first: String? = nil, at time: Double
  ) throws(CatalogError) -> Bool {
    try recordReferences([reference], replacing: base, first: first, at: time)
  }

  /// Records several references of one new context, all or none; see `recordReference`.
  @discardableResult
  public func recordReferences(
    _ references: [ReferenceRecord], replacing base: String? = nil, first: String? = nil, at time: Double
  ) throws(CatalogError) -> Bool {
    try write { db in
      if let base {
        let pinned = try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = 'context'")
        guard pinned ?? first ?? base == base else { return false }
      }
      for reference in references { try Self.record(db, reference, at: time) }
      return true
    }
  }

  private static func record(_ db: Database, _ reference: ReferenceRecord, at time: Double) throws {
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO reference (file, type, frame_id, sha256, epoch, row_key, context, state, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        reference.file, reference.type, reference.frameID, reference.sha256, reference.epoch,
        reference.rowKey,
        reference.context, reference.state, reference.reason,
      ])
    try mark(db, reference)
    guard let context = reference.context, reference.state == "inserted" else { return }
    try db.execute(
      sql: "INSERT OR IGNORE INTO context (name, made_at, reason) VALUES (?, ?, ?)",
      arguments: [context, time, "inserted \(reference.file)"])
    try setFact(db, "context", context)
    try db.run(
      "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)",
      ["review:\(reference.file)", reference.type])
    try appendEvent(
      db, type: "reference-updated", subject: reference.file, key: "\(reference.file):\(context)",
      data: EventData(name: reference.file, sha256: reference.sha256, context: context), time: time)
  }

  /// A master that is kept out of the rules says why in its own row; one that is put in after all no more.
  private static func mark(_ db: Database, _ reference: ReferenceRecord) throws {
    guard let frame = reference.frameID else { return }
    let reason = reference.reason.flatMap { reference.state == "refused" ? "\(refusal): \($0)" : nil }
    try db.execute(
      sql: """
        UPDATE frame SET reason = ?1 WHERE id = ?2 AND state = 'current'
          AND (reason IS NULL OR reason GLOB ?3)
        """, arguments: [reason, frame, refusal + ": *"])
  }

  private static let refusal = "not in the rules"

  /// Next free number of a reference type (`tmt_iris_dark_0007.fits`), also counting those planned in jobs.
  ///
  /// - Parameter free: the first number that nothing in the cache and its rules uses.
  public func allocateReferenceNumber(type: String, free: Int) throws(CatalogError) -> Int {
    try write { db in
      let name = "reference-number-\(type)"
      let used = try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = ?", arguments: [name])
      let next = max((used.flatMap(Int.init) ?? 0) + 1, free)
      try Self.setFact(db, name, String(next))
      return next
    }
  }
}

extension CatalogWriter {
  /// Takes a fact away.
  public func removeFact(_ name: String) throws(CatalogError) {
    try write { db in try db.run("DELETE FROM fact WHERE name = ?", [name]) }
  }
}

extension CatalogReader {
  /// References whose effect on the products has not been looked at yet: what a crash must not lose.
  public func pendingReviews() throws(CatalogError) -> [ReferenceRecord] {
    try read { db in
      try ReferenceRecord.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT r.* FROM fact t JOIN reference r ON r.file = substr(t.name, 8)
            WHERE t.name >= 'review:' AND t.name < 'review;' ORDER BY r.epoch
            """))
    }
  }

  /// A fact that was set, as text; nil when it was not.
  public func fact(_ name: String) throws(CatalogError) -> String? {
    try read { db in try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = ?", arguments: [name])
    }
  }

  /// Contexts that insertions made: name, seconds since 1970 UTC, and why.
  public func contexts() throws(CatalogError) -> [(name: String, madeAt: Double, reason: String)] {
    try read { db in
      try db.rows("SELECT name, made_at, reason FROM context ORDER BY made_at, name", []).map {
        ($0["name"], $0["made_at"], $0["reason"])
      }
    }
  }

  /// An inserted reference by its file name, nil when there is none.
  public func reference(file: String) throws(CatalogError) -> ReferenceRecord? {
    try read { db in
      try ReferenceRecord.fetchOne(db, sql: "SELECT * FROM reference WHERE file = ?", arguments: [file])
    }
  }

  /// The record of a content, refused ones too; an inserted one first.
  public func reference(type: String, sha256: String) throws(CatalogError) -> ReferenceRecord? {
    try read { db in
      try ReferenceRecord.fetchOne(
        db,
        sql: """
          SELECT * FROM reference WHERE type = ? AND sha256 = ?
          ORDER BY state = 'inserted' DESC, frame_id IS NULL, file LIMIT 1
          """, arguments: [type, sha256])
    }
  }

  /// The product of a kind that has this content, the newest first.
  public func master(kind: String, sha256: String) throws(CatalogError) -> FrameRecord? {
    try read { db in
      try FrameRecord.fetchOne(
        db,
        sql: FrameRecord.select
          + " WHERE f.origin = 'product' AND f.kind = ? AND c.sha256 = ? ORDER BY f.id DESC LIMIT 1",
        arguments: [kind, sha256])
    }
  }

  /// Mean of the middles of a master's members, seconds since 1970 UTC; nil for what is no product.
  public func masterEpoch(frame: Int64) throws(CatalogError) -> Double? {
    guard let made = try productMaking(frame: frame), !made.members.isEmpty else { return nil }
    let middles = made.members.map { ($0.frame.dateObs + $0.frame.dateEnd) / 2 }
    return middles.reduce(0, +) / Double(middles.count)
  }

  /// Inserted references of a type, of one row or of all.
  public func references(type: String, rowKey: String? = nil) throws(CatalogError) -> [ReferenceRecord] {
    try read { db in
      try ReferenceRecord.fetchAll(
        db,
        sql: """
          SELECT * FROM reference WHERE type = ? AND state = 'inserted' AND (? IS NULL OR row_key = ?)
          ORDER BY epoch, file
          """, arguments: [type, rowKey, rowKey])
    }
  }

  /// Masters among the products that were not yet offered to the reference rules.
  public func uninsertedMasters() throws(CatalogError) -> [FrameRecord] {
    try read { db in
      try FrameRecord.fetchAll(
        db.cachedStatement(
          sql: Self.uninsertedMasters))
    }
  }

  package static let uninsertedMasters = """
    SELECT f.id, f.origin, f.name, f.state, f.reason, f.degraded, f.kind, f.level, f.obstype, f.obsname,
      f.detector, f.filter, f.object, f.program, f.observation, f.night, f.date_obs, f.date_end, f.exptime,
      f.ra, f.dec, f.quality, f.arrived_at, f.recorded_at, c.sha256, c.bytes, p.path
    FROM product q CROSS JOIN frame f ON f.id = q.frame_id LEFT JOIN content c ON c.id = f.content_id
    LEFT JOIN place p ON p.frame_id = f.id
    WHERE q.kind IN \(MasterKinds.sql) AND f.state = 'current'
      AND NOT EXISTS (SELECT 1 FROM reference r WHERE r.frame_id = q.frame_id) ORDER BY f.id
    """

  /// Products that are not superseded with, for each, the references it used: what staleness is judged by.
  ///
  /// Parameters of a step (`pars-<step>`) leave no trace where there were none: products of that step are given with
  /// origin `defaults`.
  ///
  /// - Parameters:
  ///   - detector: only products of this detector; nil for all.
  ///   - interval: only exposures that begin in it, seconds since 1970 UTC.
  ///   - products: only those with these ids.
  public func currentProductUses(
    type: String, detector: String?, interval: ClosedRange<Double>,
    products: ClosedRange<Int64> = 0...Int64.max
  ) throws(CatalogError) -> [ProductUse] {
    try read { db in
      try db.rows(
        """
        SELECT f.id, f.name, q.association_id, r.origin, r.file, r.sha256, r.last_resort,
          CASE r.origin WHEN 'notApplicable' THEN
            (SELECT j.spec FROM run u JOIN job j ON j.id = u.job_id WHERE u.id = q.run_id) END AS spec
        FROM product q CROSS JOIN frame f ON f.id = q.frame_id CROSS JOIN run_reference r ON r.run_id = q.run_id
        WHERE q.frame_id BETWEEN ?5 AND ?6 AND +f.date_obs BETWEEN ?1 AND ?2
          AND f.state IN ('current', 'stale') AND r.type = ?3 AND (?4 IS NULL OR f.detector = ?4)
        UNION ALL
        SELECT f.id, f.name, q.association_id, 'defaults', NULL, NULL, 0, NULL
        FROM product q CROSS JOIN frame f ON f.id = q.frame_id
        WHERE ?3 GLOB 'pars-*' AND q.frame_id BETWEEN ?5 AND ?6 AND +f.date_obs BETWEEN ?1 AND ?2
          AND f.state IN ('current', 'stale') AND (?4 IS NULL OR f.detector = ?4)
          AND EXISTS (SELECT 1 FROM step s WHERE s.run_id = q.run_id AND s.name = substr(?3, 6))
          AND NOT EXISTS (SELECT 1 FROM run_reference r WHERE r.run_id = q.run_id AND r.type = ?3)
        ORDER BY 1
        """,
        [
          interval.lowerBound, interval.upperBound, type, detector, products.lowerBound, products.upperBound,
        ]
      ).map { row in
        ProductUse(
          frame: row["id"], name: row["name"], association: row["association_id"], origin: row["origin"],
          file: row["file"], sha256: row["sha256"], lastResort: row["last_resort"],
          wasLeftUnused: Self.choseFile(spec: row["spec"], type: type))
      }
    }
  }
}

extension CatalogReader {
  /// True when a job was given a file of this type.
  private static func choseFile(spec: String?, type: String) -> Bool {
    let spec = spec.flatMap { try? JSONDecoder().decode(JobSpec.self, from: Data($0.utf8)) }
    return spec?.references.contains { $0.type == type && $0.path != nil } ?? false
  }
}

/// A current product and the reference of one type that it used.
public struct ProductUse: Sendable, Equatable {
  public var frame: Int64
  public var name: String
  public var association: Int64
  public var origin: String
  public var file: String?
  public var sha256: String?
  public var lastResort: Bool
  /// The rules had chosen a file, but the step was skipped for a reason of its own: no other file would change a pixel.
  public var wasLeftUnused: Bool

  /// Whether other rules could make another product: not where a person chose, nor where the step does not care.
  public var followsRules: Bool { origin != "override" && !wasLeftUnused }
}

extension CatalogReader {
  /// Members and quality numbers of the run that made a product.
  public func productMaking(
    frame: Int64
  ) throws(CatalogError) -> (members: [MemberRecord], quality: [String: Double])? {
    try read { db in
      guard
        let row = try Row.fetchOne(
          db, sql: "SELECT association_id, quality FROM product WHERE frame_id = ?", arguments: [frame])
      else { return nil }
      let quality = try JSONDecoder().decode(
        [String: Double].self, from: Data((row["quality"] as String).utf8))
      return (try Self.members(db, row["association_id"]), quality)
    }
  }

  /// Inserted references of a row whose product has not been superseded.
  public func currentReferences(type: String, rowKey: String) throws(CatalogError) -> [ReferenceRecord] {
    try read { db in
      try ReferenceRecord.fetchAll(
        db,
        sql: """
          SELECT r.* FROM reference r LEFT JOIN frame f ON f.id = r.frame_id
          WHERE r.type = ? AND r.row_key = ? AND r.state = 'inserted'
            AND (f.id IS NULL OR f.state IN ('current', 'stale')) ORDER BY r.epoch, r.file
          """, arguments: [type, rowKey])
    }
  }
}

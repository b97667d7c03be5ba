import GRDB

/// What a name of `show` turned out to be.
public enum CatalogSubject: Sendable, Equatable {
  case frame(FrameRecord)
  case job(JobRecord)
  case association(AssociationRecord)
}

/// A step of a run as the catalog keeps it.
public struct StepRecord: Sendable, Codable, Equatable, FetchableRecord {
  public var ordinal: Int
  public var name: String
  /// `COMPLETE`, `SKIPPED` or `FAILED`.
  public var status: String
  public var reason: String?
  public var seconds: Double
  /// JSON: parameter -> value and origin.
  public var parameters: String
  /// Peak resident memory; nil where it is not known.
  public var peakBytes: Int64?

  enum CodingKeys: String, CodingKey {
    case ordinal, name, status, reason, seconds, parameters
    case peakBytes = "peak_bytes"
  }
}

/// A reference that a run used, or why it used none.
public struct RunReferenceRecord: Sendable, Codable, Equatable, FetchableRecord {
  public var type: String
  public var origin: String
  public var file: String?
  public var sha256: String?
  public var context: String?
  public var rule: String?
  public var useafter: String?
  public var level: Int?
  /// Seconds.
  public var distance: Double?
  public var lastResort: Bool
  public var reason: String?

  enum CodingKeys: String, CodingKey {
    case type, origin, file, sha256, context, rule, useafter, level, distance
    case lastResort = "last_resort"
    case reason
  }
}

/// How a product came to be.
public struct ProductOrigin: Sendable, Equatable {
  public var job: JobRecord
  public var run: RunRecord
  public var association: AssociationRecord
  public var version: Int
  public var supersededBy: String?
}

extension CatalogReader {
  /// Everything that `name` may mean: a path, a file name with or without `.fits` or `.fits.gz`, the name under
  /// which a master became a reference, a job, an association.
  ///
  /// Files come first, the current one of several first.
  public func subjects(named name: String) throws(CatalogError) -> [CatalogSubject] {
    try read { db in
      let select = FrameRecord.select
      let frames = try FrameRecord.fetchAll(
        db,
        sql: select + """
           WHERE f.name IN (?1, ?2, ?3) OR p.path = ?1
            OR f.id IN (SELECT frame_id FROM reference WHERE file IN (?1, ?2))
          ORDER BY f.state IN ('superseded', 'missing', 'duplicate'), f.origin, f.id
          """, arguments: [name, name + ".fits", name + ".fits.gz"])
      let jobs = try JobRecord.fetchAll(db, sql: JobRecord.select + " WHERE j.name = ?", arguments: [name])
      let associations = try AssociationRecord.fetchAll(
        db, sql: "SELECT * FROM association WHERE name = ?", arguments: [name])
      return frames.map(CatalogSubject.frame) + jobs.map(CatalogSubject.job)
        + associations.map(CatalogSubject.association)
    }
  }

  /// One record by id.
  public func frame(id: Int64) throws(CatalogError) -> FrameRecord? {
    try read { db in
      try FrameRecord.fetchOne(db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [id])
    }
  }

  /// The record of a content: of several (two products with equal bytes) the one of this name, else one that is in its
  /// place, else the newest.
  public func frame(sha256: String, name: String) throws(CatalogError) -> FrameRecord? {
    try read { db in
      try FrameRecord.fetchOne(
        db.cachedStatement(
          sql: FrameRecord.select + """
             WHERE c.sha256 = ? AND f.state <> 'duplicate'
            ORDER BY f.name = ? DESC, p.path IS NOT NULL DESC, f.id DESC LIMIT 1
            """), arguments: [sha256, name])
    }
  }

  /// The run, job and association of a product; nil for raw files.
  public func origin(ofProduct frame: Int64) throws(CatalogError) -> ProductOrigin? {
    try read { db in
      guard
        let row = try Row.fetchOne(
          db,
          sql: """
            SELECT q.run_id, q.association_id, q.version, r.job_id, f.name AS newer FROM product q
            JOIN run r ON r.id = q.run_id LEFT JOIN frame f ON f.id = q.superseded_by WHERE q.frame_id = ?
            """, arguments: [frame]),
        let job = try JobRecord.fetchOne(
          db, sql: JobRecord.select + " WHERE j.id = ?", arguments: [row["job_id"] as Int64]),
        let run = try RunRecord.fetchOne(
          db, sql: "SELECT * FROM run WHERE id = ?", arguments: [row["run_id"] as Int64]),
        let association = try AssociationRecord.fetchOne(
          db, sql: "SELECT * FROM association WHERE id = ?", arguments: [row["association_id"] as Int64])
      else { return nil }
      return ProductOrigin(
        job: job, run: run, association: association, version: row["version"], supersededBy: row["newer"])
    }
  }

  /// Steps of a run, in order.
  public func steps(run: Int64) throws(CatalogError) -> [StepRecord] {
    try read { db in
      try StepRecord.fetchAll(
        db, sql: "SELECT * FROM step WHERE run_id = ? ORDER BY ordinal", arguments: [run])
    }
  }

  /// References of a run, by type.
  public func references(run: Int64) throws(CatalogError) -> [RunReferenceRecord] {
    try read { db in
      try RunReferenceRecord.fetchAll(
        db, sql: "SELECT * FROM run_reference WHERE run_id = ? ORDER BY type", arguments: [run])
    }
  }

  /// Names near to one that nothing has, for the hint.
  public func namesNear(_ name: String) throws(CatalogError) -> [String] {
    try read { db in
      let stem = String(name.prefix(while: { $0 != "_" && $0 != "." }).prefix(12))
      let names = try String.fetchAll(
        db,
        sql: """
          SELECT DISTINCT name FROM frame WHERE substr(name, 1, ?) = ?
          UNION SELECT name FROM job UNION SELECT name FROM association LIMIT 5000
          """, arguments: [stem.count, stem])
      let stems = names.map { String($0.hasSuffix(".fits") ? $0.dropLast(5) : $0[...]) }
      return NearNames.matches(of: name.hasSuffix(".fits") ? String(name.dropLast(5)) : name, in: stems)
    }
  }
}

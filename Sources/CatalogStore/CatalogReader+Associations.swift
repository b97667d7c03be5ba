import Foundation
import GRDB

extension CatalogReader {
  static let matchSelect = """
    SELECT f.id, f.name, f.origin, p.path, c.sha256, f.fields, f.date_obs, f.date_end, f.arrived_at, f.quality,
      f.degraded, f.detector_exposure
    FROM frame f LEFT JOIN content c ON c.id = f.content_id LEFT JOIN place p ON p.frame_id = f.id
    """

  static func match(_ row: Row) throws -> MatchRecord {
    let fields = try JSONDecoder().decode([String: String].self, from: Data((row["fields"] as String).utf8))
    let arrived: Double = row["arrived_at"]
    let start: Double = row["date_obs"] ?? arrived
    return MatchRecord(
      id: row["id"], name: row["name"], origin: row["origin"], path: row["path"], sha256: row["sha256"],
      fields: fields, dateObs: start, dateEnd: row["date_end"] ?? start, arrivedAt: arrived,
      quality: row["quality"], degraded: row["degraded"], detectorExposure: row["detector_exposure"])
  }

  /// Frames that no rule has looked at yet, oldest exposure first.
  public func unassociated(limit: Int) throws(CatalogError) -> [MatchRecord] {
    try read { db in
      try db.rows(
        Self.matchSelect
          + " WHERE f.associated = 0 ORDER BY coalesce(f.date_obs, f.arrived_at), f.id LIMIT ?", [limit]
      ).map(Self.match)
    }
  }

  /// Usable frames whose exposure lies within `seconds` of the interval `start...end`, of the obsnames given as
  /// globs; products only when current, and no alternative to a frame that serves.
  public func candidates(
    obsnames: [String], start: Double, end: Double, within seconds: Double, limit: Int = 2000
  ) throws(CatalogError) -> [MatchRecord] {
    try read { db in
      let globs = obsnames.map { _ in "f.obsname GLOB ?" }.joined(separator: " OR ")
      return try db.rows(
        Self.matchSelect + """
           WHERE (\(globs)) AND f.date_obs BETWEEN ? AND ? AND f.state IN ('classified', 'current', 'stale')
          AND f.alternative_of IS NULL AND f.quality <> 'BAD' AND f.date_end >= ? ORDER BY f.date_obs, f.id LIMIT ?
          """,
        StatementArguments(obsnames)
          + [start - seconds - 86_400, end + seconds, start - seconds, limit]
      ).map(Self.match)
    }
  }

  /// One frame with its matching fields.
  public func matchRecord(frame: Int64) throws(CatalogError) -> MatchRecord? {
    try read { db in
      try Row.fetchOne(db, sql: Self.matchSelect + " WHERE f.id = ?", arguments: [frame]).map(Self.match)
    }
  }

  /// Open associations of a rule, in one bucket or in all.
  public func openAssociations(rule: String, bucket: String?) throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      let all = "SELECT * FROM association WHERE state = 'open' AND rule = ?"
      guard let bucket else {
        return try AssociationRecord.fetchAll(
          db.cachedStatement(sql: all + " ORDER BY id"), arguments: [rule])
      }
      return try AssociationRecord.fetchAll(
        db.cachedStatement(sql: all + " AND bucket = ? ORDER BY id"), arguments: [rule, bucket])
    }
  }

  /// Associations for which a job may be made now or later.
  public func unsettledAssociations() throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db.cachedStatement(
          sql: "SELECT * FROM association WHERE settled = 0 AND state IN ('open', 'closed') ORDER BY id"))
    }
  }

  /// An association by its id, nil when there is none.
  public func association(id: Int64) throws(CatalogError) -> AssociationRecord? {
    try read { db in
      try AssociationRecord.fetchOne(
        db.cachedStatement(
          sql: "SELECT * FROM association WHERE id = ?"), arguments: [id])
    }
  }

  /// An association by its name, nil when there is none.
  public func association(named name: String) throws(CatalogError) -> AssociationRecord? {
    try read { db in
      try AssociationRecord.fetchOne(
        db.cachedStatement(
          sql: "SELECT * FROM association WHERE name = ?"), arguments: [name])
    }
  }

  /// Associations a frame is a member of.
  public func associations(ofFrame frame: Int64) throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT DISTINCT a.* FROM association a JOIN member m ON m.association_id = a.id
            WHERE m.frame_id = ? ORDER BY a.id
            """), arguments: [frame])
    }
  }

  /// Members in the order of the association.
  public func members(ofAssociation id: Int64) throws(CatalogError) -> [MemberRecord] {
    try read { db in try Self.members(db, id) }
  }

  static func members(_ db: Database, _ association: Int64) throws -> [MemberRecord] {
    try db.rows(
      """
      SELECT m.exptype, m.ordinal, m.level AS member_level, m.distance, f.id, f.name, f.origin, p.path, c.sha256,
        f.fields, f.date_obs, f.date_end, f.arrived_at, f.quality, f.degraded, f.detector_exposure
      FROM member m JOIN frame f ON f.id = m.frame_id LEFT JOIN content c ON c.id = f.content_id
      LEFT JOIN place p ON p.frame_id = f.id WHERE m.association_id = ? ORDER BY m.ordinal
      """, [association]
    ).map { row in
      MemberRecord(
        exptype: row["exptype"], ordinal: row["ordinal"], level: row["member_level"],
        distance: row["distance"],
        frame: try match(row))
    }
  }

  /// True when another level 1 frame of this exposure is a member of an association of the rule already.
  public func exposureIsUsed(_ key: String, rule: String, except frame: Int64) throws(CatalogError) -> Bool {
    try read { db in
      try Bool.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT EXISTS (SELECT 1 FROM frame f JOIN member m ON m.frame_id = f.id
              JOIN association a ON a.id = m.association_id
              WHERE f.exposure_key = ? AND f.level = 1 AND a.rule = ? AND f.id <> ?)
            """), arguments: [key, rule, frame]) ?? false
    }
  }
}

extension CatalogReader {
  /// Header texts of a frame, primary first.
  public func headerTexts(frame: Int64) throws(CatalogError) -> [NewFrame.Header] {
    try read { db in
      try db.rows(
        """
        SELECT h.extname, h.text_bytes, h.deflated FROM header h JOIN frame f ON f.content_id = h.content_id
        WHERE f.id = ? ORDER BY h.hdu
        """, [frame]
      ).map { row in
        NewFrame.Header(
          name: row["extname"], text: try Deflate.text(row["deflated"], count: row["text_bytes"]))
      }
    }
  }
}

extension CatalogReader {
  /// State and reason of a frame.
  public func stateAndReason(frame: Int64) throws(CatalogError) -> (state: String, reason: String?)? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT state, reason FROM frame WHERE id = ?", arguments: [frame])
        .map { ($0["state"], $0["reason"]) }
    }
  }

  /// The newest frame of a file name, with or without its FITS ending.
  public func frameID(named name: String) throws(CatalogError) -> Int64? {
    try read { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT id FROM frame WHERE name IN (?, ? || '.fits', ? || '.fits.gz', ? || '.fits.fz')
          ORDER BY state = 'duplicate', id DESC LIMIT 1
          """, arguments: [name, name, name, name])
    }
  }

  /// True when the catalog has a record of a file at this path.
  public func isPlace(_ path: String) throws(CatalogError) -> Bool {
    try read { db in try db.row("SELECT 1 FROM place WHERE path = ?", [path]) != nil }
  }
}

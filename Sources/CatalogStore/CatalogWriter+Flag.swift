import GRDB

/// What an operator decided about a frame.
public struct FrameVerdict: Sendable, Equatable {
  /// An operator's judgement of a frame.
  public enum Quality: String, Sendable, CaseIterable {
    case good = "GOOD"
    case bad = "BAD"
    case unknown = "UNKNOWN"
  }

  public var quality: Quality
  public var reason: String
  public var user: String

  public init(quality: Quality, reason: String, user: String) {
    self.quality = quality
    self.reason = reason
    self.user = user
  }

  /// Who said what, and why.
  public var sentence: String { "\(Self.opening) \(quality.rawValue) by \(user): \(reason)" }

  static let opening = "flagged"
}

/// What followed from a verdict.
public struct FlagOutcome: Sendable, Equatable {
  public var frame: FrameRecord
  /// The frame was held because of its name, and is now used as any other.
  public var released: Bool
  /// Names of the products that became stale.
  public var stale: [String]
}

extension CatalogWriter {
  /// Records an operator's verdict, with a notice, in one transaction with all that follows from it:
  ///
  /// - GOOD on a frame that was held because of its name (two files of one name, two of one read, a file written over)
  ///   releases it: it becomes `classified` and is associated as a new one.
  /// - BAD takes the frame out of associations that still wait, and makes current products stale that were
  ///   made of it, directly or through other products and references. Science that used it as a sky looks for
  ///   another.
  /// - Not BAD any more: products are no longer stale for it, and it goes back into its associations.
  ///
  /// - Parameter frame: a file or product.
  /// - Throws: ``CatalogError`` `no-such-record`.
  public func flag(
    frame id: Int64, _ verdict: FrameVerdict, at time: Double
  ) throws(CatalogError) -> FlagOutcome {
    try write { db in
      let before = try Self.frame(db, id)
      try Self.note(db, verdict, about: before, at: time)
      let released = verdict.quality == .good && Self.isHeldForItsName(before)
      if released { try Self.release(db, before, at: time) }
      if verdict.quality != .bad && before.quality == "BAD" { try Self.readmit(db, before) }
      var stale: [String] = []
      if verdict.quality == .bad {
        try Self.recheck(db, membershipsOf: id)
        // Another version of the exposure may serve now.
        try db.run("UPDATE frame SET associated = 0 WHERE alternative_of = ?", [id])
        try Self.withdraw(db, before, verdict, at: time)
        stale = try Self.spoil(db, before, verdict, at: time)
      }
      return FlagOutcome(frame: try Self.frame(db, id), released: released, stale: stale)
    }
  }

  private static func frame(_ db: Database, _ id: Int64) throws -> FrameRecord {
    guard
      let frame = try FrameRecord.fetchOne(db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [id])
    else {
      throw CatalogError(
        code: "no-such-record", message: "the catalog has no such record", subject: "\(id)",
        hint: "irisarchive query --names")
    }
    return frame
  }

  /// The reason of a state stays; a frame without one says why it is BAD.
  private static func note(
    _ db: Database, _ verdict: FrameVerdict, about frame: FrameRecord, at time: Double
  ) throws {
    let isOwn = frame.reason?.hasPrefix(FrameVerdict.opening + " ") ?? true
    let reason =
      isOwn && frame.state != "stale" ? (verdict.quality == .bad ? verdict.sentence : nil) : frame.reason
    try db.execute(
      sql:
        "UPDATE frame SET quality = ?1, reason = ?2, associated = max(associated, ?1 = 'BAD') WHERE id = ?3",
      arguments: [verdict.quality.rawValue, reason, frame.id])
    try db.execute(
      sql: "INSERT INTO notice (at, subject, sentence) VALUES (?, ?, ?)",
      arguments: [time, frame.name, verdict.sentence])
  }

  private static func isHeldForItsName(_ frame: FrameRecord) -> Bool {
    guard frame.state == "held", let reason = frame.reason else { return false }
    return reason.hasPrefix("same name as ") || reason.hasPrefix("the same read as ")
      || reason.hasPrefix("other content was written over ")
  }

  private static func release(_ db: Database, _ frame: FrameRecord, at time: Double) throws {
    try db.execute(
      sql: "UPDATE frame SET state = 'classified', reason = NULL, associated = 0 WHERE id = ?",
      arguments: [frame.id])
    try appendEvent(
      db, type: "exposure-received", subject: frame.name,
      key: "\(frame.sha256 ?? frame.path ?? "")/\(frame.name)",
      data: EventData(
        name: frame.name, path: frame.path, sha256: frame.sha256, obsname: frame.obsname, level: frame.level),
      time: time)
  }

  /// Out of what is not made yet: an association about this frame is refused, others go on without it.
  private static func withdraw(
    _ db: Database, _ frame: FrameRecord, _ verdict: FrameVerdict, at time: Double
  ) throws {
    let waiting = try Row.fetchAll(
      db,
      sql: """
        SELECT a.id, (m.exptype = 'science' AND NOT EXISTS (SELECT 1 FROM member o
            WHERE o.association_id = a.id AND o.exptype = 'science' AND o.frame_id <> m.frame_id))
          OR (SELECT count(*) FROM member o WHERE o.association_id = a.id) = 1 AS own
        FROM member m JOIN association a ON a.id = m.association_id WHERE m.frame_id = ?
          AND (a.state IN ('open', 'held') OR (a.state = 'closed' AND NOT EXISTS (
            SELECT 1 FROM job j WHERE j.association_id = a.id
              AND j.state IN ('running', 'done', 'failed', 'dead'))))
        """, arguments: [frame.id])
    for row in waiting {
      let association: Int64 = row["id"]
      if row["own"] {
        try db.execute(
          sql: """
            UPDATE association SET state = 'refused', settled = 1, reason = ?, closed_at = ?, due_at = NULL
            WHERE id = ?
            """, arguments: ["\(frame.name) was \(verdict.sentence)", time, association])
        try abandon(db, association, reason: "\(frame.name) was \(verdict.sentence)", at: time)
      } else {
        try db.execute(
          sql: "DELETE FROM member WHERE association_id = ? AND frame_id = ?",
          arguments: [association, frame.id])
        // A job that was planned with it is planned again.
        try db.execute(
          sql: "UPDATE association SET settled = 0 WHERE id = ? AND state = 'closed'",
          arguments: [association])
      }
    }
  }

  /// Associations of the frame, and of what was made of it, look at their members again.
  private static func recheck(_ db: Database, membershipsOf frame: Int64) throws {
    for id in [frame] + (try CatalogReader.descendants(db, frame: frame, sha256: nil)) {
      try db.run(
        "UPDATE association SET recheck = 1 WHERE id IN (SELECT association_id FROM member WHERE frame_id = ?)",
        [id])
    }
  }

  /// Current products that were made of the frame, to any depth. What it is a member of is looked at again.
  private static func spoil(
    _ db: Database, _ frame: FrameRecord, _ verdict: FrameVerdict, at time: Double
  ) throws -> [String] {
    let reason = "made of \(frame.name), \(verdict.sentence)"
    return try spoil(
      db, products: CatalogReader.descendants(db, frame: frame.id, sha256: nil), cause: "quality:\(frame.id)",
      reason: reason, at: time)
  }

  /// A frame that was BAD and is not any more: products are stale for it no longer, and it is associated again.
  private static func readmit(_ db: Database, _ frame: FrameRecord) throws {
    let cause = "quality:\(frame.id)"
    let products = try db.rows("SELECT frame_id FROM stale_cause WHERE cause = ?", [cause])
    try restore(db, products: products.map { $0["frame_id"] }, cause: cause)
    try recheck(db, membershipsOf: frame.id)
    try db.run(
      """
      UPDATE frame SET associated = 0 WHERE id = ? AND (state IN ('classified', 'current', 'stale')
        OR (state = 'received' AND kind = 'readout'))
      """, [frame.id])
  }
}

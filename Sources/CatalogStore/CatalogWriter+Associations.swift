import Foundation
import GRDB

extension CatalogWriter {
  /// What the associator decided for one frame; applied in one transaction with the mark that it was looked at.
  public struct AssociationStep: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
      /// Makes an association; its name gets a suffix when it is taken.
      case open(
        name: String, rule: String, pipeline: String, bucket: String, members: [NewMember],
        update: AssociationUpdate)
      /// Adds members to one.
      case join(association: Int64, members: [NewMember], update: AssociationUpdate)
      /// Replaces all members but the science frame.
      case rechoose(association: Int64, members: [NewMember], update: AssociationUpdate)
      /// Changes only its state.
      case update(association: Int64, update: AssociationUpdate)
    }

    public var actions: [Action]
    public init(actions: [Action]) {
      self.actions = actions
    }
  }

  /// Applies decisions; `frame` is marked as looked at.
  public func apply(_ step: AssociationStep, frame: Int64?, at time: Double) throws(CatalogError) {
    try write { db in
      for action in step.actions { try Self.apply(db, action, at: time) }
      if let frame {
        try db.execute(sql: "UPDATE frame SET associated = 1 WHERE id = ?", arguments: [frame])
      }
    }
  }

  /// Marks frames that no rule concerns as looked at, in one transaction.
  public func markAssociated(_ frames: [Int64]) throws(CatalogError) {
    if frames.isEmpty { return }
    try write { db in
      for frame in frames { try db.run("UPDATE frame SET associated = 1 WHERE id = ?", [frame]) }
    }
  }

  private static func apply(_ db: Database, _ action: AssociationStep.Action, at time: Double) throws {
    switch action {
    case .open(let name, let rule, let pipeline, let bucket, let members, let update):
      let id = try open(db, name: name, rule: rule, pipeline: pipeline, bucket: bucket, at: time)
      try add(db, members, to: id)
      try set(db, update, association: id, at: time)
    case .join(let id, let members, let update):
      try add(db, members, to: id)
      try set(db, update, association: id, at: time)
    case .rechoose(let id, let members, let update):
      try db.execute(
        sql: "DELETE FROM member WHERE association_id = ? AND exptype <> 'science'", arguments: [id])
      try add(db, members, to: id)
      try set(db, update, association: id, at: time)
    case .update(let id, let update):
      try set(db, update, association: id, at: time)
    }
  }

  private static func open(
    _ db: Database, name: String, rule: String, pipeline: String, bucket: String, at time: Double
  ) throws -> Int64 {
    var unique = name
    var number = 1
    while try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM association WHERE name = ?)", arguments: [unique]) ?? false
    {
      number += 1
      unique = "\(name)-\(number)"
    }
    try db.execute(
      sql: """
        INSERT INTO association (name, rule, pipeline, bucket, state, opened_at, touched_at)
        VALUES (?, ?, ?, ?, 'open', ?, ?)
        """, arguments: [unique, rule, pipeline, bucket, time, time])
    return db.lastInsertedRowID
  }

  private static func add(_ db: Database, _ members: [NewMember], to association: Int64) throws {
    var ordinal =
      try Int.fetchOne(
        db, sql: "SELECT coalesce(max(ordinal) + 1, 0) FROM member WHERE association_id = ?",
        arguments: [association]) ?? 0
    for member in members {
      try db.execute(
        sql: """
          INSERT OR IGNORE INTO member (association_id, frame_id, exptype, ordinal, level, distance)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [association, member.frame, member.exptype, ordinal, member.level, member.distance])
      ordinal += 1
    }
  }

  private static func set(
    _ db: Database, _ update: AssociationUpdate, association: Int64, at time: Double
  ) throws {
    try db.execute(
      sql: """
        UPDATE association SET state = ?, reason = ?, degraded = ?, declared = coalesce(?, declared), due_at = ?,
          touched_at = ?, settled = coalesce(?, settled), closed_at = CASE WHEN ? IN ('closed', 'refused') THEN ? ELSE NULL END
        WHERE id = ?
        """,
      arguments: [
        update.state, update.reason, update.degraded, update.declared, update.dueAt, time,
        update.settled.map { $0 ? 1 : 0 }, update.state, time, association,
      ])
    guard update.state == "closed" else { return }
    let name = try String.fetchOne(
      db, sql: "SELECT name FROM association WHERE id = ?", arguments: [association])
    let members =
      try String.fetchAll(
        db,
        sql: """
          SELECT coalesce(c.sha256, '') FROM member m JOIN frame f ON f.id = m.frame_id
          LEFT JOIN content c ON c.id = f.content_id WHERE m.association_id = ? ORDER BY 1
          """, arguments: [association])
    try appendEvent(
      db, type: "association-ready", subject: name ?? "", key: "\(name ?? ""):\(contentKey(members))",
      data: EventData(name: name, degraded: update.degraded != nil, reason: update.degraded), time: time)
  }

  /// A short name for a set of contents that does not depend on when or where it was recorded.
  private static func contentKey(_ hashes: [String]) -> String {
    "\(hashes.count)-" + hashes.map { $0.prefix(8) }.joined()
  }

  /// Why an association has no job yet, for `status` and `associate --explain`.
  public func setWaitingReason(_ reason: String?, association: Int64) throws(CatalogError) {
    try write { db in
      try db.execute(
        sql: "UPDATE association SET reason = ? WHERE id = ? AND reason IS NOT ?",
        arguments: [reason, association, reason])
    }
  }

  /// No (further) job is to be made of this association as it stands.
  public func settle(association: Int64) throws(CatalogError) {
    try write { db in
      try db.execute(sql: "UPDATE association SET settled = 1 WHERE id = ?", arguments: [association])
    }
  }

  /// A job is to be made (again): a better calibration or sky is there.
  public func unsettle(association: Int64) throws(CatalogError) {
    try write { db in
      try db.execute(sql: "UPDATE association SET settled = 0 WHERE id = ?", arguments: [association])
    }
  }
}

import Foundation
import GRDB

extension CatalogWriter {
  /// What the associator decided for one frame; applied in one transaction with the mark that it was looked at.
  public struct AssociationStep: Sendable, Equatable {
    /// One change that a frame brings about.
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
      /// Puts a new version of a product in the place of the old one, and has the association planned again.
      case replace(association: Int64, old: Int64, new: Int64)
      /// Marks the current products of one stale.
      case spoil(association: Int64, cause: String, reason: String)
      /// Takes a cause of staleness away; products without another are current again.
      case restore(association: Int64, cause: String)
      /// Members that turned out to belong to another association.
      case part(association: Int64, frames: [Int64])
      /// A readout that a person must decide about; it is in no association.
      case holdReadout(frame: Int64, reason: String)
      /// Of several level 1 frames of one exposure this one does not serve, or (nil) it does.
      case alternative(frame: Int64, of: Int64?, reason: String)
      /// Readouts that waited for a raw frame, or were held for want of one, are looked at again.
      case wake(frames: [Int64])
      /// Its members were looked at again.
      case rechecked(association: Int64)
    }

    public var actions: [Action]
    public init(actions: [Action]) {
      self.actions = actions
    }
  }

  /// Applies decisions; `frame` is marked as looked at.
  ///
  /// - Parameter known: what the decisions rest upon; when somebody has changed it meanwhile, nothing is done.
  /// - Throws: ``CatalogError`` `catalog-busy` when `known` has changed.
  public func apply(
    _ step: AssociationStep, frame: Int64?, ifStill known: AssociationRecord? = nil, at time: Double
  ) throws(CatalogError) {
    try write { db in
      if let known {
        let now = try db.row("SELECT state, touched_at FROM association WHERE id = ?", [known.id])
        guard now?["state"] == known.state, now?["touched_at"] == known.touchedAt else {
          throw CatalogError(
            code: "catalog-busy", message: "the daemon has just changed it", subject: known.name,
            hint: "irisarchive show \(known.name); then again")
        }
      }
      for action in step.actions { try Self.apply(db, action, at: time) }
      if let frame {
        try Self.markAssociated(db, frame, at: time)
      }
    }
  }

  /// Marks frames that no rule concerns as looked at, in one transaction.
  public func markAssociated(_ frames: [Int64], at time: Double) throws(CatalogError) {
    if frames.isEmpty { return }
    try write { db in
      for frame in frames { try Self.markAssociated(db, frame, at: time) }
    }
  }

  private static func markAssociated(_ db: Database, _ frame: Int64, at time: Double) throws {
    try db.run("UPDATE frame SET associated = 1, associated_at = ? WHERE id = ?", [time, frame])
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
    case .replace(let id, let old, let new): try replace(db, association: id, old: old, new: new, at: time)
    case .spoil(let id, let cause, let reason):
      try spoil(db, products: currentProducts(db, id), cause: cause, reason: reason, at: time)
    case .restore(let id, let cause):
      try restore(db, products: currentProducts(db, id), cause: cause)
    case .part(let id, let frames): try part(db, association: id, frames: frames)
    case .holdReadout(let frame, let reason): try holdReadout(db, frame, reason, at: time)
    case .alternative(let frame, let other, let reason): try setAlternative(db, frame, of: other, reason)
    case .wake(let frames):
      for frame in frames { try db.run("UPDATE frame SET associated = 0 WHERE id = ?", [frame]) }
    case .rechecked(let id): try db.run("UPDATE association SET recheck = 0 WHERE id = ?", [id])
    }
  }

  /// Products of an association that no newer version has superseded.
  static func currentProducts(_ db: Database, _ association: Int64) throws -> [Int64] {
    try db.rows(
      """
      SELECT q.frame_id FROM product q JOIN frame f ON f.id = q.frame_id
      WHERE q.association_id = ? AND f.state IN ('current', 'stale') ORDER BY q.frame_id
      """, [association]
    ).map { $0["frame_id"] }
  }

  private static func replace(
    _ db: Database, association: Int64, old: Int64, new: Int64, at time: Double
  ) throws {
    try db.run(
      "UPDATE OR REPLACE member SET frame_id = ? WHERE association_id = ? AND frame_id = ?",
      [new, association, old])
    try db.run(
      "UPDATE association SET settled = 0, touched_at = ? WHERE id = ? AND state = 'closed'",
      [time, association])
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
    try spanTime(db, of: association)
  }

  /// When the exposures of an association were.
  static func spanTime(_ db: Database, of association: Int64) throws {
    try db.run(
      """
      UPDATE association SET begins = t.begins, ends = t.ends FROM (
        SELECT min(coalesce(f.date_obs, f.arrived_at)) AS begins,
          max(coalesce(f.date_end, f.date_obs, f.arrived_at)) AS ends
        FROM member m JOIN frame f ON f.id = m.frame_id WHERE m.association_id = ?1) AS t
      WHERE association.id = ?1
      """, [association])
  }

  private static func set(
    _ db: Database, _ update: AssociationUpdate, association: Int64, at time: Double
  ) throws {
    // What a person holds, only a person lets go.
    let state = try db.row("SELECT state FROM association WHERE id = ?", [association])
    if state?["state"] == "held", update.state != "held", !update.releases { return }
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
    if update.state == "refused" {
      try abandon(db, association, reason: update.reason, at: time)
    } else if state?["state"] == "refused" {
      try restore(db, products: currentProducts(db, association), cause: refusedCause)
    }
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

  /// Nothing is to be made of an association that is refused or held: what waits for it in the queue goes, and the wish
  /// that it be made again. A job that runs goes on, and
  /// what it makes is stale from the beginning.
  static func abandon(
    _ db: Database, _ association: Int64, reason: String?, at time: Double
  ) throws {
    try db.run(
      """
      UPDATE job SET state = 'cancelled', reason = ?, ended_at = ?
      WHERE association_id = ? AND state IN ('waiting', 'queued')
      """, [reason ?? "its association was refused", time, association])
    try db.run("DELETE FROM request WHERE association_id = ?", [association])
  }

  /// Why products are stale whose association was refused while they were made.
  static let refusedCause = "refused"

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
      try db.run("DELETE FROM request WHERE association_id = ?", [association])
    }
  }
}

import Foundation
import GRDB

/// What recording a file came to.
public enum IngestOutcome: Sendable, Equatable {
  /// A new row; its id and final state.
  case recorded(frame: Int64, state: String)
  /// This very file, at this very place, is in the catalog already.
  case known(frame: Int64)
  /// The content was known and its old place is gone: the row moved here.
  case moved(frame: Int64)
}

extension CatalogWriter {
  /// Records one file in one transaction: content, place, headers, keywords, classification and the event.
  ///
  /// The same content at a second place becomes `duplicate` (kept, with the first one's path as reason); other
  /// content at a known place or under a known name is a new record, `held` until a person has looked, and the old
  /// record stays. A file that was quarantined and has changed since replaces its own record.
  ///
  /// - Parameter recordedAt: seconds since 1970 UTC.
  public func record(_ file: NewFrame, recordedAt: Double) throws(CatalogError) -> IngestOutcome {
    try write { db in
      if let known = try Self.unchanged(db, file) { return .known(frame: known) }
      var file = file
      try Self.vacate(db, &file)
      if let moved = try Self.moveIfGone(db, file, recordedAt) { return .moved(frame: moved) }
      try Self.compareWithKnown(db, &file)
      let frame = try Self.insert(db, file, origin: .raw, recordedAt: recordedAt)
      try Self.announce(db, file, frame: frame, at: recordedAt)
      return .recorded(frame: frame, state: file.state)
    }
  }

  /// The frame at this place when size, times and content are those recorded.
  private static func unchanged(_ db: Database, _ file: NewFrame) throws -> Int64? {
    try Int64.fetchOne(
      db,
      sql: """
        SELECT p.frame_id FROM place p JOIN frame f ON f.id = p.frame_id
        LEFT JOIN content c ON c.id = f.content_id
        WHERE p.path = ? AND c.sha256 IS ? AND (f.state <> 'quarantined' OR f.reason IS ?)
        """, arguments: [file.place.path, file.sha256, file.reason])
  }

  /// Takes the place from an older record of other content; that record stays, as `missing`.
  private static func vacate(_ db: Database, _ file: inout NewFrame) throws {
    guard
      let row = try Row.fetchOne(
        db,
        sql: "SELECT f.id, f.state FROM place p JOIN frame f ON f.id = p.frame_id WHERE p.path = ?",
        arguments: [file.place.path])
    else { return }
    let old: Int64 = row["id"]
    let state: String = row["state"]
    try db.execute(sql: "DELETE FROM place WHERE path = ?", arguments: [file.place.path])
    try db.execute(
      sql: "UPDATE frame SET state = 'missing', reason = ? WHERE id = ?",
      arguments: ["replaced at its place by other content (sha256 \(file.sha256 ?? "unreadable"))", old])
    if state != "quarantined" && state != "duplicate" && file.state == "classified" {
      file.state = "held"
      file.reason =
        "other content was written over \(file.name), already in the catalog as record \(old); "
        + "decide with: irisarchive flag \(file.name) --quality GOOD|BAD --reason …"
    }
  }

  /// A known content whose recorded place no longer exists has moved here.
  private static func moveIfGone(_ db: Database, _ file: NewFrame, _ now: Double) throws -> Int64? {
    guard let sha256 = file.sha256,
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT f.id, f.state, f.reason, p.path FROM frame f JOIN content c ON c.id = f.content_id
          LEFT JOIN place p ON p.frame_id = f.id
          WHERE c.sha256 = ? AND f.origin = 'raw' AND f.state <> 'duplicate'
          """, arguments: [sha256])
    else { return nil }
    let path: String? = row["path"]
    if let path, FileManager.default.fileExists(atPath: path) { return nil }
    let frame: Int64 = row["id"]
    try db.execute(sql: "DELETE FROM place WHERE frame_id = ?", arguments: [frame])
    try place(db, file.place, frame: frame)
    let state: String = row["state"]
    try db.execute(
      sql: "UPDATE frame SET name = ?, state = ?, reason = ? WHERE id = ?",
      arguments: [
        file.name, state == "missing" ? file.state : state,
        state == "missing" ? file.reason : (row["reason"] as String?), frame,
      ])
    return frame
  }

  /// Same content elsewhere: `duplicate`. Same name with other content: `held`.
  private static func compareWithKnown(_ db: Database, _ file: inout NewFrame) throws {
    if let sha256 = file.sha256,
      let path = try String.fetchOne(
        db,
        sql: """
          SELECT coalesce(p.path, f.name) FROM frame f JOIN content c ON c.id = f.content_id
          LEFT JOIN place p ON p.frame_id = f.id
          WHERE c.sha256 = ? AND f.origin = 'raw' AND f.state <> 'duplicate'
          """, arguments: [sha256])
    {
      file.state = "duplicate"
      file.reason = "same content (sha256 \(sha256.prefix(12))…) as \(path), which is the one in use"
      return
    }
    guard file.state == "classified",
      let other = try Row.fetchOne(
        db,
        sql: """
          SELECT f.id, p.path FROM frame f LEFT JOIN place p ON p.frame_id = f.id
          WHERE f.name = ? AND f.origin = 'raw' AND f.state IN ('classified', 'held') LIMIT 1
          """, arguments: [file.name])
    else { return }
    file.state = "held"
    file.reason =
      "same name as \((other["path"] as String?) ?? file.name) but other content; "
      + "decide with: irisarchive flag \(file.name) --quality GOOD|BAD --reason …"
  }

  private static func announce(_ db: Database, _ file: NewFrame, frame: Int64, at time: Double) throws {
    let type: String
    switch file.state {
    case "held": type = "exposure-held"
    case "quarantined": type = "exposure-quarantined"
    case "classified": type = "exposure-received"
    default: return
    }
    let data = EventData(
      name: file.name, path: file.place.path, sha256: file.sha256, obsname: file.description.obsname,
      level: file.description.level, reason: file.reason)
    try appendEvent(
      db, type: type, subject: file.name, key: "\(file.sha256 ?? file.place.path)/\(file.name)", data: data,
      time: time)
  }
}

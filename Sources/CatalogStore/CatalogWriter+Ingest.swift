import Foundation
import GRDB
import Glibc

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
      let old = try db.row(Self.atPlace, [file.place.path]).map(Known.init)
      if let old, old.sha256 == file.sha256, old.state != "quarantined" || old.reason == file.reason {
        try Self.refresh(db, file.place)
        return .known(frame: old.frame)
      }
      var file = file
      if let old { try vacate(db, old, &file) }
      let same = try file.sha256.flatMap { try db.row(Self.ofContent, [$0]).map(Known.init) }
      if let same, !same.isInPlace {
        try Self.move(db, same, to: file)
        return .moved(frame: same.frame)
      }
      try Self.compare(db, &file, same: same)
      let frame = try Self.insert(db, file, origin: .raw, recordedAt: recordedAt)
      try Self.announce(db, file, frame: frame, at: recordedAt)
      return .recorded(frame: frame, state: file.state)
    }
  }

  /// A record that a new file may be the same as, or take the place of.
  private struct Known {
    var frame: Int64
    var name: String
    var state: String
    var reason: String?
    var sha256: String?
    var path: String?
    private var bytes: Int64?
    private var modifiedNanoseconds: Int64?

    init(_ row: Row) {
      frame = row["id"]
      name = row["name"]
      state = row["state"]
      reason = row["reason"]
      sha256 = row["sha256"]
      path = row["path"]
      bytes = row["bytes"]
      modifiedNanoseconds = row["modified_ns"]
    }

    /// Whether the file still lies there as it was recorded, and not another one that was moved or written over it. The
    /// inode does not count: a disk that is mounted again may number anew.
    var isInPlace: Bool {
      var status = stat()
      guard let path, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
      let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      return Int64(status.st_size) == bytes && modified == modifiedNanoseconds
    }
  }

  private static let known = """
    SELECT f.id, f.name, f.state, f.reason, c.sha256, p.path, p.bytes, p.modified_ns FROM frame f
    LEFT JOIN content c ON c.id = f.content_id LEFT JOIN place p ON p.frame_id = f.id
    """
  package static let atPlace = known + " WHERE p.path = ?"
  package static let ofContent = known + " WHERE c.sha256 = ? AND f.origin = 'raw' AND f.state <> 'duplicate'"
  // The plus keeps the planner, which knows no statistics, from going through all files of a state.
  package static let ofName =
    known + " WHERE f.name = ? AND +f.origin = 'raw' AND +f.state IN ('classified', 'held') LIMIT 1"

  /// The same content, touched or on a renumbered disk: how it looks now, so that the next scan knows it.
  private static func refresh(_ db: Database, _ place: NewFrame.Place) throws {
    try db.run(
      "UPDATE place SET device = ?, inode = ?, bytes = ?, modified_ns = ?, changed_ns = ? WHERE path = ?",
      [
        place.device, place.inode, place.bytes, place.modifiedNanoseconds, place.changedNanoseconds,
        place.path,
      ])
  }

  /// Takes the place from an older record of other content. That record stays: it has the place of a duplicate where
  /// there is one, and is `missing` otherwise, with the state it had kept for its content's return.
  private func vacate(_ db: Database, _ old: Known, _ file: inout NewFrame) throws {
    try db.run("DELETE FROM place WHERE path = ?", [file.place.path])
    try leave(
      db, old, because: "replaced at its place by other content (sha256 \(file.sha256 ?? "unreadable"))")
    if old.state != "quarantined" && old.state != "duplicate" && file.state == "classified" {
      file.state = "held"
      file.reason =
        "other content was written over \(file.name), already in the catalog as record \(old.frame); "
        + "decide with: irisarchive flag \(file.name) --quality GOOD|BAD --reason …"
    }
  }

  private func leave(_ db: Database, _ old: Known, because reason: String) throws {
    // A second row of one content can only be a duplicate: the first one is in use.
    if old.state == "duplicate" {
      return try db.run("UPDATE frame SET reason = ? WHERE id = ?", [reason, old.frame])
    }
    let content: Int64? = try db.row("SELECT content_id FROM frame WHERE id = ?", [old.frame])?["content_id"]
    if let content, try takePlaceOfCopy(db, old.frame, content) != nil { return }
    try db.run(
      """
      UPDATE frame SET
        was_state = CASE state WHEN 'missing' THEN was_state WHEN 'quarantined' THEN NULL ELSE state END,
        was_reason = CASE state WHEN 'missing' THEN was_reason WHEN 'quarantined' THEN NULL ELSE reason END, state = 'missing', reason = ?
      WHERE id = ?
      """, [reason, old.frame])
  }

  /// A known content whose recorded place no longer exists has moved here.
  private static func move(_ db: Database, _ same: Known, to file: NewFrame) throws {
    try db.run("DELETE FROM place WHERE frame_id = ?", [same.frame])
    try place(db, file.place, frame: same.frame)
    guard same.state == "missing" else {
      return try db.run("UPDATE frame SET name = ? WHERE id = ?", [file.name, same.frame])
    }
    // Back: as it was before, or as it is judged now.
    try db.run(
      """
      UPDATE frame SET name = ?, state = coalesce(was_state, ?),
        reason = CASE WHEN was_state IS NULL THEN ? ELSE was_reason END, was_state = NULL, was_reason = NULL
      WHERE id = ?
      """, [file.name, file.state, file.reason, same.frame])
    // What could not be made without it is planned again.
    try db.run(
      """
      UPDATE association SET settled = 0 WHERE state = 'closed'
        AND id IN (SELECT association_id FROM member WHERE frame_id = ?)
        AND NOT EXISTS (SELECT 1 FROM product q WHERE q.association_id = association.id)
      """, [same.frame])
  }

  /// Same content elsewhere: `duplicate`. Same name with other content: `held`.
  private static func compare(_ db: Database, _ file: inout NewFrame, same: Known?) throws {
    if let same, let sha256 = file.sha256 {
      file.state = "duplicate"
      file.reason =
        "same content (sha256 \(sha256.prefix(12))…) as \(same.path ?? same.name), which is the one in use"
      return
    }
    guard file.state == "classified", let other = try db.row(ofName, [file.name]).map(Known.init) else {
      return
    }
    file.state = "held"
    file.reason =
      "same name as \(other.path ?? file.name) but other content; "
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

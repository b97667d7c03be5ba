import Foundation
import GRDB

/// Where a file lay when it was last looked at.
public struct CatalogPlace: Sendable, Equatable {
  public var path: String
  public var device: Int64

  public init(path: String, device: Int64) {
    self.path = path
    self.device = device
  }
}

/// What became of a record whose file is not in its place.
public enum MissingOutcome: Sendable, Equatable {
  /// No record has this place.
  case unchanged
  case missing
  /// The same content lay elsewhere as a duplicate; the record has that place now.
  case moved(to: String)
  /// It was a duplicate; the first one is still in use.
  case copyGone
}

extension CatalogReader {
  /// Where every file lies that has a record. Paths differ byte by byte: compare them so, and not as strings.
  public func recordedPaths() throws(CatalogError) -> [String] {
    try read { db in try String.fetchAll(db, sql: "SELECT path FROM place") }
  }

  /// How many products have a file.
  public func productPlaces() throws(CatalogError) -> Int {
    try read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM product q JOIN place p ON p.frame_id = q.frame_id") ?? 0
    }
  }
}

extension CatalogWriter {
  /// Files that are in their places as they were, on disks that go by other numbers now (a reboot, a disk that was
  /// mounted again): their places tell the new ones, in one transaction.
  public func renumber(_ places: [(path: String, device: Int64)]) throws(CatalogError) {
    try write { db in
      let statement = try db.cachedStatement(sql: "UPDATE place SET device = ? WHERE path = ?")
      for place in places { try statement.execute(arguments: [place.device, place.path]) }
    }
  }

  /// A raw file is not in its place any more. Its record stays, as `missing`, with the state it had kept for its
  /// return; where the same content lies elsewhere as a duplicate (a move across disks copies first), the record
  /// moves there instead. A duplicate stays one, without a place.
  public func markMissing(path: String, at time: Double) throws(CatalogError) -> MissingOutcome {
    try write { db in
      let row = try db.row(
        """
        SELECT f.id, f.name, f.state, f.content_id FROM place p JOIN frame f ON f.id = p.frame_id
        WHERE p.path = ? AND f.origin = 'raw'
        """, [path])
      guard let row else { return .unchanged }
      let (id, state): (Int64, String) = (row["id"], row["state"])
      try db.run("DELETE FROM place WHERE path = ?", [path])
      if state == "duplicate" {
        try db.run(
          "UPDATE frame SET reason = reason || '; this copy is gone from ' || ? WHERE id = ?", [path, id])
        return .copyGone
      }
      if let content: Int64 = row["content_id"], let target = try takePlaceOfCopy(db, id, content) {
        return .moved(to: target)
      }
      try db.run(
        """
        UPDATE frame SET was_state = state, was_reason = reason, state = 'missing', reason = ? WHERE id = ?
        """, ["not in its place any more: \(path), seen \(CatalogTime.text(time))", id])
      return .missing
    }
  }

  /// Gives a record the place of a duplicate that is really there. Returns the path.
  func takePlaceOfCopy(_ db: Database, _ id: Int64, _ content: Int64) throws -> String? {
    let copies = try db.rows(
      """
      SELECT f.id, f.name, p.path FROM frame f JOIN place p ON p.frame_id = f.id
      WHERE f.content_id = ? AND f.state = 'duplicate' ORDER BY f.id
      """, [content])
    guard let copy = copies.first(where: { FileManager.default.fileExists(atPath: $0["path"]) }) else {
      return nil
    }
    let (path, name): (String, String) = (copy["path"], copy["name"])
    try db.run("UPDATE place SET frame_id = ? WHERE path = ?", [id, path])
    try db.run("UPDATE frame SET name = ? WHERE id = ?", [name, id])
    try db.run(
      "UPDATE frame SET reason = reason || '; it is the one in use now' WHERE id = ?", [copy["id"] as Int64])
    return path
  }
}

import Foundation
import GRDB

/// What a copy of the catalog holds.
public struct CatalogCopy: Sendable, Equatable {
  public var frames: Int
  public var products: Int
  public var jobs: Int
  /// The pinned context of the reference rules; nil when none was pinned yet.
  public var context: String?
  /// When the newest file in it was recorded, seconds since 1970 UTC.
  public var newestRecord: Double?
}

extension CatalogReader {
  /// Copies the catalog, as of one moment, into a new file without companions (no `-wal`), and checks the copy. Other
  /// processes go on reading and writing meanwhile.
  ///
  /// - Parameter path: where no file is yet.
  /// - Throws: ``CatalogError`` `catalog-corrupt` when the copy is not sound, `catalog-disk`, `catalog-busy`,
  ///   `catalog-exists` when there is a file.
  public func backUp(to path: String) throws(CatalogError) -> CatalogCopy {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw CatalogError(
        code: "catalog-exists", message: "a file lies where the copy should go; it is never overwritten",
        subject: path, hint: "choose another place")
    }
    do {
      let copy = try DatabaseQueue(path: path)
      try database.backup(to: copy)
      // The copy carries the mark of its source's write-ahead log; alone it is one file.
      try copy.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
      // What was true of the running daemon is not true of a restored catalog.
      try copy.write { db in
        try db.execute(sql: "DELETE FROM fact WHERE name IN ('daemon', 'out-of-sight', 'disk-low')")
      }
      let held = try copy.read(Self.checked)
      try copy.close()
      return held
    } catch let error as CatalogError {
      throw error
    } catch {
      throw CatalogConnection.translated(error)
    }
  }

  private static func checked(_ db: Database) throws -> CatalogCopy {
    let faults = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
    if let first = faults.first {
      throw CatalogError(
        code: "catalog-corrupt", message: "the copy is not sound, and so the catalog is not: \(first)",
        subject: "catalog", hint: "keep older backups; irisarchive doctor")
    }
    func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
    return CatalogCopy(
      frames: try count("SELECT count(*) FROM frame WHERE origin = 'raw'"),
      products: try count("SELECT count(*) FROM frame WHERE origin = 'product'"),
      jobs: try count("SELECT count(*) FROM job"),
      context: try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = 'context'"),
      newestRecord: try Double.fetchOne(db, sql: "SELECT max(recorded_at) FROM frame"))
  }
}

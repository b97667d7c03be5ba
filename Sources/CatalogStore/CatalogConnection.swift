import Foundation
import GRDB
import GRDBSQLite

/// How every connection to the catalog is set up, and how SQLite's errors are told.
enum CatalogConnection {
  /// WAL, `synchronous=NORMAL`, foreign keys, `busy_timeout` 5 s, `trusted_schema=OFF`; GRDB itself begins writes with `BEGIN IMMEDIATE`.
  static func configuration() -> Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    configuration.journalMode = .wal
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA synchronous = NORMAL")
      try persistWAL(db)
    }
    return configuration
  }

  /// Keeps the `-wal` and `-shm` files at close, so that another user's `status` can read while the daemon is down
  /// (without them a reader who may not create files fails with code 8).
  private static func persistWAL(_ db: Database) throws {
    guard let connection = db.sqliteConnection else { return }
    let fileControlPersistWAL: CInt = 10  // SQLITE_FCNTL_PERSIST_WAL, a macro of sqlite3.h
    var flag: CInt = 1
    let result = sqlite3_file_control(connection, nil, fileControlPersistWAL, &flag)
    if result != 0 && result != 12 { throw DatabaseError(resultCode: ResultCode(rawValue: result)) }
  }

  static func translated(_ error: any Error) -> CatalogError {
    guard let error = error as? DatabaseError else {
      return CatalogError(
        code: "catalog-failed", message: "\(error)", subject: "catalog", underlying: error)
    }
    let said = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    let (code, message, hint) = told(error.resultCode, said)
    return CatalogError(
      code: code, message: message, subject: error.sql ?? "catalog", hint: hint, underlying: error)
  }

  /// As ``translated(_:)``, for a catalog that could not be opened.
  static func opening(_ error: any Error, _ path: String, for purpose: String) -> CatalogError {
    let told = translated(error)
    guard told.code == "catalog-failed" else {
      return CatalogError(
        code: told.code, message: told.message, subject: path, hint: told.hint, underlying: error)
    }
    return CatalogError(
      code: "catalog-unreachable", message: "the catalog cannot be opened for \(purpose): \(error)",
      subject: path, hint: "irisarchive doctor", underlying: error)
  }

  static let restoring =
    "stop the daemon and restore the newest backup (its README has the commands); irisarchive doctor tells more"

  private static func told(
    _ result: ResultCode, _ said: String
  ) -> (code: String, message: String, hint: String) {
    switch result {
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      ("catalog-busy", said, "try again; irisarchive doctor names who holds it")
    case .SQLITE_FULL, .SQLITE_IOERR:
      ("catalog-disk", said, "free space beside catalog/, then irisarchive doctor")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: ("catalog-corrupt", "the catalog is damaged: \(said)", restoring)
    case .SQLITE_READONLY:
      (
        "catalog-read-only", "the catalog may not be written: \(said)",
        "make catalog/ and the files in it writable for the archive's user, then irisarchive doctor"
      )
    case .SQLITE_CONSTRAINT: ("catalog-constraint", said, "irisarchive doctor")
    default: ("catalog-failed", said, "irisarchive doctor")
    }
  }
}

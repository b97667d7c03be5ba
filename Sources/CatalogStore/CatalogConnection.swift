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
    let code: String
    let hint: String
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      (code, hint) = ("catalog-busy", "try again; `irisarchive doctor` names who holds it")
    case .SQLITE_FULL, .SQLITE_IOERR:
      (code, hint) = ("catalog-disk", "free space beside catalog/, then `irisarchive doctor`")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      (code, hint) = ("catalog-corrupt", "irisarchive doctor")
    case .SQLITE_CONSTRAINT: (code, hint) = ("catalog-constraint", "irisarchive doctor")
    default: (code, hint) = ("catalog-failed", "irisarchive doctor")
    }
    return CatalogError(
      code: code, message: error.message ?? "SQLite error \(error.resultCode.rawValue)",
      subject: error.sql ?? "catalog", hint: hint, underlying: error)
  }
}

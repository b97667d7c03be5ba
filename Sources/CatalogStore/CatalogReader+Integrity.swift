import GRDB

extension CatalogReader {
  /// The schema as SQL text, one statement a paragraph: what `catalog/schema.sql` holds.
  public func schemaText() throws(CatalogError) -> String {
    try read { db in try Self.schemaText(db) }
  }

  /// How SQLite would go about a statement, a line per table.
  ///
  /// - Parameter arguments: how many the statement takes.
  package func queryPlan(_ sql: String, arguments: Int) throws(CatalogError) -> [String] {
    try read { db in
      let nothing = StatementArguments(Array(repeating: "", count: arguments))
      return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: nothing).map { $0["detail"] }
    }
  }

  /// What SQLite and the schema have to say against the catalog, as sentences; empty when all is well.
  ///
  /// - Parameter limit: at most so many faults of the file.
  public func integrityProblems(limit: Int = 20) throws(CatalogError) -> [String] {
    let expected = try Self.expectedSchema()
    return try read { db in
      var problems = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(limit))").filter { $0 != "ok" }
      let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").prefix(limit)
      problems += orphans.map { "a row of table \($0[0] as String) points at no row of \($0[2] as String)" }
      if try Self.schemaText(db) != expected {
        problems.append("its schema is not the one of this program (another version, or changed by hand)")
      }
      return problems
    }
  }

  /// A quick look at the file of the catalog, as at every start: its pages, not its indexes.
  ///
  /// - Throws: ``CatalogError`` `catalog-corrupt` with the first fault.
  public func requireSound() throws(CatalogError) {
    let fault = try read { db in
      try String.fetchAll(db, sql: "PRAGMA quick_check(1)").first { $0 != "ok" }
    }
    guard let fault else { return }
    throw CatalogError(
      code: "catalog-corrupt", message: "the catalog is damaged: \(fault)", subject: "catalog",
      hint: CatalogConnection.restoring)
  }

  /// When the newest file was recorded, seconds since 1970 UTC.
  public func newestRecord() throws(CatalogError) -> Double? {
    try read { db in try Double.fetchOne(db, sql: Self.newestRecord) }
  }

  package static var newestRecord: String {
    "SELECT max(recorded_at) FROM frame WHERE origin = 'raw'"
  }

  private static func schemaText(_ db: Database) throws -> String {
    let rows = try String.fetchAll(
      db,
      sql: """
        SELECT sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name <> 'grdb_migrations'
        ORDER BY rowid
        """)
    return rows.map { $0 + ";" }.joined(separator: "\n\n") + "\n"
  }

  /// What the migrations of this program make of an empty file.
  private static func expectedSchema() throws(CatalogError) -> String {
    do {
      let empty = try DatabaseQueue()
      try CatalogSchema.migrator().migrate(empty)
      return try empty.read(schemaText)
    } catch {
      throw CatalogConnection.translated(error)
    }
  }
}

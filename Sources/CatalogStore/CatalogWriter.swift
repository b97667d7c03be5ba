import Foundation
import GRDB

/// Write access to the catalog. One process holds one writer; the archive's daemon keeps its own lock besides.
public struct CatalogWriter: Sendable {
  let pool: DatabasePool

  /// The same catalog, for reading.
  public var reader: CatalogReader { CatalogReader(pool) }

  /// Opens or makes the catalog at `path` and brings its schema up to date.
  ///
  /// - Throws: ``CatalogError`` `catalog-unreachable`, `catalog-too-new`.
  public init(path: String) throws(CatalogError) {
    do {
      pool = try DatabasePool(path: path, configuration: CatalogConnection.configuration())
      let migrator = CatalogSchema.migrator()
      if try pool.read({ try migrator.hasBeenSuperseded($0) }) {
        throw CatalogError(
          code: "catalog-too-new", message: "the catalog was made by a later version of irisarchive",
          subject: path, hint: "install that version, or restore a backup")
      }
      try migrator.migrate(pool)
    } catch let error as CatalogError {
      throw error
    } catch {
      throw CatalogError(
        code: "catalog-unreachable", message: "the catalog cannot be opened for writing: \(error)",
        subject: path, hint: "irisarchive doctor", underlying: error)
    }
  }

  /// Runs `body` in one `BEGIN IMMEDIATE` transaction.
  func write<T>(_ body: (Database) throws -> T) throws(CatalogError) -> T {
    do {
      return try pool.write(body)
    } catch let error as CatalogError {
      throw error
    } catch {
      throw CatalogConnection.translated(error)
    }
  }

  func read<T>(_ body: (Database) throws -> T) throws(CatalogError) -> T {
    try reader.read(body)
  }

  /// The schema as SQL text, one statement a paragraph: what `catalog/schema.sql` holds.
  public func schemaText() throws(CatalogError) -> String { try reader.schemaText() }
}

import Foundation
import GRDB

/// Write access to the catalog. One process holds one writer; the archive's daemon keeps its own lock besides.
public struct CatalogWriter: Sendable {
  let pool: DatabasePool
  /// Given up when the disk is full, so that a change can be recorded all the same.
  private let ballast: CatalogBallast?

  /// The same catalog, for reading.
  public var reader: CatalogReader { CatalogReader(pool) }

  /// Opens or makes the catalog at `path` and brings its schema up to date.
  ///
  /// - Parameter ballast: what to give up when a change finds the disk full; the change is then tried once more.
  /// - Throws: ``CatalogError`` `catalog-unreachable`, `catalog-too-new`, `catalog-corrupt`, `catalog-read-only`.
  public init(path: String, ballast: CatalogBallast? = nil) throws(CatalogError) {
    self.ballast = ballast
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
      throw CatalogConnection.opening(error, path, for: "writing")
    }
  }

  /// Runs `body` in one `BEGIN IMMEDIATE` transaction; a second time when the disk was full and the ballast could be
  /// given up.
  func write<T>(_ body: (Database) throws -> T) throws(CatalogError) -> T {
    do throws(CatalogError) {
      return try writeOnce(body)
    } catch {
      guard error.code == "catalog-disk", ballast?.release() == true else { throw error }
      return try writeOnce(body)
    }
  }

  private func writeOnce<T>(_ body: (Database) throws -> T) throws(CatalogError) -> T {
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

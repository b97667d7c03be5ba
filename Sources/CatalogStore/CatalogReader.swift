import Foundation
import GRDB

/// Read access to the catalog: works with the daemon running, stopped or dead.
public struct CatalogReader: Sendable {
  let database: any GRDB.DatabaseReader

  /// Opens the catalog at `path` (the file `catalog/catalog.sqlite` of an archive) for reading.
  ///
  /// - Throws: ``CatalogError`` `catalog-missing` when there is no such file, `catalog-unreachable` when SQLite
  ///   cannot open it, `catalog-corrupt` when it is damaged.
  public init(path: String) throws(CatalogError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw CatalogError(
        code: "catalog-missing", message: "there is no catalog here", subject: path,
        hint: "irisarchive init ROOT")
    }
    var configuration = CatalogConnection.configuration()
    configuration.readonly = true
    do {
      database = try DatabasePool(path: path, configuration: configuration)
    } catch {
      throw CatalogConnection.opening(error, path, for: "reading")
    }
  }

  init(_ database: any GRDB.DatabaseReader) {
    self.database = database
  }

  /// Runs `body` on one consistent snapshot, with every SQLite failure turned into a ``CatalogError``.
  func read<T>(_ body: (Database) throws -> T) throws(CatalogError) -> T {
    do {
      return try database.read(body)
    } catch let error as CatalogError {
      throw error
    } catch {
      throw CatalogConnection.translated(error)
    }
  }
}

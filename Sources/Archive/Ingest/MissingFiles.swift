import CatalogStore
import Foundation
import Glibc
import Logging

/// Marks catalogued files that are not in their place any more as `missing`, after a whole look at a folder.
///
/// A folder that is away or empty because a disk is not mounted says nothing about files: only those count whose disk
/// was seen in this very look, in folders that could be read, and whose path is really gone.
package struct MissingFiles: Sendable {
  /// Fact that `status` shows while files are out of sight.
  static let fact = "out-of-sight"

  let writer: CatalogWriter
  let logger: Logger

  /// - Parameter absent: places of the catalog under the folder that the look did not find.
  func review(_ absent: [CatalogPlace], _ listing: TreeScan.Listing, of folder: String) {
    do {
      let judged = Self.judge(absent, listing, folder: folder)
      try tell(judged.outOfSight, folder)
      for path in judged.gone where Self.isGone(path) {
        let change = try writer.markMissing(path: path, at: Date().timeIntervalSince1970)
        if change != .unchanged {
          logger.info("not in its place any more", metadata: ["path": "\(path)", "state": "\(change)"])
        }
      }
    } catch {
      logger.warning("what is missing could not be told", metadata: ["error": "\(error)"])
    }
  }

  /// Which of the absent are gone, and how many are only out of sight.
  package static func judge(
    _ absent: [CatalogPlace], _ listing: TreeScan.Listing, folder: String
  ) -> (gone: [String], outOfSight: Int) {
    var gone: [String] = []
    var hidden = 0
    let blind = listing.unreadable.map { $0 + "/" }
    for place in absent {
      let isSeen = listing.devices.contains(place.device) && !blind.contains { place.path.hasPrefix($0) }
      if isSeen { gone.append(place.path) } else { hidden += 1 }
    }
    return (gone, hidden)
  }

  private static func isGone(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR)
  }

  private func tell(_ count: Int, _ folder: String) throws(CatalogError) {
    let fact = try writer.reader.fact(Self.fact)
    if count == 0 {
      if fact?.hasSuffix(folder) == true { try writer.removeFact(Self.fact) }
      return
    }
    let sentence =
      "\(count) files are out of sight, and not marked missing: the disk or folder they were in is not there, "
      + "or cannot be read, under \(folder)"
    if fact == sentence { return }
    logger.warning("\(sentence)")
    try writer.setFact(Self.fact, sentence)
    try writer.noteOnce(sentence, subject: folder, at: Date().timeIntervalSince1970)
  }
}

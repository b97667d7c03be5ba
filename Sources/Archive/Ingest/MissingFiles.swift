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

  /// - Parameters:
  ///   - absent: places of the catalog under the folder that the look did not find.
  ///   - seen: devices, as the catalog has them, of the disks that the look went through.
  func review(
    _ absent: [CatalogPlace], _ listing: TreeScan.Listing, seen: Set<Int64>, of folder: String
  ) throws(CatalogError) {
    let judged = Self.judge(absent, listing, seen: seen)
    try tell(judged.outOfSight, folder)
    for path in judged.gone where Self.isGone(path) {
      let change = try writer.markMissing(path: path, at: Date().timeIntervalSince1970)
      if change != .unchanged {
        logger.info("not in its place any more", metadata: ["path": "\(path)", "state": "\(change)"])
      }
    }
  }

  /// Which of the absent are gone, and how many are only out of sight.
  package static func judge(
    _ absent: [CatalogPlace], _ listing: TreeScan.Listing, seen: Set<Int64>
  ) -> (gone: [String], outOfSight: Int) {
    var gone: [String] = []
    var hidden = 0
    let blind = listing.unreadable.map { $0 + "/" }
    for place in absent {
      let isSeen = seen.contains(place.device) && !blind.contains { place.path.hasPrefix($0) }
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
    guard Self.replaces(fact, folder: folder) else { return }
    if count == 0 {
      if fact != nil { try writer.removeFact(Self.fact) }
      return
    }
    let sentence = Self.sentence(count, folder)
    if fact == sentence { return }
    logger.warning("\(sentence)")
    try writer.setFact(Self.fact, sentence)
    try writer.noteOnce(sentence, subject: folder, at: Date().timeIntervalSince1970)
  }

  private static let under = "or cannot be read, under "

  package static func sentence(_ count: Int, _ folder: String) -> String {
    "\(count) files are out of sight, and not marked missing: the disk or folder they were in is not there, "
      + under + folder
  }

  /// Whether a look at `folder` says more than the sentence that is told now: a look at everything below it does, one at
  /// a part of it, or elsewhere, does not.
  package static func replaces(_ sentence: String?, folder: String) -> Bool {
    guard let sentence, let end = sentence.range(of: under)?.upperBound else { return true }
    let told = String(sentence[end...])
    return told == folder || told.hasPrefix(folder + "/")
  }
}

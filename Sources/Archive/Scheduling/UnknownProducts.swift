import CatalogStore
import Foundation
import Logging

/// Tells of products that lie in their folder without a record, as after a catalog was restored from a backup that is
/// older than they are. Nothing is done to them: where one is made again, the recorder puts the old file aside.
struct UnknownProducts: Sendable {
  let writer: CatalogWriter
  let folder: String
  let logger: Logger

  func tell(at time: Double) throws(CatalogError) {
    let files = TreeScan.list(folder) { $0.hasSuffix(".fits") }.files.map(\.path)
    // Comparing names costs more than counting; as many files as records is how it always is.
    guard files.count > (try writer.reader.productPlaces()) else { return }
    let recorded = Set(try writer.reader.recordedPaths().map(PathKey.init))
    let unknown = files.filter { !recorded.contains(PathKey($0)) }
    guard let first = unknown.first else { return }
    let sentence =
      "\(unknown.count) products lie here without a record (the first: \((first as NSString).lastPathComponent)): "
      + "made after the backup that the catalog was restored from, or put here by hand; what is made again takes "
      + "their place, and irisarchive verify lists the others"
    logger.warning("\(sentence)", metadata: ["folder": "\(folder)"])
    try writer.noteOnce(sentence, subject: folder, at: time)
  }
}

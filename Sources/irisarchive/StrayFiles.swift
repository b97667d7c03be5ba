import Archive
import CatalogStore
import Foundation
import Settings
import Tables

/// Files in the archive's folders that the catalog has no record of: what else `verify` without a selection tells.
struct StrayFiles {
  struct Stray {
    var path: String
    var bytes: Int64
    /// Seconds since its inode was changed last.
    var age: Double
    var isProduct: Bool
  }

  let layout: ArchiveLayout
  let filter: FileNameFilter
  /// A raw file younger than this is on its way into the catalog.
  let patience: Double

  init(layout: ArchiveLayout, settings: ArchiveSettings) {
    self.layout = layout
    filter = FileNameFilter(ignored: settings.ignoredNames)
    patience = settings.truncatedAfterSeconds + settings.reconcileIntervalSeconds
  }

  /// Everything that lies there now; taken before the records are read, so that a file recorded meanwhile is no stray.
  func listing(now: Double) -> [Stray] {
    let products = TreeScan.list(layout.products) { $0.hasSuffix(".fits") || $0.hasSuffix(".png") }
    let raw = TreeScan.list(layout.incoming, accepts: filter.accepts)
    func stray(_ entry: TreeScan.Entry, _ isProduct: Bool) -> Stray {
      Stray(
        path: entry.path, bytes: entry.bytes, age: now - Double(entry.changedNanoseconds) / 1e9,
        isProduct: isProduct)
    }
    return products.files.map { stray($0, true) } + raw.files.map { stray($0, false) }
  }

  /// Those of a listing without a record; a picture goes with its product.
  func strays(_ listing: [Stray], reader: CatalogReader) throws -> [Stray] {
    let paths = try reader.recordedPaths()
    let recorded = Set(paths.map(PathKey.init))
    let pictures = Set(paths.map { PathKey(ProductRemoval.picture(besides: $0)) })
    return listing.filter {
      !recorded.contains(PathKey($0.path)) && !($0.isProduct && pictures.contains(PathKey($0.path)))
        && access($0.path, F_OK) == 0
    }
  }

  /// The stray that holds the content of a record whose file is not in its place.
  func home(of frame: FrameRecord, among strays: [Stray]) -> String? {
    guard let sha256 = frame.sha256, let bytes = frame.bytes else { return nil }
    return strays.first { $0.bytes == bytes && ReferenceVerification.sha256($0.path) == sha256 }?.path
  }

  func row(_ stray: Stray) -> [Cell]? {
    let name = (stray.path as NSString).lastPathComponent
    if stray.isProduct {
      let sentence =
        "lies among the products without a record; what is made again in its place puts it aside, else move it away"
      return [.string(name), .string("extra"), .string(sentence), .string(stray.path)]
    }
    if stray.age < patience { return nil }
    return [
      .string(name), .string("extra"),
      .string("lies in incoming and is not in the catalog: irisarchive ingest --rescan"), .string(stray.path),
    ]
  }
}

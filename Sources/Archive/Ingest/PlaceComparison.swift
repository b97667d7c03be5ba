import CatalogStore

/// What a look at a folder found beside what the catalog knows of it: one pass over the catalog's places, with one
/// number kept for each file, so that a million files fit.
struct PlaceComparison {
  private let files: [TreeScan.Entry]
  /// Path -> index of the file.
  private var indices: [PathKey: Int32]
  /// Whether the catalog knows the file exactly as it is.
  private var isKnown: [Bool]
  private let unnameable: Set<PathKey>
  /// Raw files of the catalog that were not seen.
  private(set) var absent: [CatalogPlace] = []

  init(_ listing: TreeScan.Listing) {
    files = listing.files
    indices = Dictionary(minimumCapacity: listing.files.count)
    for (index, file) in listing.files.enumerated() { indices[PathKey(file.path)] = Int32(index) }
    isKnown = Array(repeating: false, count: listing.files.count)
    unnameable = Set(listing.unnameable.map { PathKey($0.path) })
  }

  /// Looks for a place of the catalog among the files.
  mutating func compare(_ place: KnownPlace) {
    let key = PathKey(place.path)
    guard let index = indices[key].map(Int.init) else {
      if place.isRaw && !unnameable.contains(key) {
        absent.append(CatalogPlace(path: place.path, device: place.device))
      }
      return
    }
    let file = files[index]
    isKnown[index] =
      place.wasRead && file.device == place.device && file.inode == place.inode && file.bytes == place.bytes
      && file.modifiedNanoseconds == place.modifiedNanoseconds
  }

  /// Files that the catalog does not know, or not as they are.
  var unknown: [TreeScan.Entry] { files.indices.lazy.filter { !isKnown[$0] }.map { files[$0] } }
}

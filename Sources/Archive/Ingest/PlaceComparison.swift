import CatalogStore

/// What a look at a folder found beside what the catalog knows of it: one pass over the catalog's places, with one
/// number kept for each file, so that a million files fit.
///
/// A disk may go by another number after a reboot (NFS, LVM, USB), so the number alone makes no file another one: a
/// file with the path, inode, size and time that are recorded is that file.
package struct PlaceComparison: Sendable {
  private let files: [TreeScan.Entry]
  /// Path -> index of the file.
  private var indices: [PathKey: Int32]
  /// Whether the catalog knows the file exactly as it is.
  private var isKnown: [Bool]
  private let unnameable: [TreeScan.Entry]
  private let unnameableIndices: [PathKey: Int]
  /// Indices of those that the catalog knows as they are.
  private var unnameableKnown: Set<Int> = []
  /// Files that are known, on a disk with another number than recorded.
  private var renumbered: [Int32] = []
  /// Devices of the folders that were looked into.
  private let devices: Set<Int64>
  /// Recorded devices of files that were found as they were, and the new numbers of those that have another now.
  private var confirmed: Set<Int64> = []
  private var newNumbers: Set<Int64> = []
  /// Raw files of the catalog that were not seen.
  package private(set) var absent: [CatalogPlace] = []

  package init(_ listing: TreeScan.Listing) {
    files = listing.files
    indices = Dictionary(minimumCapacity: listing.files.count)
    for (index, file) in listing.files.enumerated() { indices[PathKey(file.path)] = Int32(index) }
    isKnown = Array(repeating: false, count: listing.files.count)
    unnameable = listing.unnameable
    unnameableIndices = Dictionary(
      listing.unnameable.enumerated().map { (PathKey($1.path), $0) }, uniquingKeysWith: { first, _ in first })
    devices = listing.devices
  }

  /// Looks for a place of the catalog among the files.
  package mutating func compare(_ place: KnownPlace) {
    let key = PathKey(place.path)
    guard let index = indices[key].map(Int.init) else { return compareUnnameable(place, key) }
    let file = files[index]
    guard Self.isSame(file, place) else { return }
    confirmed.insert(place.device)
    if file.device != place.device { newNumbers.insert(file.device) }
    guard place.wasRead else { return }
    isKnown[index] = true
    if file.device != place.device { renumbered.append(Int32(index)) }
  }

  private mutating func compareUnnameable(_ place: KnownPlace, _ key: PathKey) {
    if let index = unnameableIndices[key] {
      if Self.isSame(unnameable[index], place) { unnameableKnown.insert(index) }
    } else if place.isRaw {
      absent.append(CatalogPlace(path: place.path, device: place.device))
    }
  }

  private static func isSame(_ file: TreeScan.Entry, _ place: KnownPlace) -> Bool {
    file.inode == place.inode && file.bytes == place.bytes
      && file.modifiedNanoseconds == place.modifiedNanoseconds
  }

  /// Files that the catalog does not know, or not as they are.
  package var unknown: [TreeScan.Entry] { files.indices.lazy.filter { !isKnown[$0] }.map { files[$0] } }

  /// Files with names that cannot be written down and that the catalog does not know as they are.
  package var unknownUnnameable: [TreeScan.Entry] {
    unnameable.indices.filter { !unnameableKnown.contains($0) }.map { unnameable[$0] }
  }

  /// Devices, as the catalog has them, of the disks that were looked through. A number that a disk has only now may have
  /// been another disk's before: it counts when a file of the recorded number was found.
  package var seenDevices: Set<Int64> { confirmed.union(devices.subtracting(newNumbers)) }

  /// Known files whose disk has another number than recorded.
  package var renumberedPlaces: [(path: String, device: Int64)] {
    renumbered.map { (files[Int($0)].path, files[Int($0)].device) }
  }

  /// Writes the new numbers of disks down, a thousand files at a time; no file is read for it.
  func renumber(in writer: CatalogWriter, progress: () -> Void) throws(CatalogError) {
    let places = renumberedPlaces
    for start in stride(from: 0, to: places.count, by: 1000) {
      progress()
      try writer.renumber(Array(places[start..<min(start + 1000, places.count)]))
    }
  }
}

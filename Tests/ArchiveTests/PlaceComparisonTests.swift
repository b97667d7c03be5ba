import Archive
import CatalogStore
import Foundation
import Testing

/// What a look finds beside the catalog, with a disk that goes by another number than it did.
@Suite struct PlaceComparisonTests {
  /// A folder with two files and what a look at it finds.
  private func look() throws -> (folder: String, listing: TreeScan.Listing) {
    let folder = "/dev/shm/places-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["a.fits", "b.fits"] {
      try Data(name.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    return (folder, TreeScan.list(folder) { $0.hasSuffix(".fits") })
  }

  private func place(_ file: TreeScan.Entry, device: Int64, wasRead: Bool = true) -> KnownPlace {
    KnownPlace(
      path: file.path, device: device, inode: file.inode, bytes: file.bytes,
      modifiedNanoseconds: file.modifiedNanoseconds, wasRead: wasRead)
  }

  @Test func aDiskWithAnotherNumberIsKnownAndToldItsNewOne() throws {
    let (folder, listing) = try look()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let device = try #require(listing.devices.first)
    var comparison = PlaceComparison(listing)
    for file in listing.files { comparison.compare(place(file, device: device + 1)) }
    comparison.compare(
      KnownPlace(
        path: folder + "/gone.fits", device: device + 1, inode: 1, bytes: 1, modifiedNanoseconds: 1))
    #expect(comparison.unknown == [])
    #expect(Set(comparison.renumberedPlaces.map(\.path)) == Set(listing.files.map(\.path)))
    #expect(comparison.renumberedPlaces.allSatisfy { $0.device == device })
    // What was deleted while the disk had its old number is gone, not out of sight.
    #expect(comparison.seenDevices == [device + 1])
    let judged = MissingFiles.judge(comparison.absent, listing, seen: comparison.seenDevices)
    #expect(judged.gone == [folder + "/gone.fits"] && judged.outOfSight == 0)
  }

  @Test func anotherFileIsUnknownAndConfirmsNoDisk() throws {
    let (folder, listing) = try look()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let device = try #require(listing.devices.first)
    var comparison = PlaceComparison(listing)
    var touched = place(listing.files[0], device: device + 1)
    touched.modifiedNanoseconds += 1
    comparison.compare(touched)
    comparison.compare(place(listing.files[1], device: device, wasRead: false))
    #expect(Set(comparison.unknown.map(\.path)) == Set(listing.files.map(\.path)))
    #expect(comparison.renumberedPlaces.isEmpty && comparison.seenDevices == [device])
  }
}

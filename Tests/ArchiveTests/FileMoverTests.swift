import Archive
import Foundation
import Testing

@Suite final class FileMoverTests {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "mover-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ name: String, _ text: String) throws -> String {
    let path = folder + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  // sha256 of "abc" (FIPS 180-2).
  private let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  @Test func movesIntoAFolderThatIsMade() throws {
    let source = try write("a", "abc")
    #expect(try FileMover.move(source, to: folder + "/new/a", sha256: abc) == .moved)
    #expect(!FileManager.default.fileExists(atPath: source))
  }

  @Test func aCrashBetweenMoveAndCommitIsAdopted() throws {
    let target = try write("done", "abc")
    #expect(try FileMover.move(folder + "/gone", to: target, sha256: abc) == .adopted)
    let again = try write("again", "abc")
    #expect(try FileMover.move(again, to: target, sha256: abc) == .adopted)
  }

  @Test func anotherContentIsNeverOverwritten() throws {
    let target = try write("product", "somebody's work")
    let source = try write("mine", "abc")
    #expect {
      try FileMover.move(source, to: target, sha256: abc)
    } throws: { error in
      (error as? ArchiveError)?.code == "product-exists"
    }
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "somebody's work")
    #expect(FileManager.default.fileExists(atPath: source))
  }
}

@Suite struct TreeScanTests {
  @Test func linksAreNotFollowedAndOddNamesAreTold() throws {
    let folder = NSTemporaryDirectory() + "scan-\(UUID().uuidString)"
    let files = FileManager.default
    defer { try? files.removeItem(atPath: folder) }
    try files.createDirectory(atPath: folder + "/x.fits/deep", withIntermediateDirectories: true)
    try Data("1".utf8).write(to: URL(fileURLWithPath: folder + "/x.fits/deep/a;b'[\n].fits"))
    try files.createSymbolicLink(atPath: folder + "/dangling.fits", withDestinationPath: "/nowhere")
    try files.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: folder)
    let filter = FileNameFilter(ignored: [".*", "*.tmp"])
    let listing = TreeScan.list(folder, accepts: filter.accepts)
    #expect(listing.files.map(\.path) == [folder + "/x.fits/deep/a;b'[\n].fits"])
    #expect(Set(listing.oddities.map(\.path)) == [folder + "/x.fits", folder + "/dangling.fits"])
  }

  @Test(arguments: [
    ("a.fits", true), ("A.FITS", true), ("a.fits.gz", true), (".a.fits.Xy12", false), (".a.fits", false),
    ("a.fits.tmp", false), ("a.txt", false), ("notes.fits~", false),
  ])
  func names(_ name: String, _ accepted: Bool) {
    #expect(FileNameFilter(ignored: [".*", "*.tmp", "*~"]).accepts(name) == accepted)
  }
}

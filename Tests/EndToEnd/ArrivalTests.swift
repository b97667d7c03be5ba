import CatalogStore
import Foundation
import Glibc
import Testing

/// Files that vanish, move, come back, or cannot be named: the catalog says so, and nothing is lost.
@Suite struct ArrivalTests {
  private static func content(_ index: Int) async throws -> Data {
    let frame = try await Frames.make("telluric", "LEN-TEL", ["--exptime", "10", "--readmode", "CDS"])
    var editor = try FITSEditor(frame)
    editor.set("OBJECT", "'object \(index)'")
    return editor.data
  }

  private static func archive() async throws -> TestArchive {
    try await TestArchive(["intake": ["reconcile_interval": "1 s"]], stem: "arrival")
  }

  private func become(_ archive: TestArchive, _ states: [String: String]) async throws {
    try await Eventually.holds("\(states)", every: 0.2, context: archive.summary) {
      let rows = try await archive.query("--all")
      return Dictionary(rows.map { ($0.name, $0.state) }) { first, _ in first } == states
    }
  }

  @Test func aVanishedFileIsMissingAndIsFoundByItsContent() async throws {
    let archive = try await Self.archive()
    let daemon = try await Daemon(archive)
    let (a, b) = (
      try archive.drop(try await Self.content(1), as: "x/a.fits"),
      try archive.drop(try await Self.content(2), as: "x/b.fits")
    )
    try await become(archive, ["a.fits": "classified", "b.fits": "classified"])
    let before = try await archive.query("a.fits").first?.sha256
    let aside = archive.root + "/aside.fits"
    #expect(rename(a, aside) == 0)
    try await become(archive, ["a.fits": "missing", "b.fits": "classified"])
    let missing = try #require(try await archive.query("a.fits").first)
    #expect(missing.path == nil && missing.reason?.contains(a) == true && missing.sha256 == before)

    // Back under another name, in another folder.
    try archive.makeFolder(archive.incoming + "/y")
    #expect(rename(aside, archive.incoming + "/y/c.fits") == 0)
    try await become(archive, ["c.fits": "classified", "b.fits": "classified"])
    let back = try #require(try await archive.query("c.fits").first)
    #expect(back.reason == nil && back.sha256 == before && back.path == archive.incoming + "/y/c.fits")

    // A move across disks is a copy and a removal.
    try FileManager.default.copyItem(atPath: b, toPath: archive.incoming + "/y/d.fits")
    try await become(
      archive, ["c.fits": "classified", "b.fits": "classified", "d.fits": "duplicate"])
    #expect(unlink(b) == 0)
    try await Eventually.holds("the record follows its content", every: 0.2, context: archive.summary) {
      try await archive.query("d.fits").contains {
        $0.state == "classified" && $0.path == archive.incoming + "/y/d.fits"
      }
    }
    #expect(try await archive.query().filter { $0.state == "classified" }.count == 2)
    #expect(try await daemon.stop() == 0)
  }

  @Test func aWatchedFolderThatIsAwayMakesNothingMissing() async throws {
    let archive = try await Self.archive()
    let daemon = try await Daemon(archive)
    for index in 0..<3 { try archive.drop(try await Self.content(index), as: "n/f\(index).fits") }
    let all = ["f0.fits": "classified", "f1.fits": "classified", "f2.fits": "classified"]
    try await become(archive, all)
    #expect(rename(archive.incoming, archive.root + "/away") == 0)
    try await Eventually.holds("status tells it", every: 0.2, context: archive.summary) {
      (try await archive.status()["out_of_sight"] as? String)?.contains("3 files are out of sight") == true
    }
    try await become(archive, all)
    #expect(rename(archive.root + "/away", archive.incoming) == 0)
    try await Eventually.holds("status is quiet again", every: 0.2, context: archive.summary) {
      try await archive.status()["out_of_sight"] as? String == nil
    }
    try archive.drop(try await Self.content(9), as: "n/f9.fits")
    try await become(archive, all.merging(["f9.fits": "classified"]) { $1 })
    #expect(try await daemon.stop() == 0)
  }

  @Test func aNameThatIsNotUTF8IsInTheCatalogUntilItIsMended() async throws {
    let archive = try await Self.archive()
    let daemon = try await Daemon(archive)
    let good = try archive.drop(try await Self.content(5), as: "stage.tmp")
    var bytes = Array((archive.incoming + "/na").utf8CString.dropLast())
    bytes += [CChar(bitPattern: 0xff)] + Array("me.fits".utf8CString)
    #expect(rename(good, bytes) == 0)
    try await become(archive, ["na%FFme.fits": "quarantined"])
    let row = try #require(try await archive.query("--state", "quarantined").first)
    #expect(row.reason?.contains("not UTF-8") == true)
    #expect(rename(bytes, archive.incoming + "/name.fits") == 0)
    try await become(archive, ["na%FFme.fits": "missing", "name.fits": "classified"])
    #expect(try await daemon.stop() == 0)
  }
}

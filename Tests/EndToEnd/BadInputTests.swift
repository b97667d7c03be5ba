import Foundation
import Glibc
import Testing

/// Bad input gets a reason and changes nothing else.
@Suite struct BadInputTests {
  @Test(arguments: BadNight.items)
  func aBadFileIsKeptWithItsReason(item: BadNight.Item) async throws {
    let night = try await BadNight.played()
    let row = try night.row(item.name)
    #expect(row.state == item.state)
    let reason = (row.reason ?? "").lowercased()
    for word in item.words { #expect(reason.contains(word.lowercased()), "\(item.name): \(reason)") }
    let found = try await night.archive.query("--state", item.state, item.name)
    #expect(found.map(\.name) == [item.name])
  }

  @Test func anUnclassifiedFrameIsUnknown() async throws {
    #expect(try await BadNight.played().row("no-class.fits").obsname == "UNKNOWN")
  }

  @Test(arguments: BadNight.names)
  func aHostileNameWithGoodContentIsTakenIn(name: String) async throws {
    let night = try await BadNight.played()
    let row = try night.row(name)
    #expect(row.state == "classified" && row.obsname == "IMG1-TEL")
    let path = try #require(row.path)
    #expect(path.hasSuffix("/" + name) && FileManager.default.fileExists(atPath: path))
    let shown = try await night.archive.irisarchive("show", "--format", "json", "--", path)
    #expect(shown.exit == 0 && shown.out.contains("IMG1-TEL"), "\(shown.talk)")
  }

  @Test func foldersAndLinksAreNoticesOnly() async throws {
    let night = try await BadNight.played()
    let names = ["folder.fits", "dangling.fits", "link.fits"]
    #expect(night.rows.filter { names.contains($0.name) } == [])
    // A scan finds them; the reconciling one at the latest.
    try await Eventually.holds("notices of all three", context: night.archive.summary) {
      let notices = try await night.archive.status()["notices"] as? [any Sendable] ?? []
      let subjects = notices.compactMap { ($0 as? [String: any Sendable])?["subject"] as? String }
      return names.allSatisfy { name in subjects.contains { $0.hasSuffix("/" + name) } }
    }
  }

  @Test func headerValuesReachNoPathAndNoStatement() async throws {
    let night = try await BadNight.played()
    let science = try night.row("science.fits")
    #expect(science.state == "classified" || science.state == "held")
    for product in night.rows where product.origin == "product" {
      let path = try #require(product.path)
      #expect(path.hasPrefix(night.archive.root + "/products/") && !path.contains(".."))
      #expect(
        path.dropFirst(night.archive.root.count).allSatisfy {
          $0.isLetter || $0.isNumber || "/_.+-".contains($0)
        })
    }
    #expect(night.rows.contains { $0.origin == "product" && $0.obsname == "IMG1-SCI" && $0.level == 2 })
    let found = try await night.archive.irisarchive(
      "query", "--format", "json", "--object", "'; DROP TABLE frame; --")
    #expect(found.exit == 0 && found.out.contains("science.fits"), "\(found.talk)")
    #expect(!FileManager.default.fileExists(atPath: night.archive.root + "/pwned"))
  }

  @Test func goodNeighboursAreReducedAndNothingElseIsMade() async throws {
    let night = try await BadNight.played()
    let products = night.rows.filter { $0.origin == "product" }
    let darks = products.filter { $0.kind == "dark" }
    #expect(darks.count == 1 && darks.first?.degraded == nil && darks.first?.state == "current")
    #expect(Set(products.map { $0.kind ?? "" }) == ["dark", "cal"])
    let jobs = try await night.archive.jobs()
    #expect(jobs.filter { $0.state != "done" && $0.state != "cancelled" } == [])
  }

  @Test func nothingRawIsChanged() async throws {
    let night = try await BadNight.played()
    for (path, data) in night.dropped {
      #expect(FileManager.default.contents(atPath: path) == data, "\(path)")
    }
    #expect(night.daemon.process.isRunning)
  }

  // MARK: identity

  @Test func theSameContentAgainIsADuplicate() async throws {
    let archive = try await TestArchive()
    let dark = try await Frames.darks(1)[0]
    try archive.drop(dark, as: "a/first.fits")
    try await archive.watchOnce()
    try archive.drop(dark, as: "b/second.fits")
    try await archive.watchOnce()
    let rows = try await archive.query("--all")
    #expect(rows.filter { $0.name == "first.fits" }.map(\.state) == ["classified"])
    let second = try #require(rows.first { $0.name == "second.fits" })
    #expect(second.state == "duplicate" && second.reason?.contains("a/first.fits") == true)
    #expect(try await archive.query("--state", "duplicate").count == 1)
  }

  @Test func otherContentUnderAKnownNameIsHeldAndTheOldStays() async throws {
    let archive = try await TestArchive()
    let frames = try await Frames.darks(3)
    try archive.drop(frames[0], as: "a/frame.fits")
    try await archive.watchOnce()
    try archive.drop(frames[1], as: "b/frame.fits")
    try await archive.watchOnce()
    let rows = try await archive.query("--all", "frame.fits")
    #expect(rows.first { $0.path?.hasSuffix("a/frame.fits") == true }?.state == "classified")
    let other = try #require(rows.first { $0.path?.hasSuffix("b/frame.fits") == true })
    #expect(other.state == "held" && other.reason?.contains("same name") == true)

    try archive.drop(frames[2], as: "a/frame.fits")
    try await archive.watchOnce()
    let after = try await archive.query("--all", "frame.fits")
    #expect(after.count == 3)
    let old = try #require(after.first { $0.state == "missing" })
    #expect(
      old.reason?.contains("replaced") == true
        && old.sha256 == rows.first { $0.state == "classified" }?.sha256)
    #expect(after.filter { $0.state == "held" }.count == 2)
    #expect(after.allSatisfy { $0.state == "classified" || $0.reason?.isEmpty == false })
  }

  // MARK: half-written

  @Test func aHalfWrittenFileIsWaitedFor() async throws {
    let archive = try await TestArchive(["intake": ["truncated_after": "1 h"]])
    let frames = try await Frames.darks(3)
    let daemon = try await Daemon(archive)
    let whole = try Data(contentsOf: URL(fileURLWithPath: frames[0]))
    let path = "\(archive.incoming)/slow.fits"
    let half = whole.count / 2
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.write(contentsOf: whole[..<half])

    try archive.drop(frames[1], as: "marker1.fits")
    try await archive.waitForRest(files: 1)
    #expect(try await archive.query("slow.fits", "--all") == [])
    try handle.close()

    try archive.drop(frames[2], as: "marker2.fits")
    try await archive.waitForRest(files: 2)
    #expect(try await archive.query("slow.fits", "--all") == [])

    let rest = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try rest.seekToEnd()
    try rest.write(contentsOf: whole[half...])
    try rest.close()
    try await archive.waitForRest(files: 3)
    #expect(try await archive.query("slow.fits", "--all").map(\.state) == ["classified"])
    #expect(try await daemon.stop() == 0)
  }

  @Test func aTruncatedFileIsTakenUpAgainWhenItGrows() async throws {
    let archive = try await TestArchive(["intake": ["truncated_after": "1 s"]])
    let whole = try Data(contentsOf: URL(fileURLWithPath: try await Frames.darks(1)[0]))
    let daemon = try await Daemon(archive)
    try archive.drop(whole.prefix(whole.count - FITSEditor.block), as: "slow.fits")
    try await Eventually.holds("truncated", context: archive.summary) {
      try await archive.query("slow.fits").map(\.state) == ["quarantined"]
    }
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(archive.incoming)/slow.fits"))
    try handle.seekToEnd()
    try handle.write(contentsOf: whole.suffix(FITSEditor.block))
    try handle.close()
    try await Eventually.holds("whole", context: archive.summary) {
      try await archive.query("slow.fits", "--state", "classified").count == 1
    }
    #expect(try await daemon.stop() == 0)
  }

  // MARK: for its reference

  @Test func aFrameOfOtherDimensionsThanItsReferenceFailsAndSaysSo() async throws {
    let archive = try await TestArchive()
    for dark in try await Frames.darks(5) { try archive.drop(dark) }
    let setting = ["--exptime", "10", "--readmode", "CDS", "--start", Frames.start(30)]
    let good = try await Frames.make("good", "IMG1-SCI", setting + ["--expnum", "30"])
    try archive.drop(good, as: "good.fits")
    var editor = try FITSEditor(
      try await Frames.make("big", "IMG1-SCI", setting + ["--detector-size", "96", "--expnum", "31"]))
    for keyword in ["SUBSIZE1", "SUBSIZE2", "DETXSIZE", "DETYSIZE"] { editor.set(keyword, "64") }
    try archive.drop(editor.data, as: "big.fits")
    let result = try await archive.watchOnce()
    #expect(result.exit == 5, "\(result.talk)")
    let failed = try await archive.jobs().filter { $0.state == "failed" }
    #expect(failed.count == 1, "\(failed.map { $0.reason ?? "" })")
    let reason = failed.first?.reason ?? ""
    #expect(reason.contains("96") && reason.contains("64"), "\(reason)")
    let detail = try await archive.job(try #require(failed.first?.name))
    #expect(detail.runs.map(\.exitCode) == [65])
    #expect(try await archive.query("--obsname", "IMG1-SCI", "--level", "2").count == 1)
    #expect(try await archive.query("big.fits").map(\.state) == ["classified"])
  }

  // MARK: permissions

  @Test(.enabled(if: Programs.canBecomeNobody, "needs root and setpriv"))
  func anUnreadableFileIsQuarantinedUntilItIsReadable() async throws {
    let archive = try await TestArchive(["intake": ["reconcile_interval": "1 s"]])
    let setpriv = try #require(Programs.tool("setpriv"))
    let nobody = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
    try await Command.succeed("/bin/chown", ["-R", "65534:65534", archive.root])
    let daemon = try await Daemon(archive, prefix: nobody)
    let dark = try await Frames.darks(1)[0]
    let staged = archive.root + "/secret.fits"
    try FileManager.default.copyItem(atPath: dark, toPath: staged)
    chmod(staged, 0)
    let path = archive.incoming + "/secret.fits"
    #expect(rename(staged, path) == 0)
    try await Eventually.holds("quarantined", context: archive.summary) {
      try await archive.query("secret.fits").map(\.state) == ["quarantined"]
    }
    #expect(try await archive.query("secret.fits").first?.reason?.contains("ermission") == true)
    chmod(path, 0o644)
    try await Eventually.holds("readable", context: archive.summary) {
      try await archive.query("secret.fits", "--state", "classified").count == 1
    }
    #expect(try await daemon.stop() == 0)
  }
}

import CatalogStore
import ChildProcess
import Foundation
import Testing

/// `backup` and what it restores; `prune` where there is nothing to take.
@Suite struct KeepingTests {
  private func write(_ text: String, _ path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  private func filled() throws -> CommandArchive {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    try write("#!/bin/sh\n", archive.root + "/hooks/product-ready.d/10-log")
    #expect(chmod(archive.root + "/hooks/product-ready.d/10-log", 0o750) == 0)
    try write("mapping", archive.root + "/crds/mappings/tmt/tmt_0001.pmap")
    try write("reference", archive.root + "/crds/references/tmt/iris/r.fits")
    return archive
  }

  private func backups(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func inode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
  }

  @Test func aBackupHoldsEverythingAndTellsIt() async throws {
    let archive = try filled()
    let folder = archive.root + "/safe place"
    let run = try await archive.run("backup", "--to", folder, "--format", "json")
    #expect(run.code == 0, "\(run.talk)")
    let rows = try #require(try run.json([[String: Any]].self))
    #expect(
      rows.compactMap { $0["part"] as? String } == ["catalog", "config", "hooks", "rules", "references"])
    let names = backups(folder)
    #expect(names.count == 1 && names[0].wholeMatch(of: /irisarchive-\d{8}T\d{6}Z/) != nil, "\(names)")
    let made = "\(folder)/\(names[0])"
    #expect(rows[0]["path"] as? String == made + "/catalog/catalog.sqlite")
    #expect(backups(made + "/catalog") == ["catalog.sqlite"], "one file, without a log beside it")
    for path in ["config/irisarchive.cfg", "hooks/product-ready.d/10-log", "crds/mappings/tmt/tmt_0001.pmap"]
    {
      #expect(
        FileManager.default.contentsEqual(atPath: "\(archive.root)/\(path)", andPath: "\(made)/\(path)"))
    }
    let mode = try FileManager.default.attributesOfItem(atPath: made + "/hooks/product-ready.d/10-log")
    #expect(mode[.posixPermissions] as? Int == 0o750)
    let frames = try CatalogReader(path: made + "/catalog/catalog.sqlite").subjects(named: "a.fits")
    #expect(frames.count == 1)
    let guide = try String(contentsOfFile: made + "/README", encoding: .utf8)
    #expect(guide.contains("1 files, 0 products") && guide.contains("watch --once"))
  }

  @Test func nothingIsEverOverwrittenAndReferencesAreShared() async throws {
    let archive = try filled()
    let folder = archive.root + "/safe"
    for _ in 1...3 { #expect(try await archive.run("backup", "--to", folder).code == 0) }
    let names = backups(folder)
    #expect(names.count == 3 && !names.contains { $0.hasPrefix(".") }, "\(names)")
    let places = names.map { "\(folder)/\($0)/crds/references/tmt/iris/r.fits" }
    #expect(Set(try places.map(inode)).count == 1)
    // Mappings and settings are copies of their own.
    #expect(Set(try names.map { try inode("\(folder)/\($0)/config/irisarchive.cfg") }).count == 3)
    #expect(try await archive.run("backup", "--to", folder, "--no-references").code == 0)
    let last = try #require(backups(folder).max { a, b in a.count == b.count ? a < b : a.count < b.count })
    #expect(backups(folder).count == 4 && !last.isEmpty)
    #expect(
      backups(folder).filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/crds/references") }
        .count
        == 3)
  }

  @Test func writersGoOnWhileItIsMade() async throws {
    let archive = try filled()
    let (written, told) = AsyncStream.makeStream(of: Int.self)
    let writing = Task.detached {
      defer { told.finish() }
      var count = 0
      while !Task.isCancelled {
        count += 1
        try archive.writer.note("busy \(count)", subject: "test", at: Double(count))
        told.yield(count)
      }
      return count
    }
    #expect(await written.first { _ in true } == 1, "it writes before the backup begins")
    let run = try await archive.run("backup", "--to", archive.root + "/safe")
    writing.cancel()
    #expect(run.code == 0, "\(run.talk)")
    let count = try await writing.value
    let made = try #require(backups(archive.root + "/safe").first)
    let copy = try CatalogReader(path: "\(archive.root)/safe/\(made)/catalog/catalog.sqlite")
    #expect(try copy.integrityProblems() == [] && count > 1)
  }

  @Test func whatCannotBeABackupLeavesNothing() async throws {
    let archive = try filled()
    for own in ["incoming", "products/x", "config", "crds/old"] {
      let run = try await archive.run("backup", "--to", "\(archive.root)/\(own)")
      #expect(run.code == 64 && run.talk.contains("hint: --to DIR"), "\(own): \(run.talk)")
    }
    // The catalog uses rules that are not there.
    try archive.writer.setFact("context", "tmt_0009.pmap")
    let missing = try await archive.run("backup", "--to", archive.root + "/safe")
    #expect(missing.code == 1 && missing.talk.contains("tmt_0009.pmap"), "\(missing.talk)")
    #expect(backups(archive.root + "/safe").isEmpty)
    #expect(try await archive.run("backup").code == 64)
  }

  @Test func aBrokenCatalogMakesNoBackup() async throws {
    let root = "/dev/shm/broken-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let archive = try filled()
    // A copy whose pages were written over in the middle.
    #expect(try await archive.run("backup", "--to", archive.root + "/safe").code == 0)
    let made = try #require(backups(archive.root + "/safe").first)
    var bytes = try Data(
      contentsOf: URL(fileURLWithPath: "\(archive.root)/safe/\(made)/catalog/catalog.sqlite"))
    for index in stride(from: 4096 * 3, to: bytes.count - 4096, by: 1) { bytes[index] = 0xA5 }
    try write("", root + "/config/irisarchive.cfg")
    try write("", root + "/catalog/x")
    try bytes.write(to: URL(fileURLWithPath: root + "/catalog/catalog.sqlite"))
    let run = try await archive.run(
      ["backup", "--to", root + "/safe"], environment: ["IRISARCHIVE_ROOT": root])
    #expect(run.code == 69, "\(run.code) \(run.talk)")
    #expect(backups(root + "/safe").isEmpty)
  }

  @Test func theGuideRestoresWithItsOwnCommands() async throws {
    let archive = try filled()
    #expect(try await archive.run("backup", "--to", archive.root + "/safe").code == 0)
    let made = "\(archive.root)/safe/\(try #require(backups(archive.root + "/safe").first))"
    // A setting that was edited since stays; lost rules and hooks come back; the broken catalog is kept aside.
    try write("# edited\n", archive.root + "/config/irisarchive.cfg")
    try FileManager.default.removeItem(atPath: archive.root + "/crds")
    try write("garbage", archive.root + "/catalog/catalog.sqlite")
    let guide = try String(contentsOfFile: made + "/README", encoding: .utf8)
    let lines = guide.split(separator: "\n").filter { $0.hasPrefix("    ") && !$0.contains("irisarchive ") }
    #expect(lines.count == 6)
    let end = try await ProgramRun(
      executable: "/bin/bash", arguments: ["-e", "-c", lines.joined(separator: "\n")],
      environment: ["PATH": "/usr/bin:/bin"], workingDirectory: made, output: .captured(limit: 1 << 16),
      errorOutput: .captured(limit: 1 << 16), timeout: .seconds(60)
    ).run()
    #expect(end.succeeded, "\(String(decoding: end.errorOutput, as: UTF8.self))")
    #expect(try await archive.run("query", "--names").output == "a.fits\n")
    #expect(
      try String(contentsOfFile: archive.root + "/config/irisarchive.cfg", encoding: .utf8) == "# edited\n")
    #expect(FileManager.default.fileExists(atPath: archive.root + "/crds/references/tmt/iris/r.fits"))
    let aside = backups(archive.root).first { $0.hasPrefix("catalog.broken-") }
    #expect(aside != nil)
  }

  @Test func statusTellsALowDisk() async throws {
    let archive = try filled()
    try archive.writer.tellDisks(
      low: [.init(path: "/data", freeBytes: 1_200_000_000, reserveBytes: 5_000_000_000)], at: 10)
    let run = try await archive.run("status")
    #expect(run.output.contains("1.2 GB free, 5.0 GB in reserve") && run.output.contains("irisarchive prune"))
    let low = try #require(try await archive.run("status", "--format", "json").json([String: Any].self))[
      "disk_low"]
    #expect((low as? [[String: String]])?.map { $0["name"] } == ["/data"])
  }

  @Test func pruneHasNothingToDoInAFreshArchive() async throws {
    let archive = try filled()
    let run = try await archive.run("prune", "--older-than", "0 s", "--yes")
    #expect(run.code == 3, "\(run.talk)")
    let wrong = try await archive.run("prune", "--older-than", "soon")
    #expect([64, 78].contains(wrong.code) && wrong.talk.contains("soon"), "\(wrong.code) \(wrong.talk)")
  }

  @Test func pruneTakesOldLinesOfTheLog() async throws {
    let archive = try filled()
    for time in [10.0, 1e12] { try archive.writer.note("a link", subject: "/in/link", at: time) }
    let plan = try await archive.run("prune", "--dry-run")
    #expect(plan.code == 0 && plan.talk.contains("1 log lines, 0 events and 0 deliveries"), "\(plan.talk)")
    // A thousand years and more: younger lines stay, whatever the products' time.
    let kept = try await archive.run(
      "prune", "--records-older-than", "30000 d", "--older-than", "0 s", "--yes")
    #expect(kept.code == 3, "\(kept.talk)")
    let run = try await archive.run("prune", "--yes")
    #expect(run.code == 0 && run.talk.contains("deliveries pruned"), "\(run.talk)")
    #expect(try archive.writer.reader.status(now: 20).notices.map(\.at) == [1e12])
  }
}

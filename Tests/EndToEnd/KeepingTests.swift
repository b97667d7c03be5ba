import Foundation
import Testing

/// What keeps an archive going: space, backups, old versions, a look at itself.
@Suite struct KeepingTests {
  @Test func belowTheReserveFilesAreTakenInAndJobsWait() async throws {
    let archive = try await TestArchive(["disk": ["reserve": "900000 GB", "check_interval": "0.1 s"]])
    try archive.addHook(
      "disk-low", "10-tell",
      "#!/bin/sh\ncat >>\"$IRISARCHIVE_ROOT/told\"\necho >>\"$IRISARCHIVE_ROOT/told\"\n")
    for path in try await Frames.darks(5) { try archive.drop(path) }
    let first = try await archive.watchOnce()
    #expect(first.exit == 75 && first.talk.contains("hint: irisarchive prune --dry-run"), "\(first.talk)")
    #expect(try await archive.query().filter { $0.origin == "raw" && $0.state == "classified" }.count == 5)
    #expect(try await archive.jobs().map(\.state) == ["queued"])
    let low = try await archive.status()["disk_low"] as? [any Sendable]
    #expect(low?.isEmpty == false)
    #expect(
      try await archive.irisarchive("status").out.contains("in reserve: files are taken in, but no job"))
    // The next run finds it low still: no second crossing.
    #expect(try await archive.watchOnce().exit == 75)
    let told = archive.text("told").split(separator: "\n")
    #expect(told.count == low?.count && told.allSatisfy { $0.contains("org.iris.archive.disk-low") })

    try archive.configure(["disk": ["reserve": "0"]])
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.jobs().map(\.state) == ["done"])
    #expect(try await (archive.status()["disk_low"] as? [any Sendable])?.isEmpty == true)
    #expect(archive.text("told").split(separator: "\n").count == low?.count)
  }

  @Test func aRestoredBackupTakesInWhatCameSince() async throws {
    let archive = try await TestArchive()
    let safe = Workspace.name("safe")
    for path in try await Frames.darks(5) { try archive.drop(path) }
    let daemon = try await Daemon(archive)
    try await archive.waitForRest(files: 5)
    let backup = try await archive.irisarchive("backup", "--to", safe)
    #expect(backup.exit == 0, "\(backup.talk)")
    #expect(try await daemon.stop() == 0)
    try archive.drop(try await Frames.make("science", "IMG1-SCI", ["--start", Frames.start(9)]))
    #expect(try await archive.watchOnce().exit == 0)
    let before = try await archive.query()
    // With its log, which alone would hold everything.
    for end in ["-wal", "-shm"] {
      try FileManager.default.removeItem(atPath: archive.root + "/catalog/catalog.sqlite" + end)
    }
    try Data("no catalog".utf8).write(to: URL(fileURLWithPath: archive.root + "/catalog/catalog.sqlite"))
    #expect(try await archive.irisarchive("query").exit == 69)

    let made = "\(safe)/\(try #require(try FileManager.default.contentsOfDirectory(atPath: safe).first))"
    let guide = try String(contentsOfFile: made + "/README", encoding: .utf8)
    #expect(guide.contains("\nRun them as \(NSUserName()), to whom the archive belongs"), "\(guide)")
    let commands = guide.split(separator: "\n").filter { $0.hasPrefix("    ") }
    #expect(commands.count == 8)
    // To the letter, as a person with the programs in the PATH would.
    let script = "set -e\ncd '\(made)'\n" + commands.joined(separator: "\n")
    let restored = try await Command.run(
      "/bin/bash", ["-c", script], environment: ["PATH": "\(Programs.folder):/usr/bin:/bin"], timeout: 180)
    #expect(restored.exit == 0, "\(restored.out)\(restored.talk)")
    // What the backup knew nothing of lay there without a record, which is said.
    #expect(restored.talk.contains("products lie here without a record"), "\(restored.talk)")
    let after = try await archive.query()
    #expect(Set(after.map { "\($0.name) \($0.state)" }) == Set(before.map { "\($0.name) \($0.state)" }))
    #expect(try await archive.irisarchive("verify").exit == 0)
    try? FileManager.default.removeItem(atPath: safe)
  }

  @Test func supersededProductsGoWithTheirPicturesAndTheirRecordsStay() async throws {
    let archive = try await TestArchive()
    try archive.drop(try await Frames.make("science", "IMG1-SCI"))
    #expect(try await archive.watchOnce().exit == 0)
    let old = try #require(try await archive.query().first { $0.origin == "product" })
    let path = try #require(old.path)
    let picture = path.replacingOccurrences(of: ".fits", with: ".png")
    #expect(try await archive.irisarchive("reprocess", old.name, "--force", "--yes").exit == 0)
    #expect(try await archive.watchOnce().exit == 0)
    let files = { (try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/products")).sorted() }
    let all = try files()
    #expect(FileManager.default.fileExists(atPath: picture))

    #expect(try await archive.irisarchive("prune", "--dry-run").exit == 3, "younger than 90 days")
    let dry = try await archive.irisarchive("prune", "--older-than", "0 s", "--dry-run")
    #expect(dry.exit == 0 && dry.out.contains("\(old.name)\tcan-go"), "\(dry.out)\(dry.talk)")
    let unasked = try await archive.irisarchive("prune", "--older-than", "0 s")
    #expect(unasked.exit == 64 && unasked.talk.contains("--yes"))
    #expect(try files() == all)

    // Another file of the same size stays; the recorded one goes even when its time was lost on its way.
    let recorded = try Data(contentsOf: URL(fileURLWithPath: path))
    try Data(repeating: 0x41, count: recorded.count).write(to: URL(fileURLWithPath: path))
    let kept = try await archive.irisarchive("prune", "--older-than", "0 s", "--yes")
    #expect(kept.out.contains("\(old.name)\tfailed"), "\(kept.out)\(kept.talk)")
    #expect(try files() == all)
    try recorded.write(to: URL(fileURLWithPath: path))

    let run = try await archive.irisarchive("prune", "--older-than", "0 s", "--yes")
    #expect(run.exit == 0 && run.out.contains("\(old.name)\tpruned"), "\(run.out)\(run.talk)")
    #expect(
      Set(all).subtracting(try files()).map { archive.root + "/products/" + $0 }.sorted() == [path, picture])
    let record = try #require(try await archive.query("--all").first { $0.name == old.name })
    #expect(record.state == "superseded" && record.reason?.contains("its file was pruned") == true)
    #expect(try await archive.irisarchive("verify", "--all").exit == 0)
    #expect(try await archive.irisarchive("show", old.name, "--provenance").exit == 0)
    #expect(try await archive.irisarchive("prune", "--older-than", "0 s", "--yes").exit == 3)
    #expect(try await archive.watchOnce().exit == 0)
  }

  @Test func theSelfTestReducesAndSaysWhatIsWrong() async throws {
    let archive = try await TestArchive()
    func finding(_ result: CommandResult) throws -> [String: any Sendable]? {
      let rows = try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [[String: any Sendable]]
      return rows?.first { $0["check"] as? String == "self-test" }
    }
    let good = try await archive.irisarchive("doctor", "--self-test", "--format", "json")
    #expect(try finding(good)?["state"] as? String == "ok", "\(good.out)")
    #expect(try finding(try await archive.irisarchive("doctor", "--format", "json")) == nil)

    // A program that answers, but reduces nothing.
    let fake = archive.root + "/fake"
    try "#!/bin/sh\n[ \"$1\" = manifest ] && exec \(Programs.tmtrun) manifest\nexit 0\n".write(
      toFile: fake, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake)
    try archive.configure(["jobs": ["tmtrun": fake]])
    let bad = try await archive.irisarchive("doctor", "--self-test", "--format", "json")
    #expect(bad.exit == 4)
    #expect(try finding(bad)?["finding"] as? String == "tmtrun made no ramp_rate.fits", "\(bad.out)")
  }
}

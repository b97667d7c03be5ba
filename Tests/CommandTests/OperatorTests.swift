import CatalogStore
import Foundation
import Testing

@Suite struct OperatorTests {
  @Test func flagReleasesTheHeldOneOfTwoFilesOfOneName() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    let folder = archive.root + "/incoming/other"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let held = try archive.add("other/a.fits", content: CommandArchive.fits(["N       = 1"]))
    #expect(try archive.writer.reader.frame(id: held)?.state == "held")
    let run = try await archive.run("flag", "a.fits", "--quality", "GOOD", "--reason", "second try")
    #expect(run.code == 0 && run.output == "a.fits\tGOOD\tclassified\n" && run.talk.contains("released"))
    #expect(try archive.writer.reader.frame(id: held)?.state == "classified")
    let choice = try await archive.run("flag", "a.fits", "--quality", "bad", "--reason", "clouds")
    #expect(choice.code == 64 && choice.talk.contains("\(folder)/a.fits"))
    let bad = try await archive.run("flag", folder + "/a.fits", "--quality", "bad", "--reason", "clouds")
    #expect(bad.code == 0)
    let rows = try await archive.run("query", "--where", "quality = 'BAD'", "--columns", "path,reason")
    #expect(rows.output.contains("\(folder)/a.fits\tflagged BAD by ") && rows.output.contains(": clouds"))
    #expect(try await archive.run("flag", "a.fits", "--quality", "FINE", "--reason", "x").code == 64)
    #expect(try await archive.run("flag", "nosuch", "--quality", "BAD", "--reason", "x").code == 3)
    #expect(try await archive.run("flag", "a.fits", "--quality", "BAD").code == 64)
  }

  @Test func verifyTellsWhyANamedFileIsQuarantined() async throws {
    let archive = try CommandArchive()
    try archive.add("q.fits", content: CommandArchive.fits(), state: "quarantined", reason: "bad checksum: x")
    #expect(try await archive.run("verify").code == 0)
    let named = try await archive.run("verify", "q.fits")
    #expect(named.code == 4 && named.output.contains("q.fits\tquarantined\tbad checksum: x"))
  }

  @Test func verifyTakesAReplacedRecordForNoProblem() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: Data("cut".utf8), state: "quarantined", reason: "truncated")
    try archive.add("a.fits", content: CommandArchive.fits())
    let run = try await archive.run("verify")
    #expect(run.code == 0 && run.talk.contains("an older record"))
    try FileManager.default.removeItem(atPath: archive.root + "/incoming/a.fits")
    #expect(try await archive.run("verify").code == 4)
  }

  @Test func headerAsJSONHasOneObjectPerRecord() async throws {
    let archive = try CommandArchive()
    let file = archive.root + "/a.fits"
    try CommandArchive.fits(["EXPTIME =                 60.5 / seconds"]).write(
      to: URL(fileURLWithPath: file))
    let run = try await archive.run("header", file, "--format", "json")
    let rows = try #require(try run.json([[String: Any]].self))
    let exptime = try #require(rows.first { $0["keyword"] as? String == "EXPTIME" })
    #expect(exptime["value"] as? Double == 60.5 && exptime["comment"] as? String == "seconds")
    #expect(exptime["file"] as? String == file && exptime["hdu"] as? Int == 0)
    let folder = try await archive.run("header", archive.root)
    #expect(folder.code == 65 && folder.talk.contains(archive.root) && folder.talk.contains("hint: "))
  }

  @Test func mistypedKeywordsAreTold() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits(["ODDKEY  =                    1"]))
    let unknown = try await archive.run("query", "--keyword", "EXPTIM=1")
    #expect(unknown.code == 64 && unknown.talk.contains("EXPTIME"))
    #expect(try await archive.run("query", "--keyword", "ODDKEY=2").code == 3)
    let header = try await archive.run("header", archive.root + "/incoming/a.fits", "--keys", "OBSNAM")
    #expect(header.code == 0 && header.talk.contains("OBSNAME"))
  }

  @Test func variablesThatAreNoSettingAreTold() async throws {
    let archive = try CommandArchive()
    let run = try await archive.run(
      ["config", "show"], environment: ["IRISARCHIVE_JOBS_MAX_JOB": "3", "IRISARCHIVE_OTHER": "1"])
    #expect(run.code == 0 && run.talk.contains("IRISARCHIVE_JOBS_MAX_JOBS"))
    #expect(!run.talk.contains("IRISARCHIVE_OTHER"))
  }

  @Test func ingestTakesWhatIsThere() async throws {
    let archive = try CommandArchive()
    let root = archive.root + "/new"
    #expect(try await archive.run("init", root).code == 0)
    let good = archive.root + "/good.fits"
    try CommandArchive.fits(["OBSNAME = 'IMG1-SCI'"]).write(to: URL(fileURLWithPath: good))
    let run = try await archive.run("ingest", "--root", root, archive.root + "/nosuch", good)
    #expect(run.code == 5 && run.output.contains("\(good)\trecorded") && run.talk.contains("hint: "))
    #expect(try await archive.run("ingest", "--root", root, "/dev/null").code == 65)
    #expect(try await archive.run("ingest", "--root", root, archive.root).code == 65)
    #expect(try await archive.run("ingest", "--root", root, archive.root + "/nosuch").code == 66)
    try Data("version: [1\n".utf8).write(to: URL(fileURLWithPath: root + "/config/classification.yaml"))
    let broken = try await archive.run("ingest", "--root", root, good)
    #expect(broken.code == 78 && broken.talk.contains("config/classification.yaml"))
    #expect(broken.talk.split(separator: "\n").count == 2)
  }

  @Test func aDeadDaemonIsCalledDead() async throws {
    let archive = try CommandArchive()
    try archive.writer.setFact(
      "daemon", #"{"pid":1,"host":"h","started":1784020364.7,"state":"watching","source":"inotify"}"#)
    let status = try await archive.run("status", "--format", "json").json([String: Any].self)
    #expect((status?["daemon"] as? [String: Any])?["state"] as? String == "dead")
    let doctor = try await archive.run("doctor", "--format", "json").json([[String: Any]].self)
    #expect(doctor?.first { $0["check"] as? String == "daemon" }?["state"] as? String == "problem")
  }
}

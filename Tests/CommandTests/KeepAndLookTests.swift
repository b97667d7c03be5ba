import CatalogStore
import Foundation
import Testing

@Suite struct KeepAndLookTests {
  @Test func verifyFindsEachKindOfDamage() async throws {
    let archive = try CommandArchive()
    try archive.add("good.fits", content: CommandArchive.fits())
    #expect(try await archive.run("verify").code == 0)
    try archive.add("gone.fits", content: CommandArchive.fits(["N       = 1"]), onDisk: false)
    try archive.add("rot.fits", content: CommandArchive.fits(["N       = 2"]))
    try archive.add("short.fits", content: CommandArchive.fits(["N       = 3"]))
    try archive.add("sum.fits", content: CommandArchive.fits(["DATASUM = '12345   '"]))
    try CommandArchive.fits(["N       = 9"]).write(
      to: URL(fileURLWithPath: archive.root + "/incoming/rot.fits"))
    try Data(CommandArchive.fits(["N       = 3"]).dropLast(80)).write(
      to: URL(fileURLWithPath: archive.root + "/incoming/short.fits"))
    let run = try await archive.run("verify", "--format", "json")
    #expect(run.code == 4)
    let rows = try #require(try run.json([[String: String]].self))
    let problems = Set(rows.map { "\($0["name"] ?? "") \($0["problem"] ?? "")" })
    #expect(
      problems == [
        "gone.fits missing", "rot.fits sha256", "short.fits size", "short.fits sha256", "sum.fits datasum",
      ])
  }

  @Test func statusTellsReasonsWithTheDaemonDead() async throws {
    let archive = try CommandArchive()
    try archive.add("h.fits", content: CommandArchive.fits(), state: "held", reason: "unknown DETECTOR 'X'")
    try archive.writer.setFact(
      "daemon", #"{"pid":1,"host":"h","started":1784020364.7,"state":"watching","source":"inotify"}"#)
    let run = try await archive.run("status", "--format", "json")
    let status = try #require(try run.json([String: Any].self))
    #expect(run.code == 0 && (status["daemon"] as? [String: Any])?["running"] as? Bool == false)
    let held = try #require(status["held"] as? [[String: String]])
    #expect(held.first?["reason"] == "unknown DETECTOR 'X'")
    #expect((status["queue"] as? [String: Int])?.count == 7)
    let text = try await archive.run("status")
    #expect(text.output.contains("dead") && text.output.contains("unknown DETECTOR 'X'"))
  }

  @Test func showFindsByNameStemPathAndSaysWhenNot() async throws {
    let archive = try CommandArchive()
    try archive.add("raw_0001.fits", content: CommandArchive.fits(["OBJECT  = 'M31     '"]))
    for name in ["raw_0001.fits", "raw_0001", archive.root + "/incoming/raw_0001.fits"] {
      let run = try await archive.run("show", name, "--format", "json", "--header")
      let record = try #require(try run.json([String: Any].self))
      #expect(record["name"] as? String == "raw_0001.fits" && record["state"] as? String == "classified")
      let cards = try #require((record["headers"] as? [[String: Any]])?.first?["cards"] as? [[String: Any]])
      #expect(cards.contains { $0["keyword"] as? String == "OBJECT" && $0["value"] as? String == "M31" })
    }
    let missing = try await archive.run("show", "raw_0002")
    #expect(missing.code == 3 && missing.talk.contains("raw_0001"))
    #expect(
      try await archive.run("show", "raw_0001", "--format", "prov-json").json([String: Any].self) != nil)
    #expect(try await archive.run("show", "raw_0001", "--format", "dot").output.hasPrefix("digraph"))
  }

  @Test func headerGivesOneRowPerFile() async throws {
    let archive = try CommandArchive()
    let (a, b) = (archive.root + "/a.fits", archive.root + "/b.fits")
    try CommandArchive.fits(["EXPTIME =                 60.5", "OBSNAME = 'IMG1-SCI'"]).write(
      to: URL(fileURLWithPath: a))
    try Data("hello".utf8).write(to: URL(fileURLWithPath: b))
    let run = try await archive.run("header", a, "--keys", "OBSNAME,exptime,NONE")
    #expect(run.code == 0 && run.output == "file\tOBSNAME\tEXPTIME\tNONE\n\(a)\tIMG1-SCI\t60.5\t\n")
    #expect(try await archive.run("header", b, "--keys", "OBSNAME").code == 65)
    #expect(try await archive.run("header", a, b, "--keys", "OBSNAME").code == 5)
    #expect(try await archive.run("header", archive.root + "/c.fits").code == 66)
    #expect(try await archive.run("header", a).output.contains("OBSNAME = 'IMG1-SCI'\n"))
  }

  @Test func jobsCanBeListedShownRetriedAndCancelled() async throws {
    let archive = try CommandArchive()
    let frame = try archive.add("a.fits", content: CommandArchive.fits())
    try archive.writer.apply(
      .init(actions: [
        .open(
          name: "asn", rule: "r", pipeline: "create_dark", bucket: "b",
          members: [NewMember(frame: frame, exptype: "dark")],
          update: AssociationUpdate(state: "closed"))
      ]), frame: frame, at: 1)
    let asn = try #require(try archive.writer.reader.association(named: "asn"))
    let key = String(repeating: "a", count: 64)
    let job = try #require(
      try archive.writer.queue(
        .init(association: asn.id, pipeline: "create_dark", key: key, priority: 1, spec: "{}"), at: 2))
    let list = try await archive.run("jobs", "list", "--format", "json").json([[String: Any]].self)
    #expect(list?.first?["name"] as? String == job && list?.first?["state"] as? String == "queued")
    #expect(try await archive.run("jobs", "retry", job).code == 1)
    #expect(try await archive.run("jobs", "cancel", job).output == "\(job) cancelled\n")
    #expect(try await archive.run("jobs", "retry", job).code == 0)
    let shown = try await archive.run("jobs", "show", job, "--format", "json").json([String: Any].self)
    #expect(shown?["state"] as? String == "queued" && shown?["association"] as? String == "asn")
    #expect(try await archive.run("jobs", "show", "J999999").code == 3)
    #expect(try await archive.run("log", job).code == 3)
    #expect(try await archive.run("jobs", "list", "--state", "failed").code == 3)
  }

  @Test func settingsTellWhereTheyCameFrom() async throws {
    let archive = try CommandArchive()
    try Data("[jobs]\nmax_jobs = 3\n".utf8).write(
      to: URL(fileURLWithPath: archive.root + "/config/irisarchive.cfg"))
    let run = try await archive.run(
      ["config", "show", "--origin"], environment: ["IRISARCHIVE_JOBS_TIMEOUT": "7 min"])
    #expect(run.output.contains("jobs.max_jobs\t3\t\(archive.root)/config/irisarchive.cfg:2\n"))
    #expect(run.output.contains("jobs.timeout\t7 min\tenvironment IRISARCHIVE_JOBS_TIMEOUT\n"))
    #expect(run.output.contains("log.level\tinfo\tbuilt-in\n"))
    try Data("[jobs]\nmax_job = 3\n".utf8).write(
      to: URL(fileURLWithPath: archive.root + "/config/irisarchive.cfg"))
    let broken = try await archive.run("config", "show")
    #expect(broken.code == 78 && broken.talk.contains(":2") && broken.talk.contains("max_jobs"))
  }

  @Test func rootIsFoundAndErrorsHaveTheirCodes() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    let here = try await archive.run(
      ["query", "--names"], environment: ["IRISARCHIVE_ROOT": ""], inFolder: archive.root)
    #expect(here.output == "a.fits\n")
    #expect(try await archive.run("query", "--root", archive.root + "/nowhere").code == 66)
    #expect(try await archive.run("query", "--root", "/dev").code == 69)
    let nowhere = try await archive.run(
      ["query"], environment: ["IRISARCHIVE_ROOT": ""], inFolder: "/dev/shm")
    #expect(nowhere.code == 64 && nowhere.talk.contains("irisarchive init"))
    #expect(try await archive.run("--help").output.contains("LOOK SUBCOMMANDS"))
    #expect(try await archive.run("query", "--help").code == 0)
  }

  @Test func initIsSafeToRepeat() async throws {
    let archive = try CommandArchive()
    let root = archive.root + "/new"
    #expect(try await archive.run("init", root).code == 0)
    #expect(try await archive.run("query", "--root", root, "--format", "json").code == 3)
    #expect(try await archive.run("init", root, "--format", "json").code == 0)
  }

  @Test func doctorNamesWhatIsWrong() async throws {
    let archive = try CommandArchive()
    let run = try await archive.run("doctor", "--format", "json")
    #expect(run.code == 4)
    let rows = try #require(try run.json([[String: Any]].self))
    func state(_ check: String) -> String? {
      rows.first { $0["check"] as? String == check }?["state"] as? String
    }
    #expect(state("catalog") == "ok" && state("folder incoming") == "ok" && state("inotify") != nil)
    #expect(state("folder products") == "problem" && state("classification") == "problem")
  }
}

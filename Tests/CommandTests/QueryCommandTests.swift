import Foundation
import Testing

@Suite struct QueryCommandTests {
  @Test func jsonHasTheContractedColumns() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    let run = try await archive.run("query", "--obsname", "IMG1-SCI", "--format", "json")
    #expect(run.code == 0 && run.talk.isEmpty)
    let row = try #require(try run.json([[String: Any]].self)?.first)
    #expect(
      Set(row.keys) == [
        "name", "level", "obstype", "obsname", "detector", "filter", "object", "date_obs", "exptime", "state",
        "reason", "path",
      ])
    #expect(row["date_obs"] as? String == "2026-07-14T09:12:44.700Z")
    #expect(row["path"] as? String == archive.root + "/incoming/a.fits")
    #expect(row["exptime"] as? Double == 60 && row["level"] as? Int == 1)
  }

  @Test func nothingIsAnEmptyListAndExitThree() async throws {
    let run = try await CommandArchive().run("query", "--obsname", "LEN-*", "--format", "json")
    #expect(run.code == 3)
    #expect(run.output.trimmingCharacters(in: .whitespacesAndNewlines) == "[]")
  }

  @Test func hostileNamesDoNotBreakRows() async throws {
    let archive = try CommandArchive()
    let name = "x\n[1];'\"\t\u{1B}[31m.fits"
    try archive.add(name, content: CommandArchive.fits())
    let run = try await archive.run("query", "--columns", "name,state")
    #expect(run.output.split(separator: "\n").count == 2 && !run.output.contains("\u{1B}"))
    #expect(run.output.split(separator: "\n").last?.split(separator: "\t").count == 2)
    let names = try await archive.run("query", "--names")
    #expect(names.output.split(separator: "\n").count == 1 && names.output.hasSuffix("\n"))
    let json = try await archive.run("query", "--format", "json")
    #expect(try json.json([[String: Any]].self)?.first?["name"] as? String == name)
    #expect(try await archive.run("show", name, "--format", "json").code == 0)
  }

  @Test func limitIsSaid() async throws {
    let archive = try CommandArchive()
    for n in 0..<3 { try archive.add("f\(n).fits", content: CommandArchive.fits(["EXPNUM  = \(n)"])) }
    let run = try await archive.run("query", "--limit", "2")
    #expect(run.talk == "showing 2 of 3; use --limit 0 for all\n")
    #expect(run.output.split(separator: "\n").count == 3)
    #expect(try await archive.run("query", "--limit", "0").output.split(separator: "\n").count == 4)
  }

  @Test func keywordsOutsideTheIndexAreScannedAndThatIsSaid() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits(["LAMPNAME= 'ARC     '", "TEMP    =  77.0"]))
    try archive.add("b.fits", content: CommandArchive.fits(["LAMPNAME= 'OFF     '", "TEMP    =  80.0"]))
    let run = try await archive.run("query", "--keyword", "lampname=A*", "--keyword", "TEMP=77", "--names")
    #expect(run.output == "a.fits\n")
    #expect(run.talk.contains("2 files"))
  }

  @Test func closedPipeIsQuiet() async throws {
    let archive = try CommandArchive()
    for n in 0..<200 {
      try archive.add("f\(n).fits", content: CommandArchive.fits(["EXPNUM  = \(n)"]), onDisk: false)
    }
    let end = try await archive.shell(
      "'\(CommandArchive.program)' query 2>&1 >&3 3>&- | cat; exit ${PIPESTATUS[0]}")
    #expect(end.code == 0)
    #expect(end.output.isEmpty)
  }

  @Test func outputGoesToAFileWhole() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    let file = archive.root + "/answer.xml"
    let run = try await archive.run("query", "--format", "votable", "-o", file)
    #expect(run.code == 0 && run.output.isEmpty)
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("<VOTABLE"))
  }

  @Test(arguments: [
    (["query", "--obsnam", "x"], "--obsname"), (["query", "--columns", "name,stat"], "state"),
    (["query", "--where", "exptme > 3"], "exptime"), (["qery"], "query"),
    (["jobs", "list", "--state", "faild"], "failed"),
  ])
  func mistakesNameTheirNeighbours(_ arguments: [String], _ near: String) async throws {
    let run = try await CommandArchive().run(arguments)
    #expect(run.code == 64)
    #expect(
      run.talk.hasPrefix("error: ") && run.talk.contains("hint: ") && run.talk.contains(near), "\(run.talk)")
    #expect(run.output.isEmpty)
  }

  @Test func columnsWithoutAValueAreListed() async throws {
    let run = try await CommandArchive().run("query", "--columns")
    #expect(run.code == 0 && run.output.contains("exptime\tdouble\ts\t"))
  }
}

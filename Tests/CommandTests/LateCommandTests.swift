import CatalogStore
import Foundation
import Testing

@Suite struct LateCommandTests {
  @Test func getCopiesLinksAndNeverOverwrites() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    let folder = archive.root + "/incoming/other"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try archive.add("other/a.fits", content: CommandArchive.fits(["N       = 1"])) { $0.night = "2026-07-14" }
    let to = archive.root + "/out"
    let first = try await archive.run("get", "*", "--to", to)
    #expect(first.code == 0, "\(first.talk)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: to).count == 2)
    let again = try await archive.run("get", "*", "--to", to)
    #expect(again.code == 0 && again.output.split(separator: "\n").count { $0.contains("\tpresent\t") } == 2)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: to + "/a.fits"))
    let clash = try await archive.run("get", "*", "--to", to)
    #expect(clash.code == 5 && clash.talk.contains("another file of this name"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: to + "/a.fits")) == Data("mine".utf8))
    let links = try await archive.run("get", "*", "--to", archive.root + "/links", "--link")
    #expect(links.code == 0 && links.output.contains("linked"))
    #expect(try await archive.run("get", "nosuch", "--to", to).code == 3)
    #expect(try await archive.run("get", "--to", to).code == 64)
    #expect(try FileManager.default.contentsOfDirectory(atPath: to).allSatisfy { !$0.hasSuffix(".part") })
  }

  @Test func getRefusesWhatIsNotAsRecorded() async throws {
    let archive = try CommandArchive()
    try archive.add("a.fits", content: CommandArchive.fits())
    try CommandArchive.fits(["ROTTEN  = 1"]).write(
      to: URL(fileURLWithPath: archive.root + "/incoming/a.fits"))
    let run = try await archive.run("get", "a.fits", "--to", archive.root + "/out")
    #expect(run.code == 1 && run.talk.contains("not what was recorded") && run.talk.contains("hint: "))
    #expect(try FileManager.default.contentsOfDirectory(atPath: archive.root + "/out") == [])
  }

  @Test func staleTellsTheReasonAndWhatWouldChange() async throws {
    let archive = try CommandArchive()
    #expect(try await archive.run("stale").code == 3)
    #expect(try await archive.run("stale", "--made-of", "nosuch").code == 3)
    #expect(try await archive.run("stale", "--why", "--made-of", "x").code == 64)
    #expect(try await archive.run("reprocess").code == 64)
  }

  @Test func anAssociationIsHeldReleasedAndClosed() async throws {
    let archive = try CommandArchive()
    let root = archive.root + "/full"
    #expect(try await archive.run("init", root).code == 0)
    let writer = try CatalogWriter(path: root + "/catalog/catalog.sqlite")
    var ids: [Int64] = []
    for index in 1...4 {
      let file = "\(root)/incoming/d\(index).fits"
      try CommandArchive.fits(["OBJECT  = '\(index)'"]).write(to: URL(fileURLWithPath: file))
      #expect(try await archive.run("ingest", "--root", root, file).code == 0)
      ids.append(try #require(try writer.reader.frameID(named: "d\(index)")))
    }
    try writer.apply(
      .init(actions: [
        .open(
          name: "darks", rule: "master-dark", pipeline: "create_dark", bucket: "b",
          members: ids.map { NewMember(frame: $0, exptype: "dark") },
          update: AssociationUpdate(state: "open", reason: "waiting", dueAt: 9e9, settled: true))
      ]), frame: nil, at: 1)
    func state() throws -> String? { try writer.reader.association(named: "darks")?.state }
    let hold = try await archive.run("associate", "--hold", "darks", "--root", root)
    #expect(try hold.code == 0 && state() == "held", "\(hold.talk)")
    // What a person holds, the daemon does not let go.
    let id = try #require(try writer.reader.association(named: "darks")?.id)
    try writer.apply(
      .init(actions: [.update(association: id, update: AssociationUpdate(state: "closed"))]), frame: nil,
      at: 2)
    #expect(try state() == "held")
    #expect(try await archive.run("associate", "--release", "darks", "--root", root).code == 0)
    #expect(try state() == "open")
    let close = try await archive.run("associate", "--close", "d2", "--root", root)
    #expect(close.code == 0 && close.output.contains("closed\t4 frames, 5 are good"), "\(close.output)")
    #expect(try await archive.run("associate", "--close", "darks", "--root", root).code == 1)
    #expect(try await archive.run("associate", "--close", "nosuch", "--root", root).code == 3)
    #expect(try await archive.run("associate", "--close", "--hold", "darks", "--root", root).code == 64)
  }

  @Test func aNightIsClosedOnce() async throws {
    let archive = try CommandArchive()
    let root = archive.root + "/full"
    #expect(try await archive.run("init", root).code == 0)
    let file = root + "/incoming/a.fits"
    try CommandArchive.fits(["DATE-OBS= '2026-07-14T09:12:44.7'"]).write(to: URL(fileURLWithPath: file))
    #expect(try await archive.run("ingest", "--root", root, file).code == 0)
    let first = try await archive.run("night", "close", "--root", root)
    #expect(first.code == 0 && first.output == "2026-07-14\tclosed\n", "\(first.talk)")
    let writer = try CatalogWriter(path: root + "/catalog/catalog.sqlite")
    #expect(try writer.reader.night("2026-07-14")?.closedAt != nil)
    #expect(try writer.reader.newestEvent(type: "night-closed", subject: "2026-07-14") != nil)
    let again = try await archive.run("night", "close", "2026-07-14", "--root", root)
    #expect(again.code == 0 && again.talk.contains("closed before"))
    #expect(try await archive.run("night", "close", "--root", root).code == 3)
    #expect(try await archive.run("night", "close", "2026-07-15", "--root", root).code == 3)
    #expect(try await archive.run("night", "close", "yesterday", "--root", root).code == 64)
  }
}

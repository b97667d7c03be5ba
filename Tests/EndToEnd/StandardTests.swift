import CatalogStore
import DataModels
import Foundation
import Testing

/// Flux standards and pinhole grids become references by themselves, and science uses them.
@Suite struct StandardTests {
  private func frame(
    _ obsname: String, _ index: Int, size: Int = 256, _ options: [String] = []
  ) async throws -> String {
    try await Frames.make(
      obsname, obsname,
      [
        "--exptime", "10", "--readmode", "CDS", "--detector-size", "\(size)", "--expnum", "\(index)",
        "--start", Frames.start(index),
      ] + options)
  }

  private func object(_ path: String) async throws -> String {
    let run = try await Command.run(
      Programs.irisarchive, ["header", path, "--keys", "OBJECT", "--format", "json"])
    let rows = try JSONSerialization.jsonObject(with: Data(run.out.utf8)) as? [[String: Any]]
    return try #require(rows?.first?["OBJECT"] as? String)
  }

  @Test func aStandardBecomesTheZeroPointOfTheScienceAfterIt() async throws {
    let archive = try await TestArchive(stem: "standard")
    let truth = Workspace.name("truth")
    try FileManager.default.createDirectory(atPath: truth, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: truth) }
    for index in 1...5 { try archive.drop(try await frame("IMG1-DRK", index, ["--frame", "\(index)/5"])) }
    for index in 1...3 {
      try archive.drop(try await frame("IMG1-NFF", 5 + index, ["--frame", "\(index)/3"]))
    }
    let standard = try await frame("IMG1-STD", 10, ["--truth", truth])
    try archive.drop(standard)
    #expect(try await archive.watchOnce().exit == 0)

    // Nobody has said how bright it is: it waits, and nothing has failed.
    let name = try await object(standard)
    #expect(
      try await archive.jobs().map { "\($0.pipeline) \($0.state)" }.sorted()
        == ["create_dark done", "imager_level2 done", "process_flatfield done"])
    #expect(try await archive.irisarchive("status").out.contains("nobody said how bright '\(name)' is"))
    let reduced = try #require(try await archive.query("--level", "2").first)
    #expect(reduced.degraded == nil, "\(reduced)")
    let list = archive.root + "/config/standards.csv"
    try (archive.text("config/standards.csv") + "\(name),H,18.5,0.01\n").write(
      toFile: list, atomically: true, encoding: .utf8)
    #expect(try await archive.watchOnce().exit == 0)

    let zero = try #require(try await archive.query("--kind", "photom").first)
    #expect(zero.state == "current" && zero.reason == nil && zero.inputs == 1, "\(zero)")
    #expect(try await archive.irisarchive("refs", "contexts").out.contains(zero.name))

    // It is no cause for another version of the frame that it was made of.
    #expect(try await archive.query("--all", "--kind", "photom").map(\.version) == [1])
    #expect(
      try await archive.query("--all", "--obsname", "IMG1-STD", "--kind", "cal").map(\.state) == ["current"])

    try archive.drop(try await frame("IMG1-SCI", 15))
    #expect(try await archive.watchOnce().exit == 0)
    let science = try #require(try await archive.query("--level", "2", "--obsname", "IMG1-SCI").first)
    let path = try #require(science.path)
    let header = try ImageModel(reading: path)
    #expect(header.header.string("R_PHOTOM") == zero.name && header.header.string("S_PHOTOM") == "COMPLETE")
    let files = try FileManager.default.contentsOfDirectory(atPath: truth).filter { $0.hasSuffix(".fits") }
    let file = try #require(files.first)
    let known = try ImageModel(reading: "\(truth)/\(file)").header.double("MAGZERO")
    let found = try #require(header.scienceHeader.double("ZPVEGA"))
    let error = try #require(header.scienceHeader.double("ZPERR"))
    print("zero point \(found) ± \(error) of a standard, truth \(known ?? .nan)")
    #expect(error < 0.03 && abs(found - (known ?? .nan)) < 3 * error)
  }

  /// A zero point without its star waits for a person: it and a request on it keep nothing else waiting.
  @Test func aStandardThatNobodyListedHoldsNothingElse() async throws {
    let archive = try await TestArchive(stem: "unlisted")
    for path in [try await frame("IMG1-STD", 10), try await frame("IMG1-SCI", 15)] { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    let science = try #require(
      try await archive.query("--level", "2", "--obsname", "IMG1-SCI").first { $0.kind == "cal" })
    let catalog = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    let waiting = try #require(
      try catalog.associations(state: "closed").first { $0.rule == "zero-point" })
    #expect(waiting.reason?.hasPrefix("nobody said how bright") == true, "\(waiting)")

    for name in [waiting.name, science.name] {
      let asked = try await archive.irisarchive("reprocess", name, "--force", "--yes")
      #expect(asked.exit == 0, "\(asked.talk)")
    }
    #expect(try await archive.watchOnce().exit == 0)
    #expect(
      try await archive.query("--all", "--obsname", "IMG1-SCI", "--kind", "cal").compactMap(\.version)
        .sorted()
        == [1, 2])
    #expect(try catalog.request(association: waiting.id)?.forced == true)
  }

  @Test func aPinholeGridBecomesTheDistortionOfTheScienceAfterIt() async throws {
    let archive = try await TestArchive(stem: "pinholes")
    try archive.drop(try await frame("IMG1-PIN", 1, size: 512))
    #expect(try await archive.watchOnce().exit == 0)
    let distortion = try #require(try await archive.query("--kind", "distortion").first)
    #expect(distortion.state == "current" && distortion.reason == nil, "\(distortion)")

    try archive.drop(try await frame("IMG1-SCI", 5, size: 512))
    // Another filter has its own.
    try archive.drop(try await frame("IMG1-SCI", 6, size: 512, ["--filter", "J"]))
    #expect(try await archive.watchOnce().exit == 0)
    let science = try await archive.query("--level", "2").filter { $0.obsname == "IMG1-SCI" }
    #expect(science.count == 2)
    for row in science {
      let path = try #require(row.path)
      let model = try ImageModel(reading: path)
      let isSame = model.header.string("FILTER") == "H"
      let order = model.scienceHeader.double("A_ORDER")
      #expect((model.header.string("R_DISTOR") == distortion.name) == isSame, "\(row.name)")
      #expect((order == 4) == isSame, "\(row.name)")
    }
  }
}

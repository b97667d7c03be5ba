import CatalogStore
import Foundation
import Testing

/// A bad set of calibrations makes a master that is kept and told, but that no other frame gets.
@Suite struct MasterQualityTests {
  private struct Night {
    let archive: TestArchive
    var files = 0

    mutating func drop(_ paths: [String]) async throws {
      for path in paths { try archive.drop(path) }
      files += paths.count
      try await archive.waitForRest(files: files)
    }

    func masters() async throws -> [Row] {
      try await archive.query("--kind", "dark").sorted { $0.name < $1.name }
    }
  }

  @Test func aBadMasterIsKeptAndTheOldOneServesOn() async throws {
    let archive = try await TestArchive(stem: "masters")
    try archive.logEvents("product-ready")
    let daemon = try await Daemon(archive)
    var night = Night(archive: archive)

    try await night.drop(try await Frames.shortDarks(from: 1))
    let first = try #require(try await night.masters().first)
    #expect(first.reason == nil)

    let lit = try await Frames.shortDarks(from: 11).map { path -> String in
      let copy = path.replacingOccurrences(of: ".fits", with: "-lit.fits")
      try LightLeak.copy(path, to: copy, adding: 5)
      return copy
    }
    try await night.drop(lit)
    let masters = try await night.masters()
    #expect(masters.map(\.state) == ["current", "current"])
    let bad = try #require(masters.last)
    let reason = try #require(bad.reason)
    for words in [
      "not in the rules: 100 % of its pixels", "compared with \(first.name)", "refs insert \(bad.name)",
    ] {
      #expect(reason.contains(words), "\(words): \(reason)")
    }
    #expect(archive.text("logs/events.log").contains(bad.name), "it is a product like any other")
    #expect(try await archive.irisarchive("show", bad.name).out.contains(reason))

    try await night.drop([
      try await Frames.make(
        "science", "IMG1-SCI",
        ["--exptime", "10", "--readmode", "CDS", "--expnum", "20", "--start", Frames.start(20)])
    ])
    #expect(try await darkOfScience(archive) == first.name)

    // A good one after it is compared with the one in use, not with the bad one, and serves from now on.
    try await night.drop(try await Frames.shortDarks(from: 31))
    let third = try #require(try await night.masters().last)
    #expect(third.reason == nil, "\(third.reason ?? "")")
    let header = try await archive.irisarchive("header", third.path ?? "", "--keys", "PREVMSTR,PREVFOFF")
    #expect(header.out.contains(first.name), "\(header.out)")
    let pins = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite").references(type: "dark")
    #expect(pins.map(\.file) == [first.name, third.name])
    #expect(try await archive.irisarchive("verify", "--all").exit == 0)

    // What the reason names works, and the master is the same record as before.
    let inserted = try await archive.irisarchive("refs", "insert", bad.name)
    #expect(inserted.exit == 0 && inserted.out.contains(bad.name), "\(inserted.out)\(inserted.talk)")
    let all = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite").references(type: "dark")
    #expect(all.map(\.file) == [first.name, bad.name, third.name])
    #expect(all.allSatisfy { $0.frameID != nil } && Set(all.map(\.rowKey)).count == 1, "\(all)")
    #expect(
      try await night.masters().map(\.reason).compactMap { $0 }.filter { $0.contains("not in the") } == [])
    let unknown = try await archive.irisarchive("refs", "insert", "tmt_iris_dark_0099.fits")
    #expect(unknown.exit == 66, "\(unknown.talk)")
    #expect(try await daemon.stop() == 0)
  }

  @Test func aSpoiledMasterKeepsNoGoodOneOut() async throws {
    let archive = try await TestArchive(stem: "spoiled")
    let lit = try await Frames.shortDarks(from: 1).map { path -> String in
      let copy = path.replacingOccurrences(of: ".fits", with: "-lit.fits")
      try LightLeak.copy(path, to: copy, adding: 5)
      return copy
    }
    for path in lit { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    let member = (lit[0] as NSString).lastPathComponent
    let flagged = try await archive.irisarchive("flag", member, "--quality", "BAD", "--reason", "light")
    #expect(flagged.exit == 0, "\(flagged.talk)")
    #expect(try await archive.query("--kind", "dark").map(\.state) == ["stale"])
    for path in try await Frames.shortDarks(from: 11) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    let masters = try await archive.query("--kind", "dark").sorted { $0.name < $1.name }
    let good = try #require(masters.last)
    #expect(masters.count == 2 && good.reason == nil, "\(good.reason ?? "")")
    let pins = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite").references(type: "dark")
    #expect(pins.contains { $0.file == good.name }, "\(pins)")
  }

  /// The folder of the references cannot be written: no master is condemned for that, and the run ends.
  @Test func aFaultOfTheCacheCondemnsNoMaster() async throws {
    let archive = try await TestArchive(stem: "unwritable")
    let folder = archive.root + "/crds/references/tmt/iris"
    try? FileManager.default.removeItem(atPath: folder)
    try archive.makeFolder((folder as NSString).deletingLastPathComponent)
    try Data().write(to: URL(fileURLWithPath: folder))
    for path in try await Frames.shortDarks(from: 1) { try archive.drop(path) }
    let failed = try await archive.watchOnce()
    #expect(failed.exit == 75 && failed.talk.contains("into the reference rules"), "\(failed.talk)")
    let master = try #require(try await archive.query("--kind", "dark").first)
    #expect(master.reason == nil)
    try FileManager.default.removeItem(atPath: folder)
    #expect(try await archive.watchOnce().exit == 0)
    let pins = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite").references(type: "dark")
    #expect(pins.map(\.file) == [master.name])
  }

  private func darkOfScience(_ archive: TestArchive) async throws -> String? {
    let products = try await archive.query("--obsname", "IMG1-SCI", "--level", "2")
    let product = try #require(products.first)
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    guard case .frame(let frame)? = try reader.subjects(named: product.name).first,
      let run = try reader.origin(ofProduct: frame.id)?.run
    else { return nil }
    return try reader.references(run: run.id).first { $0.type == "dark" }?.file
  }

  @Test func limitsAreSettings() async throws {
    let archive = try await TestArchive(
      ["masters": ["fraction_off": "1", "level_change": "2"]], stem: "lenient")
    for path in try await Frames.shortDarks(from: 1) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    for path in try await Frames.shortDarks(from: 11) {
      let copy = path.replacingOccurrences(of: ".fits", with: "-lit.fits")
      try LightLeak.copy(path, to: copy, adding: 5)
      try archive.drop(copy)
    }
    #expect(try await archive.watchOnce().exit == 0)
    let masters = try await archive.query("--kind", "dark")
    #expect(masters.count == 2)
    #expect(masters.compactMap(\.reason) == [])
  }
}

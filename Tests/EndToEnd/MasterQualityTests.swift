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

  /// Five 10 s darks, their noise and times from `first` on.
  private func darks(from first: Int) async throws -> [String] {
    var paths: [String] = []
    for index in 0..<5 {
      paths.append(
        try await Frames.make(
          "dark\(first + index)", "IMG1-DRK",
          [
            "--exptime", "10", "--readmode", "CDS", "--frame", "\(index + 1)/5", "--expnum",
            "\(first + index)", "--start", Frames.start(first + index),
          ]))
    }
    return paths
  }

  @Test func aBadMasterIsKeptAndTheOldOneServesOn() async throws {
    let archive = try await TestArchive(stem: "masters")
    try archive.logEvents("product-ready")
    let daemon = try await Daemon(archive)
    var night = Night(archive: archive)

    try await night.drop(try await darks(from: 1))
    let first = try #require(try await night.masters().first)
    #expect(first.reason == nil)

    let lit = try await darks(from: 11).map { path -> String in
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
    try await night.drop(try await darks(from: 31))
    let third = try #require(try await night.masters().last)
    #expect(third.reason == nil, "\(third.reason ?? "")")
    let header = try await archive.irisarchive("header", third.path ?? "", "--keys", "PREVMSTR,PREVFOFF")
    #expect(header.out.contains(first.name), "\(header.out)")
    let pins = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite").references(type: "dark")
    #expect(pins.map(\.file) == [first.name, third.name])
    #expect(try await archive.irisarchive("verify", "--all").exit == 0)
    #expect(try await daemon.stop() == 0)
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
    for path in try await darks(from: 1) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    for path in try await darks(from: 11) {
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

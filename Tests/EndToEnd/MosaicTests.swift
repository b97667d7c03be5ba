import CatalogStore
import Foundation
import Testing

/// Mosaics: frames of one field become one association by themselves, wait for what they are made of, and follow it.
@Suite struct MosaicTests {
  /// A dither pattern of three positions on two detectors, in order of time.
  private static let pattern = Task { () -> [String] in
    var paths: [String] = []
    for position in 1...3 {
      for detector in ["IMG1", "IMG2"] {
        paths.append(try await science(detector, position, of: 3))
      }
    }
    return paths
  }

  private static func science(
    _ detector: String, _ position: Int, of count: Int, _ options: [String] = []
  ) async throws -> String {
    try await Frames.make(
      "\(detector)-\(position)", "\(detector)-SCI",
      [
        "--exptime", "10", "--readmode", "CDS", "--expnum", "\(position)", "--dither", "\(position)/\(count)",
        "--east", "\(0.01 * Double(position))", "--start", Frames.start(position),
      ] + options)
  }

  private func archive(_ stem: String, skyWait: String = "10 min") async throws -> TestArchive {
    try await TestArchive(["associations": ["sky_wait": skyWait]], stem: stem)
  }

  private func mosaics(_ archive: TestArchive) async throws -> [Row] {
    try await archive.query("--all", "--kind", "i2d").sorted { ($0.version ?? 0) < ($1.version ?? 0) }
  }

  private func members(_ archive: TestArchive, of product: Row) async throws -> [String] {
    let answer = try await archive.irisarchive("show", product.name, "--provenance", "--format", "json")
    let object = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: Any]
    let maker = (object?["provenance"] as? [String: Any])?["made_by"] as? [String: Any]
    return (maker?["inputs"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
  }

  @Test func aPatternOnTwoDetectorsBecomesOneMosaicOfFinalFrames() async throws {
    let archive = try await archive("mosaic")
    for path in try await Self.pattern.value { try archive.drop(path) }
    // Another filter, another field.
    try archive.drop(
      try await Self.science(
        "IMG1", 1, of: 1, ["--filter", "J", "--expnum", "4", "--start", Frames.start(4)]))
    try archive.drop(
      try await Self.science(
        "IMG1", 1, of: 1, ["--north", "300", "--expnum", "5", "--start", Frames.start(5)]))
    #expect(try await archive.watchOnce().exit == 0)

    let made = try await mosaics(archive)
    #expect(made.count == 1)
    let mosaic = try #require(made.first)
    #expect(mosaic.state == "current" && mosaic.version == 1 && mosaic.level == 3 && mosaic.inputs == 6)
    #expect(mosaic.name.contains("_IRIS_IMG_Simulated-field_H_LVL3_a0"), "\(mosaic.name)")
    #expect(mosaic.degraded?.contains("frames of") != true)
    let current = try await archive.query("--level", "2").map(\.name)
    let used = try await members(archive, of: mosaic)
    #expect(used.count == 6 && Set(used).isSubset(of: current), "\(used)")
    #expect(try await archive.jobs().filter { $0.pipeline == "imager_level3" }.count == 1)

    let explained = try await archive.irisarchive("associate", "--explain", used[0])
    #expect(explained.out.contains("imager-level3") && explained.out.contains("fields"), "\(explained.out)")
    let refused = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
      .associations(state: "refused").filter { $0.rule == "imager-level3" }
    #expect(
      refused.map(\.reason)
        == Array(repeating: "1 of at least 2 frames for imager-level3 (1 declared)", count: 2))
  }

  @Test func aFrameThatIsReducedAnewMakesItsMosaicAgain() async throws {
    let archive = try await archive("mosaic-again")
    for path in try await Self.pattern.value { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    let first = try #require(try await mosaics(archive).first)
    let old = try #require(try await members(archive, of: first).first)

    let asked = try await archive.irisarchive("reprocess", old, "--force", "--yes")
    #expect(asked.exit == 0, "\(asked.talk)")
    #expect(try await archive.watchOnce().exit == 0)
    let both = try await mosaics(archive)
    #expect(both.map(\.state) == ["superseded", "current"] && both.map(\.version) == [1, 2])
    let used = try await members(archive, of: try #require(both.last))
    #expect(used.count == 6 && !used.contains(old))
    let new = try #require(used.first { $0.hasSuffix("_v02.fits") || $0.hasSuffix("_v03.fits") })
    #expect(new.hasPrefix(old.replacing("_v02.fits", with: "").replacing(".fits", with: "")))
  }

  @Test func aBadExposureMakesItsMosaicStaleAndIsLeftOut() async throws {
    let archive = try await archive("mosaic-bad")
    let frames = try await Self.pattern.value
    for path in frames { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    func flag(_ quality: String) async throws {
      let name = (frames[3] as NSString).lastPathComponent
      let run = try await archive.irisarchive("flag", name, "--quality", quality, "--reason", "trailed")
      #expect(run.exit == 0, "\(run.talk)")
    }

    try await flag("BAD")
    #expect(try await mosaics(archive).map(\.state) == ["stale"])
    #expect(try await mosaics(archive).first?.reason?.contains("trailed") == true)
    let made = try #require(try await mosaics(archive).first)
    #expect(try await archive.irisarchive("reprocess", made.name, "--yes").exit == 0)
    #expect(try await archive.watchOnce().exit == 0)
    let both = try await mosaics(archive)
    #expect(both.map(\.state) == ["superseded", "current"])
    #expect(both.last?.inputs == 5)
    #expect(both.last?.degraded?.contains("IMG2 2/3 frames") == true, "\(both.last?.degraded ?? "")")

    try await flag("GOOD")
    #expect(try await archive.watchOnce().exit == 0)
    let after = try #require(try await mosaics(archive).last)
    #expect(after.state == "stale" && after.reason?.contains("it would be made with") == true, "\(after)")
  }

  @Test func aChangedDarkMakesFramesAndMosaicStale() async throws {
    let archive = try await archive("mosaic-dark")
    for path in try await Frames.shortDarks(from: 1) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    for position in 1...2 {
      let start = Frames.start(20 + position)
      try archive.drop(
        try await Frames.make(
          "sci", "IMG1-SCI",
          [
            "--exptime", "10", "--readmode", "CDS", "--expnum", "\(20 + position)", "--dither",
            "\(position)/2", "--start", start,
          ]))
    }
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await mosaics(archive).map(\.state) == ["current"])
    for path in try await Frames.shortDarks(from: 24) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)

    let frames = try await archive.query("--all", "--obsname", "IMG1-SCI", "--level", "2")
      .filter { $0.state != "superseded" }
    #expect(frames.map(\.state) == ["stale", "stale"])
    let mosaic = try #require(try await mosaics(archive).last)
    #expect(mosaic.state == "stale")
    #expect(mosaic.reason?.contains("which is stale: the rules of") == true, "\(mosaic.reason ?? "")")

    #expect(try await archive.irisarchive("reprocess", "--stale", "--yes").exit == 0)
    #expect(try await archive.watchOnce().exit == 0)
    let after = try await mosaics(archive)
    #expect(after.last?.state == "current" && after.filter { $0.state == "current" }.count == 1)
    #expect(after.count == 2, "once for both frames: \(after.map(\.name))")
  }

  @Test func statusTellsWhatAMosaicWaitsForAndTheEndOfTheNightClosesIt() async throws {
    let archive = try await archive("mosaic-waits", skyWait: "0 s")
    let daemon = try await Daemon(archive)
    for path in try await Self.pattern.value.prefix(4) { try archive.drop(path) }
    try await Eventually.holds("the level 2 is there", context: archive.summary) {
      try await archive.query("--level", "2").count == 4
    }
    let reason = "waiting for the dither pattern: IMG1 2/3 frames, IMG2 2/3 frames"
    try await Eventually.holds("the mosaic waits", context: archive.summary) {
      try await archive.irisarchive("status").out.contains(reason)
    }
    #expect(try await mosaics(archive) == [])
    let night = try #require(try await archive.query("--level", "2").first?.night)
    #expect(try await archive.irisarchive("night", "close", night).exit == 0)
    try await Eventually.holds("the mosaic is made", context: archive.summary) {
      try await mosaics(archive).map(\.state) == ["current"]
    }
    let mosaic = try #require(try await mosaics(archive).first)
    #expect(mosaic.degraded?.contains("IMG1 2/3 frames; IMG2 2/3 frames") == true, "\(mosaic)")

    // The rest of the pattern was declared: it is expected, and the mosaic made again.
    for path in try await Self.pattern.value.suffix(2) { try archive.drop(path) }
    try await Eventually.holds("the whole mosaic", context: archive.summary) {
      try await mosaics(archive).last?.inputs == 6
    }
    #expect(try await mosaics(archive).last?.degraded?.contains("2/3") != true)
    #expect(try await daemon.stop() == 0)
  }
}

import CatalogStore
import DataModels
import Foundation
import Testing

/// Exposures delivered as one file per readout.
@Suite struct ReadoutTests {
  /// 2026-07-15T06:00:00 UTC.
  private static let evening = 1_784_095_200.0

  private func archive(_ settings: [String: String] = [:], alone: Bool = true) async throws -> TestArchive {
    let archive = try await TestArchive(
      ["associations": ["readout_wait": "1 s"].merging(settings) { _, new in new }], stem: "readouts")
    if alone {
      let folder = archive.root + "/config/associations"
      for name in try FileManager.default.contentsOfDirectory(atPath: folder)
      where name != "level1-readouts.yaml" {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
    return archive
  }

  private func drop(_ files: [ReadoutFile], _ archive: TestArchive) throws {
    for file in files { try archive.drop(file.data(), as: file.name) }
  }

  /// Nothing waits any more, not even for the clock.
  private func settle(_ archive: TestArchive, files: Int) async throws {
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    try await Eventually.holds("no set waits", every: 0.1, context: archive.summary) {
      let count = try await archive.query("--all").filter { $0.origin == "raw" }.count
      return try count >= files && archive.isAtRest(reader) && reader.associations(state: "open").isEmpty
    }
    try await archive.waitForRest(files: files)
  }

  /// Names of the readouts that went into a product.
  private func inputs(_ product: String, _ archive: TestArchive) async throws -> Set<String> {
    let answer = try await archive.irisarchive("show", product, "--provenance", "--format", "json")
    let object = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: Any]
    let maker = (object?["provenance"] as? [String: Any])?["made_by"] as? [String: Any]
    let inputs = (maker?["inputs"] as? [[String: Any]] ?? []).filter { $0["role"] as? String != "previous" }
    return Set(inputs.compactMap { $0["name"] as? String })
  }

  private func rates(_ archive: TestArchive) async throws -> [Row] {
    try await archive.query("--level", "1", "--kind", "rate").filter { $0.origin == "product" }
  }

  /// Ten exposures of twenty reads: two detectors at once under one number, a number that comes again after the counter
  /// was reset, reads counted from 0 and from 1, one ramp and several, every sampling mode.
  private static let night: [ReadoutExposure] = {
    let t = evening
    return [
      ReadoutExposure(number: 7, begin: t, ramps: 2, reads: 10, rate: 11),
      ReadoutExposure(detector: "IMG2", number: 7, begin: t, ramps: 2, reads: 10, rate: 12),
      ReadoutExposure(number: 7, begin: t + 1800, ramps: 2, reads: 10, base: 1, rate: 13),
      ReadoutExposure(number: 7, begin: t + 1900, ramps: 2, reads: 10, base: 1, rate: 14),
      ReadoutExposure(number: 8, begin: t + 60, reads: 20, rate: 15),
      ReadoutExposure(number: 9, begin: t + 120, ramps: 10, reads: 2, rate: 16, mode: "CDS"),
      ReadoutExposure(number: 10, begin: t + 200, reads: 20, rate: 17, mode: "MCDS"),
      ReadoutExposure(detector: "IMG2", number: 8, begin: t + 60, ramps: 4, reads: 5, base: 1, rate: 18),
      ReadoutExposure(detector: "IMG3", number: 8, begin: t + 60, ramps: 5, reads: 4, rate: 19),
      ReadoutExposure(detector: "IMG4", number: 1, begin: t + 60, ramps: 2, reads: 10, base: 1, rate: 20),
    ]
  }()

  @Test func twoHundredReadoutsOfTenInterleavedExposures() async throws {
    var dice = Dice(5)
    var exposures = Self.night.map(\.files)
    // The eighth file is damaged, two never come, three are late.
    exposures[4][8].isDamaged = true
    let damaged = exposures[4][8].name
    exposures[0].remove(at: 13)
    exposures[8].remove(at: 6)
    let late = [exposures[1][3], exposures[5][0], exposures[9][19]]
    let all = exposures.flatMap { $0 }
    #expect(all.count == 198)

    let archive = try await archive()
    let daemon = try await Daemon(archive)
    try drop(all.filter { !late.contains($0) }.shuffled(using: &dice), archive)
    try await settle(archive, files: 195)
    let early = try await rates(archive)
    #expect(early.count == 10 && early.filter { $0.degraded != nil }.count == 6)
    let versions = Dictionary(uniqueKeysWithValues: early.map { ($0.name.stem, $0.version ?? 0) })
    try drop(late, archive)
    try await settle(archive, files: 198)

    let frames = try await rates(archive)
    #expect(frames.count == 10 && Set(frames.map(\.name)).count == 10)
    #expect(frames.allSatisfy { $0.state == "current" })
    var unexplained = Set(frames.map(\.name))
    for (index, files) in exposures.enumerated() {
      let wanted = Set(files.map(\.name)).subtracting([damaged])
      var own: Row?
      for frame in frames where try await inputs(frame.name, archive) == wanted { own = frame }
      let frame = try #require(own, "no frame of just the reads of exposure \(index)")
      unexplained.remove(frame.name)
      let night = Self.night[index]
      #expect(frame.exposure == "\(night.detector)/\(night.number)" && frame.inputs == wanted.count)
      // A late read makes its frame again.
      #expect(
        [1, 5, 9].contains(index) == ((frame.version ?? 0) > (versions[frame.name.stem] ?? 0)), "\(index)")
      let rate = try ImageModel(reading: try #require(frame.path)).science
      #expect(abs(Double(rate[3, 4]) - Self.night[index].rate) < 0.01, "exposure \(index)")
      switch index {
      case 0: #expect(frame.degraded?.contains("19 of 20 reads are here, without read 3 of ramp 1") == true)
      case 8: #expect(frame.degraded?.contains("19 of 20 reads are here, without read 2 of ramp 1") == true)
      case 4:
        #expect(frame.degraded?.contains("19 of 20 reads are here, without read 8 of ramp 0") == true)
        #expect(frame.degraded?.contains("read 8 of ramp 0 is damaged: \(damaged), bad checksum") == true)
      default: #expect(frame.degraded == nil)
      }
    }
    #expect(unexplained.isEmpty)
    #expect(try await daemon.stop() == 0)
  }

  @Test func anIncompleteReadIsLeftOutAndAnotherContentOfAReadIsHeld() async throws {
    var files = ReadoutExposure(number: 3, begin: Self.evening, reads: 5, rate: 10).files
    files[2].isComplete = false
    files[2].level = 60_000
    var again = files[1]
    again.level += 500
    let archive = try await archive()
    let daemon = try await Daemon(archive)
    try drop(files, archive)
    try await settle(archive, files: 5)
    try archive.drop(again.data(), as: "again.fits")
    try await settle(archive, files: 6)
    let frame = try #require(try await rates(archive).first)
    #expect(frame.degraded == "read 2 of ramp 0 is incomplete" && frame.version == 1)
    #expect(abs(Double(try ImageModel(reading: frame.path ?? "").science[0, 0]) - 10) < 0.01)
    let held = try await archive.query("--state", "held")
    #expect(held.map(\.name) == ["again.fits"])
    #expect(held.first?.reason?.hasPrefix("the same read as \(files[1].name) (read 1 of ramp 0)") == true)
    #expect(try await archive.irisarchive("status").out.contains("the same read as"))

    // As the sentence says: the first one is BAD, the second takes its place.
    let bad = try await archive.irisarchive("flag", files[1].name, "--quality", "BAD", "--reason", "glitch")
    #expect(bad.exit == 0, "\(bad.talk)")
    let good = try await archive.irisarchive("flag", "again.fits", "--quality", "GOOD", "--reason", "resent")
    #expect(good.exit == 0, "\(good.talk)")
    try await Eventually.holds("made again", every: 0.1, context: archive.summary) {
      try await rates(archive).first?.version == 2
    }
    let remade = try #require(try await rates(archive).first)
    #expect(
      try await inputs(remade.name, archive)
        == Set((files.map(\.name) + ["again.fits"])).subtracting([files[1].name]))
    #expect(try await daemon.stop() == 0)
  }

  // MARK: raw frames

  /// Readouts that say no more than they must, and the level 1 frame of their exposure.
  private func bare(_ number: Int, minute: Int) async throws -> (files: [ReadoutFile], raw: String) {
    let start = "2026-07-15T06:\(minute < 10 ? "0" : "")\(minute):00"
    let raw = try await Frames.make(
      "raw\(number)", "IMG1-SCI",
      [
        "--exptime", "10", "--readmode", "CDS", "--expnum", "\(number)", "--start", start, "--filter", "H",
        "--detector-size", "16",
      ])
    let begin = Self.evening + Double(minute) * 60
    let exposure = ReadoutExposure(
      number: number, begin: begin + 0.5, reads: 2, rate: 30, spacing: 4, describesItself: false)
    return (exposure.files, raw)
  }

  @Test func readoutsTakeFromTheirRawFrameWhatTheyDoNotSay() async throws {
    let (first, raw) = try await bare(21, minute: 5)
    let (second, late) = try await bare(22, minute: 15)
    let archive = try await archive(["raw_frame_wait": "1 h"])
    let daemon = try await Daemon(archive)
    try drop(first, archive)
    try await archive.waitForRest(files: 2)
    let waiting = try await archive.query("--state", "received")
    #expect(
      waiting.count == 2 && waiting.allSatisfy { $0.reason?.hasPrefix("waiting for its raw frame") == true })
    #expect(try await archive.irisarchive("status").out.contains("waiting for its raw frame"))

    try archive.drop(raw, as: "raw21.fits")
    try await settle(archive, files: 3)
    let frame = try #require(try await rates(archive).first)
    #expect(frame.obsname == "IMG1-SCI" && frame.degraded == nil)
    #expect(frame.reason == "an alternative version: raw21.fits of the detector software serves")
    #expect(try await inputs(frame.name, archive) == Set(first.map(\.name) + ["raw21.fits"]))
    let model = try ImageModel(reading: frame.path ?? "")
    #expect(model.header.string("FILTER") == "H" && model.header.integer("EXP_NO") == 21)
    #expect(model.scienceHeader.string("CTYPE1") == "RA---TAN", "the WCS is the raw frame's")
    #expect(try await archive.query("--obsname", "IMG1-SCI", "--level", "0").count == 2)

    // No raw frame comes in time: reduced as UNKNOWN, held, and made again when one comes.
    try archive.configure(["associations": ["raw_frame_wait": "1 s"]])
    _ = try await daemon.reload()
    try drop(second, archive)
    try await Eventually.holds("two frames", every: 0.1, context: archive.summary) {
      try await rates(archive).count == 2
    }
    try await settle(archive, files: 5)
    let unknown = try #require(try await rates(archive).first { $0.name != frame.name })
    #expect(unknown.obsname == "UNKNOWN" && unknown.degraded?.contains("reduced as UNKNOWN") == true)
    let held = try await archive.query("--state", "held")
    #expect(
      held.count == 2
        && held.allSatisfy { $0.reason?.hasPrefix("no raw frame of DET_ID IMG1, EXP_NO 22") == true })
    try archive.drop(late, as: "raw22.fits")
    try await Eventually.holds("made again", every: 0.1, context: archive.summary) {
      try await rates(archive).allSatisfy { $0.obsname == "IMG1-SCI" }
    }
    #expect(try await rates(archive).count == 2)
    #expect(try await archive.query("--state", "held").isEmpty)
    #expect(try await daemon.stop() == 0)
  }

  @Test(arguments: [false, true])
  func oneLevelOneOfAnExposureServes(isPromoted: Bool) async throws {
    let (files, raw) = try await bare(31, minute: 25)
    let archive = try await archive(["sky_wait": "0 s"], alone: false)
    if isPromoted {
      let rule = archive.root + "/config/associations/level1-readouts.yaml"
      let text = try String(contentsOfFile: rule, encoding: .utf8)
      try text.replacing("# promote: true", with: "promote: true").write(
        toFile: rule, atomically: true, encoding: .utf8)
    }
    let daemon = try await Daemon(archive)
    // Ours cannot be the first: it needs the raw frame to know what it is.
    try drop(files, archive)
    try archive.drop(raw, as: "raw31.fits")
    try await settle(archive, files: 3)
    let ours = try #require(try await rates(archive).first)
    let reduced = try await archive.query("--level", "2", "--obsname", "IMG1-SCI")
    #expect(reduced.count == 1)
    let used = try await inputs(reduced.first?.name ?? "", archive)
    #expect(used == (isPromoted ? [ours.name] : ["raw31.fits"]))
    let rawRow = try #require(try await archive.query("--level", "1").first { $0.origin == "raw" })
    #expect((rawRow.reason != nil) == isPromoted && (ours.reason == nil) == isPromoted)
    #expect(try await daemon.stop() == 0)
  }
}

extension String {
  /// A product's name without its version.
  fileprivate var stem: String {
    let name = hasSuffix(".fits") ? String(dropLast(5)) : self
    return name.range(of: "_v[0-9]+$", options: .regularExpression).map { String(name[..<$0.lowerBound]) }
      ?? name
  }
}

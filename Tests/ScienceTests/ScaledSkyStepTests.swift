import DataModels
import FITSStructure
import Foundation
import ImagerSteps
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// The steps of the imager's sky on files, against what went in.
@Suite struct ScaledSkyStepTests {
  private static let scaled = Pipeline(running: ScaledSkyImagerStep.self)
  private static let matching = Pipeline(running: SkyMatchStep.self)
  private static let levels = (0..<9).map { 100 + 0.4 * Double($0) }

  /// Nine dithers with the stars where their WCS says; the product is the first frame.
  private static func dithers(
    _ skies: DitheredSkies, _ levels: [Double] = levels, isPlaced: Bool = true, cards: [Card] = []
  ) throws -> (files: [String], light: Plane<Float>) {
    let made = try levels.enumerated().map { i, level in
      let time = Card("DATE-BEG", "2026-07-14T08:\(10 + i):00.000")
      return try skies.write(
        "dither\(i)-\(UUID().uuidString).fits", level: level, cards: [time] + cards, isPlaced: isPlaced)
    }
    return (made.map(\.path), made[0].light)
  }

  /// Mean and scatter of what is left beside the starlight, in errors.
  private static func pulls(_ product: ImageModel, _ light: Plane<Float>) throws -> (
    mean: Double, sigma: Double
  ) {
    let measured = try #require(product.measured)
    var pulls: [Double] = []
    for y in 0..<DitheredSkies.size {
      for x in 0..<DitheredSkies.size where measured.quality[x, y] & DQ.doNotUse == 0 {
        pulls.append(Double((measured.value[x, y] - light[x, y]) / measured.error[x, y]))
      }
    }
    let found = PullTests.statistics(pulls)
    return (found.mean, found.sigma)
  }

  @Test(arguments: [true, false]) func iterative(isPlaced: Bool) throws {
    let skies = try DitheredSkies(seed: 11, starCount: 60)
    let (files, light) = try Self.dithers(skies, isPlaced: isPlaced)
    let (product, report) = try skies.run(Self.scaled, files)
    let found = try Self.pulls(product, light)
    print("scaled_sky_imager, WCS \(isPlaced): pulls \(found), \(report.products[0].quality)")
    #expect(abs(found.sigma - 1) < 0.05 && abs(found.mean) < 0.05)
    #expect(report.degraded.isEmpty)
    #expect(product.header.string("SKYMODE") == "ITERATIVE" && product.header.integer("NSKY") == 8)
    #expect(product.header.string("S_SCLSKY") == "COMPLETE")
    #expect(product.header.string("S_BKDSUB") == "COMPLETE")
    let level = try #require(product.header.double("SKYLEVEL"))
    #expect(abs(level / 100 - 1) < 5e-3)
    let saysSo = report.notes.contains { $0.contains("world coordinates") }
    #expect(saysSo == !isPlaced)
  }

  /// What does not fit in memory is made anew as it is read, with the same result.
  @Test func withoutMemory() throws {
    let skies = try DitheredSkies(seed: 12, starCount: 60)
    let (files, _) = try Self.dithers(skies)
    let kept = try skies.run(Self.scaled, files).product
    let anew = try skies.run(Self.scaled, files, settings: ["scaled_sky_imager.memory": "0"]).product
    #expect(kept.science == anew.science && kept.error == anew.error && kept.quality == anew.quality)
  }

  @Test(arguments: ["super", "self", "realtime"]) func otherModes(mode: String) throws {
    let skies = try DitheredSkies(seed: 13, starCount: 40)
    let (files, light) = try Self.dithers(skies)
    // The 3 x 3 median over a mesh of 4 x 4 tiles would flatten the vignetting of so small a frame.
    let (product, report) = try skies.run(
      Self.scaled, files, settings: ["scaled_sky_imager.mode": mode, "scaled_sky_imager.box_size": "16"])
    let measured = try #require(product.measured)
    let found = try Self.pulls(product, light)
    let left = clippedStatistics(of: measured.value, quality: measured.quality)
    print("scaled_sky_imager \(mode): median left \(left.median) of 100, pulls \(found)")
    #expect(abs(left.median) < 0.15)
    #expect(report.degraded.isEmpty)
    #expect(product.header.string("SKYMODE") == mode.uppercased())
    // Only the super sky knows the detector's response to the sky. The frame is one of the nine that it is made of, so
    // less is left than the errors, which take them for independent, say.
    if mode == "super" { #expect(found.sigma < 1.02 && found.sigma > 0.8) }
  }

  @Test func fewFramesAndFramesThatWereSubtracted() throws {
    let skies = try DitheredSkies(seed: 14, starCount: 40)
    let (files, _) = try Self.dithers(skies, [100, 101])
    let (product, report) = try skies.run(Self.scaled, files)
    #expect(product.header.string("SKYMODE") == "REALTIME")
    #expect(report.degraded.count == 1 && report.degraded[0].contains("3 dithers are wanted"))
    let done = try Self.dithers(skies, [100, 101, 102], cards: [Card("S_BKDSUB", "COMPLETE")])
    let second = try skies.run(Self.scaled, done.files)
    #expect(second.report.steps.first?.status == .skipped)
    #expect(throws: EngineError.self) {
      try skies.run(Self.scaled, [files[0]], settings: ["scaled_sky_imager.mode": "iterative"])
    }
  }

  /// Frames at other levels are brought to their mean.
  @Test func skymatch() throws {
    let skies = try DitheredSkies(seed: 15, starCount: 60)
    let files = try Self.dithers(skies, [90, 110, 103, 97]).files
    let (product, report) = try skies.run(Self.matching, files)
    let level = try #require(product.header.double("BKGLEVEL"))
    print("skymatch on files: first level \(level) for -10, \(report.products[0].quality)")
    // Vignetting of 5 % under skies that differ by 20 %.
    #expect(abs(level + 10) < 0.5)
    #expect(report.products[0].quality["skymatch_pairs"] == 6)
    let first = try skies.run(Self.matching, files, settings: ["skymatch.anchor": "first"]).product
    #expect(first.header.double("BKGLEVEL") == 0)
    let blind = try Self.dithers(skies, [90, 110], isPlaced: false).files
    #expect(try skies.run(Self.matching, blind).report.steps.first?.status == .skipped)
  }

  /// Science dithers that serve as backgrounds: their stars are left out of the sky.
  @Test func scienceFramesAsBackgrounds() throws {
    let skies = try DitheredSkies(seed: 16, starCount: 250)
    let science = [Card("OBSNAME", "IMG1-SCI")]
    let (files, light) = try Self.dithers(skies, [100, 100, 100], cards: science)
    func mean(_ choice: String) throws -> (stars: Double, report: RunReport) {
      let (product, report) = try skies.run(
        .imagerLevel2, [files[0]], settings: ["bkg_subtract.mask_sources": choice],
        skip: ["flat_field", "dark_current"], backgrounds: Array(files.dropFirst()))
      let measured = try #require(product.measured)
      var (sum, count) = (0.0, 0.0)
      for y in 0..<DitheredSkies.size {
        for x in 0..<DitheredSkies.size where measured.quality[x, y] & DQ.doNotUse == 0 {
          sum += Double(measured.value[x, y] - light[x, y])
          count += 1
        }
      }
      return (sum / count, report)
    }
    let (masked, plain) = (try mean("auto"), try mean("never"))
    print("science frames as sky: mean left \(masked.stars) masked, \(plain.stars) not masked")
    #expect(abs(masked.stars) < 0.35 * abs(plain.stars))
    #expect(masked.report.notes.contains { $0.contains("left out of the sky") })
    #expect(!plain.report.notes.contains { $0.contains("left out of the sky") })
  }

  /// Without any sky the frame's own background serves where asked for, beside its dark.
  @Test func selfSky() throws {
    let skies = try DitheredSkies(seed: 17, starCount: 40)
    let size = DitheredSkies.size
    let dark = Plane<Float>(width: size, height: size, repeating: 7)
    try skies.save("dark.fits", dark, dark.map { $0 * 0 }, unit: "adu/s", isDarkFree: false)
    let science = try skies.write("science.fits", level: 120, dark: dark)
    let (product, report) = try skies.run(
      .imagerLevel2, [science.path], references: [("dark", "\(skies.path)/dark.fits")],
      settings: ["bkg_subtract.self_sky": "True"], skip: ["flat_field"])
    let measured = try #require(product.measured)
    let left = clippedStatistics(of: measured.value, quality: measured.quality)
    print("self-sky: median left \(left.median) of 120 with a dark of 7")
    // 4 x 4 tiles under a 3 x 3 median do not follow the vignetting of so small a frame: 1 % of the sky. The dark of 7
    // would show.
    #expect(abs(left.median) < 1.2)
    #expect(report.degraded.contains("self-sky: the frame's own background was subtracted, waiting for sky"))
    #expect(product.header.string("S_BKDSUB") == "COMPLETE")
    let level = try #require(product.header.double("SKYLEVEL"))
    #expect(abs(level / 120 - 1) < 0.02)
  }
}

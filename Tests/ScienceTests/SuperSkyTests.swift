import DataModels
import Foundation
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Testing

/// Super skies and flats from the sky against what the sky was put in with.
@Suite struct SuperSkyTests {
  private static let levels = (0..<9).map { 90 + 5 * Double($0) }

  /// The relative error of a combination of frames of these levels at a pixel of response `r`: that of a mean times the
  /// median's factor.
  private static func theory(_ levels: [Double]) -> (Float) -> Double {
    let factor = medianErrorFactor(samples: levels.count)
    return { r in
      let squares = levels.reduce(0) { sum, level in
        let rate = level * Double(r)
        return sum + DitheredSkies.variance(rate) / (rate * rate)
      }
      return factor * squares.squareRoot() / Double(levels.count)
    }
  }

  /// Acceptance: noise at most 1.05 of theory, and stars at 1 % occupancy leave less than 0.1 %.
  @Test func ofNineDitheredFrames() throws {
    let skies = try DitheredSkies(seed: 1, starCount: 60)
    let files = try Self.levels.enumerated().map {
      try skies.write("sky\($0).fits", level: $1).path
    }
    let (product, report) = try skies.run(.createSuperSky, files, as: .background, extras: ["NFRAMES"])
    let found = skies.compare(product, theory: Self.theory(Self.levels))
    print(
      "super sky of 9: noise \(found.noise) of theory, at stars \(found.bias) +- \(found.biasError)",
      "(\(found.starPixels) pixels, occupancy \(skies.occupancy))")
    #expect(skies.occupancy > 0.01)
    #expect(found.noise < 1.05 && found.noise > 0.9)
    #expect(abs(found.bias) < 1e-3)
    #expect(report.degraded.isEmpty)
    #expect(
      abs(median(of: product.science, quality: product.quality ?? product.science.map { _ in 0 }) - 1) < 1e-3)
    try checkErrors(of: product, over: skies)
    try checkLevels(of: product, report)
  }

  /// Errors say what the scatter is.
  private func checkErrors(of product: ImageModel, over skies: DitheredSkies) throws {
    let measured = try #require(product.measured)
    var pulls: [Double] = []
    for y in 0..<DitheredSkies.size {
      for x in 0..<DitheredSkies.size where measured.quality[x, y] & DQ.doNotUse == 0 {
        pulls.append(Double((measured.value[x, y] - skies.response[x, y]) / measured.error[x, y]))
      }
    }
    let found = PullTests.statistics(pulls)
    #expect(abs(found.sigma - 1) < 0.05, "\(found)")
  }

  /// The level of each frame is listed, beside its name.
  private func checkLevels(of product: ImageModel, _ report: RunReport) throws {
    #expect(product.header.integer("NLEVELS") == 9)
    for (i, level) in Self.levels.enumerated() {
      let found = try #require(product.header.double("LEVEL00\(i + 1)"))
      #expect(abs(found / level - 1) < 2e-3)
    }
    #expect(product.header.cards.contains { $0.keyword == "LEVEL001" && $0.comment.contains("sky0.fits") })
    #expect(product.header.string("REFTYPE") == "SKY")
    let lowest = try #require(report.products[0].quality["level_lowest"])
    #expect(abs(lowest / 90 - 1) < 2e-3)
  }

  /// Without dithers the stars stay where they are, every frame is masked there, and the pixels say so.
  @Test func starsThatDoNotMoveAreFlagged() throws {
    let skies = try DitheredSkies(seed: 2, starCount: 40)
    let files = try (0..<5).map { try skies.write("sky\($0).fits", level: 100, dither: 0).path }
    let (product, _) = try skies.run(
      .createSuperSky, files, settings: ["mask_sources.flatten": "False"], skip: ["flag_samples"])
    let quality = try #require(product.quality)
    var unmasked = 0
    var covered = 0
    for y in 0..<DitheredSkies.size {
      for x in 0..<DitheredSkies.size where skies.footprint[x, y] != 0 {
        covered += 1
        unmasked += quality[x, y] & DQ.doNotUse == 0 ? 1 : 0
      }
    }
    print("super sky without dithers: \(unmasked) of \(covered) pixels of starlight are not masked")
    #expect(unmasked < covered / 10)
  }

  /// Seven dithered science fields make a flat, free of its stars.
  @Test func flatFromSparseFields() throws {
    let skies = try DitheredSkies(seed: 3, starCount: 60)
    let levels = [100.0, 104, 98, 110, 93, 101, 99]
    let files = try levels.enumerated().map { try skies.write("field\($0).fits", level: $1).path }
    let (flat, report) = try skies.run(.flatFromSky, files)
    let found = skies.compare(flat, theory: Self.theory(levels))
    print(
      "flat from 7 fields: noise \(found.noise) of theory, at stars \(found.bias) +- \(found.biasError)",
      "(\(found.starPixels) pixels, occupancy \(skies.occupancy))")
    #expect(found.noise < 1.05 && found.noise > 0.9)
    #expect(abs(found.bias) < 1e-3)
    #expect(report.degraded.isEmpty)
    #expect(flat.unit == "" && flat.header.string("REFTYPE") == "FLAT")
    try checkErrors(of: flat, over: skies)
  }

  /// What the mask is for: without it the same stars leave more.
  @Test func withoutTheMaskStarsRemain() throws {
    let skies = try DitheredSkies(seed: 3, starCount: 60)
    let files = try (0..<7).map { try skies.write("field\($0).fits", level: 100).path }
    let masked = try skies.run(.flatFromSky, files).product
    let plain = try skies.run(.flatFromSky, files, skip: ["mask_sources"]).product
    let theory = Self.theory([Double](repeating: 100, count: 7))
    let (with, without) = (
      skies.compare(masked, theory: theory).bias, skies.compare(plain, theory: theory).bias
    )
    print("bias at stars: \(with) masked, \(without) not masked")
    #expect(abs(with) < 0.5 * without)
  }

  /// Twilight: the level falls by a factor of 12 over the set.
  @Test func flatFromTwilight() throws {
    let skies = try DitheredSkies(seed: 4, starCount: 30)
    let levels = (0..<8).map { 600 * pow(0.7, Double($0)) }
    let files = try levels.enumerated().map { try skies.write("twilight\($0).fits", level: $1).path }
    let (flat, report) = try skies.run(.flatFromSky, files)
    let found = skies.compare(flat, theory: Self.theory(levels))
    print(
      "flat from twilight: noise \(found.noise) of theory, at stars \(found.bias) +- \(found.biasError)")
    #expect(found.noise < 1.05)
    #expect(abs(found.bias) < 1e-3)
    #expect(report.degraded.isEmpty)
  }

  /// Too few samples are flagged: two frames are refused, of three the bad pixels have none.
  @Test func fewFrames() throws {
    let skies = try DitheredSkies(seed: 5, starCount: 60)
    let files = try (0..<3).map { try skies.write("sky\($0).fits", level: 100).path }
    let (product, report) = try skies.run(.createSuperSky, files, extras: ["NFRAMES"])
    #expect(report.degraded == ["made of 3 frames, 5 are wanted"])
    let used = try #require(product.extraPlanes.first { $0.name == "NFRAMES" }).plane
    let quality = try #require(product.quality)
    for y in 0..<DitheredSkies.size {
      for x in 0..<DitheredSkies.size {
        #expect((quality[x, y] & DQ.unreliableError != 0) == (used[x, y] < 3))
      }
    }
    #expect(throws: EngineError.self) { try skies.run(.createSuperSky, Array(files.prefix(2))) }
  }

  /// A science frame without skies of its own: the super sky, scaled, takes its sky away and leaves its stars.
  @Test func scaledSuperSkyUnderAScienceFrame() throws {
    let skies = try DitheredSkies(seed: 6, starCount: 60)
    let files = try Self.levels.enumerated().map { try skies.write("sky\($0).fits", level: $1).path }
    let (sky, _) = try skies.run(.createSuperSky, files)
    let size = DitheredSkies.size
    let reference = "\(skies.path)/sky.fits"
    try sky.write(to: reference)
    let dark = Plane<Float>(width: size, height: size, repeating: 7)
    try skies.save("dark.fits", dark, dark.map { $0 * 0 }, unit: "adu/s", isDarkFree: false)
    let science = try skies.write("science.fits", level: 143, dark: dark)
    let (product, report) = try skies.run(
      .imagerLevel2, [science.path], references: [("sky", reference), ("dark", "\(skies.path)/dark.fits")],
      skip: ["flat_field"])
    let scale = try #require(product.header.double("SKYSCALE"))
    let measured = try #require(product.measured)
    var pulls: [Double] = []
    for y in 0..<size {
      for x in 0..<size where measured.quality[x, y] & DQ.doNotUse == 0 {
        pulls.append(Double((measured.value[x, y] - science.light[x, y]) / measured.error[x, y]))
      }
    }
    let found = PullTests.statistics(pulls)
    print("science over a scaled super sky: factor \(scale) for 143, pulls \(found)")
    #expect(abs(scale / 143 - 1) < 1e-3)
    #expect(abs(found.sigma - 1) < 0.05 && abs(found.mean) < 0.1)
    #expect(report.degraded.contains("a super sky serves for the sky of the night: 0 backgrounds"))
    #expect(product.header.string("S_BKDSUB") == "COMPLETE")
  }
}

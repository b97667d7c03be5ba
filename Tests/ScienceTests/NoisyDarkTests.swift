import DataModels
import JobContract
import PipelineEngine
import Pipelines
import Pixels
import Simulator
import Testing

/// Errors are true where the master dark is as noisy as a frame: the dark is the same in every frame of a set, so
/// neither combining the frames nor subtracting two of them may treat its error as independent.
@Suite struct NoisyDarkTests {
  private static let levels = [90.0, 100, 110, 95, 105]
  private static let size = DitheredSkies.size
  /// As large as the error of a frame of 100 adu/s.
  private static let darkSigma = DitheredSkies.variance(100).squareRoot()

  @Test(arguments: ["median", "mean", "wmean"]) func superSky(method: String) throws {
    let pull = try pull(.createSuperSky, seed: 21, settings: ["combine_frames.method": method])
    print("super sky (\(method)) with a noisy dark: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
  }

  @Test func processedFlat() throws {
    let pull = try pull(.processFlatfield, seed: 22)
    print("flat with a noisy dark: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
  }

  @Test func flatFromSky() throws {
    let pull = try pull(.flatFromSky, seed: 23)
    print("flat from sky with a noisy dark: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
  }

  /// Twilight that falls by a factor of 4: the dark weighs by the mean of 1/level. (A mean, whose errors are exact; those
  /// of a median of samples of unequal errors are a little too large, with or without a dark.)
  @Test func flatFromTwilight() throws {
    let pull = try pull(
      .flatFromSky, seed: 28, levels: [400, 280, 196, 137, 100], settings: ["combine_frames.method": "mean"])
    print("flat from twilight with a noisy dark: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
  }

  /// The same where earlier runs subtracted the dark.
  @Test func superSkyOfDarkSubtractedFrames() throws {
    let skies = try DitheredSkies(seed: 27, starCount: 0)
    let (level, dark) = try Self.darks(of: skies)
    let files = try (0..<5).map { try Self.darkSubtracted("\($0).fits", skies, level, dark) }
    let (product, report) = try skies.run(
      .createSuperSky, files, as: .background, references: [("dark", dark)])
    let pull = PullTests.statistics(PullTests.pulls(product, truth: skies.response))
    print("super sky of frames less one noisy dark: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
    #expect(!report.notes.contains { $0.contains("too small") })
    let (_, without) = try skies.run(.createSuperSky, files, as: .background)
    #expect(without.notes.contains { $0.contains("dark.fits") && $0.contains("too small") })
  }

  /// One frame is not combined with others, and its errors hold the dark's all the same.
  @Test func aSingleFrame() throws {
    let pull = try pull(.processFlatfield, seed: 24, levels: [100])
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
  }

  /// Science and skies whose dark was subtracted by earlier runs: it cancels, and so does its error.
  @Test(arguments: [1, 5]) func darkSubtractedBefore(skyCount: Int) throws {
    let skies = try DitheredSkies(seed: 25, starCount: 0)
    let (level, dark) = try Self.darks(of: skies)
    let files = try (0...skyCount).map { try Self.darkSubtracted("\($0).fits", skies, level, dark) }
    let (product, report) = try Self.reduce(files, over: skies, dark: dark)
    let zero = Plane<Float>(width: Self.size, height: Self.size, repeating: 0)
    let pull = PullTests.statistics(PullTests.pulls(product, truth: zero))
    print("science less \(skyCount) skies, all less one noisy dark: pull \(pull)")
    #expect(abs(pull.sigma - 1) < 0.05 && abs(pull.mean) < 0.05)
    #expect(!report.notes.contains { $0.contains("ERR is too large") })
  }

  /// Without that dark at hand the error is an overestimate, and the report says so.
  @Test func darkSubtractedBeforeAndNotAtHand() throws {
    let skies = try DitheredSkies(seed: 26, starCount: 0)
    let (level, dark) = try Self.darks(of: skies)
    let files = try (0...1).map { try Self.darkSubtracted("\($0).fits", skies, level, dark) }
    let (_, report) = try Self.reduce(files, over: skies, dark: nil)
    #expect(report.notes.contains { $0.contains("dark.fits") && $0.contains("ERR is too large") })
  }

  /// The dark current, and a master of it with an error that is true.
  private static func darks(of skies: DitheredSkies) throws -> (level: Plane<Float>, master: String) {
    var random = RandomStream(7, 0xda2)
    let level = Plane<Float>(width: size, height: size, repeating: 7)
    let master = level.map { $0 + Float(darkSigma * normalDeviate(&random)) }
    let error = Plane<Float>(width: size, height: size, repeating: Float(darkSigma))
    return (level, try skies.save("dark.fits", master, error, unit: "adu/s", isDarkFree: false))
  }

  private func pull(
    _ pipeline: Pipeline, seed: UInt64, levels: [Double] = levels, settings: [String: String] = [:]
  ) throws -> (count: Int, mean: Double, sigma: Double) {
    let skies = try DitheredSkies(seed: seed, starCount: 0)
    let (level, dark) = try Self.darks(of: skies)
    let files = try levels.enumerated().map {
      try skies.write("frame\($0).fits", level: $1, dark: level).path
    }
    let types: [String: MemberType] = ["process_flatfield": .flat, "create_supersky": .background]
    let (product, _) = try skies.run(
      pipeline, files, as: types[pipeline.name] ?? .science, references: [("dark", dark)], settings: settings)
    return PullTests.statistics(PullTests.pulls(product, truth: skies.response))
  }

  /// A frame after a run of `dark_current` alone.
  private static func darkSubtracted(
    _ name: String, _ skies: DitheredSkies, _ level: Plane<Float>, _ dark: String
  ) throws -> String {
    guard case .step(let step) = try PipelineCatalog.registry.target(named: "dark_current") else { return "" }
    let raw = try skies.write("raw\(name)", level: 100, dark: level).path
    let (product, _) = try skies.run(Pipeline(running: step), [raw], references: [("dark", dark)])
    try product.write(to: "\(skies.path)/\(name)")
    return "\(skies.path)/\(name)"
  }

  /// The first frame less the others as its skies.
  private static func reduce(
    _ files: [String], over skies: DitheredSkies, dark: String?
  ) throws -> (product: ImageModel, report: RunReport) {
    try skies.run(
      .imagerLevel2, [files[0]], references: dark.map { [("dark", $0)] } ?? [], skip: ["flat_field"],
      backgrounds: Array(files.dropFirst()))
  }
}

import Foundation
import Testing

/// Every golden case is compared by a named test file, or left out for a named reason.
@Suite struct GoldenCoverageTests {
  /// Case (or the family before `*`) -> the test file that reads its output, and the text that does.
  private static let compared: [(cases: String, file: String, reads: String)] = [
    ("ramp_fit_g*", "PixelsTests/RampTests.swift", #"rampfit_g\(groups)_out.fits"#),
    ("iris_readout_c", "PixelsTests/RampTests.swift", "iris_readout_c_out.fits"),
    ("stcal_jump", "PixelsTests/JumpTests.swift", "stcal_jump_out.fits"),
    ("stcal_ramp_*", "PixelsTests/JumpTests.swift", #"stcal_ramp_\(algorithm).fits"#),
    (
      "combine_*_clip", "PixelsTests/CombineGoldenTests.swift",
      #"combine_\(count)_\(method.rawValue)_clip.fits"#
    ),
    (
      "combine_*_noclip", "PixelsTests/CombineGoldenTests.swift",
      #"combine_\(count)_\(method.rawValue)_noclip.fits"#
    ),
    ("combine_*_thresholds", "PixelsTests/CombineGoldenTests.swift", #"combine_\(count)_thresholds.fits"#),
    ("nonlin_kernel", "PixelsTests/LinearityTests.swift", "nonlin_out.fits"),
    ("nonlin_step", "PixelsTests/LinearityTests.swift", "nonlin_step_out.fits"),
    ("math", "PixelsTests/StatisticsTests.swift", "math.json"),
    ("dark_sub", "StepsTests/GoldenStepsTests.swift", "dark_sub_out.fits"),
    ("flat_field", "PixelsTests/CalibrateTests.swift", "flat_field_out.fits"),
    ("subarray_dark_flat", "StepsTests/GoldenStepsTests.swift", "subarray_out.fits"),
    ("normalize_*", "PixelsTests/StatisticsTests.swift", #"normalize_\(name).fits"#),
    ("background_sub", "PixelsTests/CalibrateTests.swift", "background_sub.fits"),
    ("parse_subarray_map", "PixelsTests/SubarrayMapTests.swift", "parse_subarray_out.fits"),
    ("merge_subarrays", "PixelsTests/SubarrayMapTests.swift", "merge_out.fits"),
    ("assign_wcs", "AstrometryTests/AstropyTests.swift", "wcs.json"),
    ("background2d_*", "PixelsTests/BoxBackgroundTests.swift", #"background2d_\(name).fits"#),
    ("calc_sky_one", "PixelsTests/BoxBackgroundTests.swift", "calc_sky_one.fits"),
    ("calc_sky_two", "PixelsTests/BoxBackgroundTests.swift", "calc_sky_two.fits"),
    ("drizzle", "PixelsTests/Resampling/GoldenDrizzleTests.swift", "drizzle_out.fits"),
    ("lacosmic", "PixelsTests/CosmicRays/LACosmicGoldenTests.swift", "lacosmic_out.fits"),
    ("sep", "SourceExtractionTests/GoldenSEPTests.swift", "sep_out.fits"),
  ]

  /// Cases that nothing compares, each with the reason.
  private static let skipped: [String: String] = [:]

  private struct Manifest: Decodable {
    struct Case: Decodable { let name: String }
    let cases: [Case]
  }

  private let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  @Test func everyCaseIsComparedOrNamed() throws {
    let data = try Data(contentsOf: tests.appending(path: "Golden/manifest.json"))
    let names = try JSONDecoder().decode(Manifest.self, from: data).cases.map(\.name)
    #expect(!names.isEmpty)
    for name in names {
      let isCompared = Self.compared.contains { Self.fits(name, $0.cases) }
      #expect(isCompared != (Self.skipped[name] != nil), "golden case \(name) is compared by no test")
    }
    for stale in Self.skipped.keys { #expect(names.contains(stale)) }
    for entry in Self.compared { #expect(names.contains { Self.fits($0, entry.cases) }, "\(entry.cases)") }
  }

  @Test func theNamedFilesReadTheOutputs() throws {
    for entry in Self.compared {
      let text = try String(contentsOf: tests.appending(path: entry.file), encoding: .utf8)
      #expect(text.contains(entry.reads), "\(entry.file) does not read \(entry.reads)")
    }
  }

  private static func fits(_ name: String, _ pattern: String) -> Bool {
    guard let star = pattern.firstIndex(of: "*") else { return name == pattern }
    return name.hasPrefix(pattern[..<star]) && name.hasSuffix(pattern[pattern.index(after: star)...])
  }
}

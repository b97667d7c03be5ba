import Foundation
import QuickLook
import Testing

/// zscale as astropy has it.
@Suite struct ZScaleTests {
  private struct Case: Decodable {
    struct Options: Decodable {
      var samples: Int?
      var contrast: Double?
      var krej: Double?
      var maximumIterations: Int?

      enum CodingKeys: String, CodingKey {
        case samples = "n_samples"
        case contrast, krej
        case maximumIterations = "max_iterations"
      }
    }
    var values: [Float?]
    var options: Options
    var low: Double
    var high: Double
  }

  @Test func limitsAreAstropys() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden/zscale.json")
    let cases = try JSONDecoder().decode([String: Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 7)
    for (name, golden) in cases {
      var zscale = ZScale()
      zscale.samples = golden.options.samples ?? zscale.samples
      zscale.contrast = golden.options.contrast ?? zscale.contrast
      zscale.kappa = golden.options.krej ?? zscale.kappa
      zscale.maximumIterations = golden.options.maximumIterations ?? zscale.maximumIterations
      let limits = try #require(zscale.limits(of: golden.values.map { $0 ?? .nan }))
      #expect(abs(limits.low - golden.low) <= 1e-6 * abs(golden.low), "\(name): \(limits) \(golden.low)")
      #expect(abs(limits.high - golden.high) <= 1e-6 * abs(golden.high), "\(name): \(limits) \(golden.high)")
    }
  }

  @Test func anImageWithoutAGoodPixelHasNoLimits() {
    #expect(ZScale().limits(of: []) == nil)
    #expect(ZScale().limits(of: [.nan, .infinity]) == nil)
    #expect(ZScale().limits(of: [3]) == DisplayLimits(low: 3, high: 3))
  }
}

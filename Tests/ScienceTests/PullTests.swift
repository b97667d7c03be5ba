import DataModels
import Foundation
import JobContract
import Logging
import PipelineEngine
import Pipelines
import Pixels
import Simulator
import Testing

/// Reduced science equals the simulator's truth within its own errors: over nights with new masters and skies each,
/// the standard deviation of (product - truth) / ERR over good pixels is 1.00 ± 0.05.
@Suite(.serialized) struct PullTests {
  private static let nights: [UInt64] = Array(1...20)

  @Test func imagerLevel2OverTwentyNights() throws {
    var pulls: [Double] = []
    var darkPulls: [Double] = []
    var flatPulls: [Double] = []
    for seed in Self.nights {
      let night = try SimulatedNight(seed: seed)
      let (product, truth) = try night.reduce()
      pulls += Self.pulls(product, truth: truth)
      darkPulls += try night.darkPulls()
      flatPulls += try night.flatPulls()
    }
    let science = Self.statistics(pulls)
    #expect(abs(science.sigma - 1) < 0.05, "science: \(science)")
    #expect(abs(science.mean) < 0.05, "science: \(science)")
    let dark = Self.statistics(darkPulls)
    #expect(abs(dark.sigma - 1) < 0.05, "dark: \(dark)")
    let flat = Self.statistics(flatPulls)
    #expect(abs(flat.sigma - 1) < 0.05, "flat: \(flat)")
  }

  static func pulls(_ product: ImageModel, truth: Plane<Float>) -> [Double] {
    guard let measured = product.measured else { return [] }
    var result: [Double] = []
    for y in 0..<truth.height {
      for x in 0..<truth.width where measured.quality[x, y] & DQ.doNotUse == 0 {
        let pull = Double(measured.value[x, y] - truth[x, y]) / Double(measured.error[x, y])
        if pull.isFinite { result.append(pull) }
      }
    }
    return result
  }

  static func statistics(_ values: [Double]) -> (count: Int, mean: Double, sigma: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return (values.count, mean, variance.squareRoot())
  }
}

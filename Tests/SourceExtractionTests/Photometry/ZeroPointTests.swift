import Foundation
import Pixels
import SourceExtraction
import Testing

@Suite struct CurveOfGrowthTests {
  /// A Gaussian of 2 pixels on a sky of 7: 1 - exp(-r² / 2 sigma²) within r.
  @Test func aGaussianGrowsAsItMust() throws {
    var value = Plane<Float>(width: 101, height: 101, repeating: 7)
    for y in 0..<101 {
      for x in 0..<101 {
        let (dx, dy) = (Double(x) - 50.2, Double(y) - 49.7)
        value[x, y] += Float(10_000 * exp(-(dx * dx + dy * dy) / 8) / (8 * .pi))
      }
    }
    let image = try PhotometryImage(value: value, error: Plane(width: 101, height: 101, repeating: 2))
    let curve = try image.curveOfGrowth(x: 50.2, y: 49.7, radii: [1, 2, 4, 8, 16], sky: 25...35)
    #expect(curve.background.level == 7)
    // Sampled at points, shared out as if pixels were flat: right to some 1 % of the light where it falls steepest.
    for (radius, flux) in zip(curve.radii, curve.flux) {
      #expect(abs(flux - 10_000 * (1 - exp(-radius * radius / 8))) < 100, "\(radius) \(flux)")
    }
    #expect(abs(curve.error[2] - 2 * (Double.pi * 16).squareRoot()) < 1e-3)
    #expect(curve.bestIndex == 2)
    let correction = try #require(curve.apertureCorrection(2))
    #expect(abs(correction + 2.5 * log10(1 / (1 - exp(-2)))) < 0.01 && correction < 0)
    #expect(throws: SourceExtractionError.self) { try image.curveOfGrowth(x: 50, y: 50, radii: [3, 2]) }
    #expect(throws: SourceExtractionError.self) {
      try image.curveOfGrowth(x: 50, y: 50, radii: [3], sky: 200...201)
    }
  }
}

@Suite struct RobustMeanTests {
  /// A star of unknown colour counts where no colour is asked for, and only there.
  @Test func unknownColours() throws {
    let values = [
      WeighedValue(25, error: 0.01, colour: .nan), WeighedValue(25.1, error: 0.01, colour: 0.1),
      WeighedValue(25.5, error: 0.01, colour: 0.5), WeighedValue(26, error: 0.01, colour: 1),
    ]
    let plain = try #require(robustMean(of: values, kappa: 100))
    #expect(plain.value.isFinite && plain.error.isFinite && plain.count == 4)
    let fitted = try #require(robustMean(of: values, fitsColour: true))
    #expect(fitted.isUsed == [false, true, true, true])
    #expect(abs(fitted.value - 25) < 1e-9 && abs(fitted.slope - 1) < 1e-9)
  }

  @Test func outliersAreRejected() throws {
    var noise = Noise(seed: 31)
    var values = (0..<40).map { _ in WeighedValue(25 + 0.02 * noise.gaussian(), error: 0.02) }
    for i in [3, 11, 29] { values[i].value = 26 }
    values.append(WeighedValue(.nan, error: 0.02))
    let mean = try #require(robustMean(of: values))
    #expect(abs(mean.value - 25) < 0.012)
    #expect(!mean.isUsed[3] && !mean.isUsed[11] && !mean.isUsed[29] && !mean.isUsed[40])
    #expect(mean.error > 0.003 && mean.error < 0.006)
    #expect(robustMean(of: []) == nil)
    let one = try #require(robustMean(of: [WeighedValue(3, error: 0.5)]))
    #expect(one.value == 3 && abs(one.error - 0.5) < 1e-12)
  }

  /// 2,000 sets of 9: the error is that of the scatter.
  @Test func theErrorIsThatOfTheScatter() {
    var noise = Noise(seed: 32)
    var (squares, errors) = (0.0, 0.0)
    for _ in 0..<2000 {
      let values = (0..<9).map { k in
        let error = 0.01 + 0.002 * Double(k)
        return WeighedValue(error * noise.gaussian(), error: error)
      }
      guard let mean = robustMean(of: values) else { continue }
      squares += mean.value * mean.value
      errors += mean.error * mean.error
    }
    let ratio = (squares / errors).squareRoot()
    #expect(ratio > 0.85 && ratio < 1.05, "\(ratio)")
  }

  @Test func aColourTermIsFitted() throws {
    var noise = Noise(seed: 33)
    var values = (0..<60).map { _ in
      let colour = 2 * noise.uniform()
      return WeighedValue(24 + 0.05 * colour + 0.01 * noise.gaussian(), error: 0.01, colour: colour)
    }
    values[5].value += 3
    let mean = try #require(robustMean(of: values, fitsColour: true))
    #expect(abs(mean.slope - 0.05) < 0.01 && abs(mean.value - 24) < 0.01 && !mean.isUsed[5])
  }
}

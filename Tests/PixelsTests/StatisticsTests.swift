import Foundation
import Pixels
import Testing

@Suite struct StatisticsTests {
  private struct MathCase: Decodable {
    let x, w: [Double]
    let location, midvariance, astropyMidvariance, mad, mean, median, quartile: Double

    enum CodingKeys: String, CodingKey {
      case x, w, mad
      case location = "biweight_location"
      case midvariance = "biweight_midvariance"
      case astropyMidvariance = "astropy_biweight_midvariance"
      case mean = "weighted_mean"
      case median = "wq05"
      case quartile = "wq025"
    }
  }

  @Test func sampleStatisticsAgreeWithTheGoldenCase() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: tests.appending(path: "Golden/math.json"))
    let cases = try JSONDecoder().decode([MathCase].self, from: data)
    #expect(cases.count == 4)
    for known in cases {
      let pairs: [(Double, Double)] = [
        (SampleStatistics.biweightLocation(known.x), known.location),
        (SampleStatistics.biweightMidvariance(known.x, countsOnlyWeighted: true), known.midvariance),
        (SampleStatistics.biweightMidvariance(known.x), known.astropyMidvariance),
        (SampleStatistics.medianAbsoluteDeviation(known.x), known.mad),
        (SampleStatistics.weightedMean(known.x, weights: known.w), known.mean),
        (SampleStatistics.weightedQuantile(known.x, weights: known.w), known.median),
        (SampleStatistics.weightedQuantile(known.x, weights: known.w, q: 0.25), known.quartile),
      ]
      for (found, expected) in pairs { #expect(abs(found / expected - 1) < 1e-12) }
    }
  }

  private func field(_ width: Int, _ height: Int, seed: UInt64) -> (Plane<Float>, Plane<UInt32>, [Double]) {
    var noise = Noise(seed: seed)
    var value = Plane<Float>(width: width, height: height, repeating: 0)
    var quality = Plane<UInt32>(width: width, height: height, repeating: 0)
    var good: [Double] = []
    for y in 0..<height {
      for x in 0..<width {
        var v = Float(3 * noise.gaussian())
        let dice = noise.uniform()
        if dice < 0.02 { v = 1000 }
        if dice > 0.99 { v = .nan }
        value[x, y] = v
        if dice > 0.9 && dice < 0.92 { quality[x, y] = DQ.doNotUse }
        if dice > 0.8 && dice < 0.82 { quality[x, y] = DQ.hot }
        if v.isFinite && quality[x, y] & DQ.doNotUse == 0 { good.append(Double(v)) }
      }
    }
    return (value, quality, good)
  }

  @Test(arguments: [(7, 5), (40, 30), (700, 501)])
  func planeStatisticsAreExact(width: Int, height: Int) {
    let (value, quality, good) = field(width, height, seed: 21)
    #expect(Double(median(of: value, quality: quality)) == Double(Float(SampleStatistics.median(good))))
    let center = Float(SampleStatistics.median(good))
    let mad = SampleStatistics.medianAbsoluteDeviation(good, center: Double(center))
    #expect(abs(Double(medianAbsoluteDeviation(of: value, quality: quality)) - mad) < 1e-6 * mad)
    let location = SampleStatistics.biweightLocation(good)
    #expect(abs(biweightLocation(of: value, quality: quality) - location) < 1e-5)
    var left = good
    for _ in 0..<10 {
      let m = SampleStatistics.median(left)
      let s = 1.482602218505602 * SampleStatistics.medianAbsoluteDeviation(left)
      let next = left.filter { abs($0 - m) <= 3 * s }
      if next.count == left.count { break }
      left = next
    }
    let found = clippedStatistics(of: value, quality: quality)
    let mean = left.reduce(0, +) / Double(left.count)
    #expect(found.count == left.count)
    #expect(abs(found.mean - mean) < 1e-9 && abs(found.median - SampleStatistics.median(left)) < 1e-6)
    let square = left.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    #expect(abs(found.std - (square / Double(left.count - 1)).squareRoot()) < 1e-9)
  }

  @Test func emptyAndConstantFieldsAreAnswered() {
    let nothing = clippedStatistics(of: Plane(width: 3, height: 3, repeating: .nan))
    #expect(nothing.count == 0 && nothing.mean.isNaN && nothing.median.isNaN)
    let flat = clippedStatistics(of: Plane(width: 300, height: 3, repeating: 4))
    #expect(flat.count == 900 && flat.mean == 4 && flat.median == 4 && flat.std == 0 && flat.madSigma == 0)
    #expect(median(of: Plane(width: 2, height: 2, elements: [-3, -1, 5, 7])) == 2)
    #expect(median(of: Plane(width: 1, height: 1, repeating: -0.5)) == -0.5)
  }

  /// The table of ALGORITHMS §0 and its continuation against drawn medians.
  @Test(arguments: [3, 4, 7, 10, 11, 12, 17, 24, 41])
  func medianErrorsAreThoseOfDrawnMedians(n: Int) {
    var noise = Noise(seed: UInt64(n))
    let draws = 40000
    var square = 0.0
    for _ in 0..<draws {
      let m = SampleStatistics.median((0..<n).map { _ in noise.gaussian() })
      square += m * m
    }
    let factor = (square / Double(draws) * Double(n)).squareRoot()
    #expect(abs(medianErrorFactor(samples: n) / factor - 1) < 0.015)
  }

  @Test func halfSampleModeFindsThePeakOfASkewedField() {
    var noise = Noise(seed: 31)
    let samples = (0..<200_000).map { i in
      Float(i % 3 == 0 ? 100 + 400 * noise.uniform() : 100 + 5 * noise.gaussian())
    }
    #expect(abs(SampleStatistics.halfSampleMode(sorted: samples.sorted()) - 100) < 2)
    #expect(SampleStatistics.halfSampleMode(sorted: []).isNaN)
  }
}

@Suite struct NormalizeTests {
  @Test(arguments: NormalizeMethod.allCases)
  func agreesWithTheGoldenCase(method: NormalizeMethod) throws {
    let science = try GoldenFile("calib_in.fits").image("SCI")
    let name = method == .none ? "None" : method.rawValue
    let output = try GoldenFile("normalize_\(name).fits")
    let frame = Measured(
      value: Plane(
        width: 64, height: 64, elements: science.pixels.map { Float($0.rounded(.toNearestOrEven)) }),
      error: Plane(width: 64, height: 64, repeating: 2),
      quality: Plane(width: 64, height: 64, repeating: 0))
    let result = try normalize(frame, options: NormalizeOptions(method: method, illuminatedFraction: 0))
    let value = try output.image("DATA").pixels
    let error = try output.image("ERR").pixels
    #expect(largestDifference(result.measured.value.elements.doubles, value) < 1e-5)
    #expect(largestDifference(result.measured.error.elements.doubles, error) < 1e-5)
  }

  @Test func darkAndFlaggedPixelsDoNotCount() throws {
    var frame = Measured(width: 10, height: 10, repeating: 200, error: 2)
    for y in 0..<10 {
      for x in 0..<3 { frame.value[x, y] = 1 }
      frame.value[9, y] = 90000
      frame.quality[9, y] = DQ.doNotUse
      frame.value[8, y] = .nan
    }
    let result = try normalize(frame, options: NormalizeOptions(method: .mean))
    #expect(result.factor == 200)
    #expect(result.measured.value[5, 5] == 1 && result.measured.error[5, 5] == 0.01)
    let flagged = flagFlatOutliers(result.measured)
    #expect(flagged.count == 50)
    #expect(flagged.flat.quality[0, 0] == DQ.noFlatField | DQ.doNotUse && flagged.flat.quality[5, 5] == 0)
  }

  @Test func aFrameWithoutLightIsRefused() {
    let frame = Measured(width: 4, height: 4, repeating: 0, error: 1)
    #expect { try normalize(frame) } throws: { ($0 as? PixelsError)?.code == "nothing-to-normalize" }
  }
}

@Suite struct FlagDarkTests {
  /// Ten darks of read noise 12, 500 injected hot pixels at least 4 sigma above the threshold.
  @Test func injectedHotPixelsAreFound() {
    var noise = Noise(seed: 41)
    let (width, height) = (400, 300)
    let sigma = 12.0 / 10.0.squareRoot() * 1.176
    var hot: Set<Int> = []
    while hot.count < 500 { hot.insert(Int(noise.next() % UInt64(width * height))) }
    let frames = (0..<10).map { _ in
      var frame = Measured.noisy(width, height, value: 5, sigma: 12, &noise)
      for i in hot { frame.value[i % width, i / width] += Float(14.5 * sigma) }
      return frame
    }
    let flagged = flagDark(combine(frames))
    let found = Set(
      flagged.dark.quality.elements.indices.filter { flagged.dark.quality.elements[$0] & DQ.hot != 0 })
    #expect(found.intersection(hot).count >= 495)
    #expect(found.subtracting(hot).count <= 1)
    #expect(abs(flagged.statistics.madSigma / sigma - 1) < 0.03)
  }

  @Test func fewFramesAndLargeScatterAreUnreliable() {
    var noise = Noise(seed: 42)
    var frames = (0..<8).map { _ in Measured.noisy(50, 40, value: 5, sigma: 2, &noise) }
    for j in 0..<8 {
      frames[j].value[3, 3] = j % 2 == 0 ? 60 : -60
      if j > 1 { frames[j].quality[4, 4] = DQ.doNotUse }
    }
    let flagged = flagDark(combine(frames))
    #expect(flagged.dark.quality[3, 3] & DQ.unreliableDark != 0)
    #expect(flagged.dark.quality[4, 4] & DQ.unreliableDark != 0)
    #expect(flagged.unreliable <= 4)
  }
}

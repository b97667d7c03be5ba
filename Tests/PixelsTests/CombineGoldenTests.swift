import Foundation
import Pixels
import Testing

/// Combination against the reference implementation, which clips about the biweight location in units of the
/// root of the biweight midvariance (4 sigma, up to 50 rounds, stacks of 3 and fewer not at all) and leaves
/// out any flag.
///
/// Two pixels of the golden stacks differ by design: at `quantised` six of seven samples are equal, the
/// biweight sigma is 0, and the reference rejects the seventh for being 1 away; ours takes a sigma of 0 to
/// say nothing. At `noError` a frame's error is 0, an infinite weight; ours leaves that sample out of
/// weighted results.
@Suite struct CombineGoldenTests {
  private let quantised = 5, noError = 6

  private func frames(_ count: Int) throws -> [Measured] {
    let file = try GoldenFile("combine_in_\(count).fits")
    let (data, err, dq) = (
      try file.image("DATA").floats, try file.image("ERR").floats, try file.image("DQ").flags
    )
    return (0..<count).map { j in
      let range = j * 2304..<(j + 1) * 2304
      return Measured(
        value: Plane(width: 48, height: 48, elements: Array(data[range])),
        error: Plane(width: 48, height: 48, elements: Array(err[range])),
        quality: Plane(width: 48, height: 48, elements: Array(dq[range])))
    }
  }

  private func options(
    _ method: CombineOptions.Method, clip: Bool, kappa: Float = 4,
    flags: CombineOptions.FlagSource = .allSamples
  ) -> CombineOptions {
    let clipping = Clipping(
      kappaLow: kappa, kappaHigh: kappa, center: .biweight, spread: .biweight, maximumIterations: 50,
      minimumSurvivors: 1, minimumSamples: 4)
    return CombineOptions(
      method: method, weights: .pixelErrors, clipping: clip ? clipping : nil, excludedFlags: .max,
      flags: flags)
  }

  @Test(arguments: [3, 7], CombineOptions.Method.allCases)
  func clippedValuesAgree(count: Int, method: CombineOptions.Method) throws {
    let output = try GoldenFile("combine_\(count)_\(method.rawValue)_clip.fits")
    let result = combine(try frames(count), options: options(method, clip: true))
    let clipped = try output.image("CLIPMASK").pixels
    let inputs = try frames(count).map { $0.value.elements }
    var expected = try output.image("DATA").pixels
    for i in 0..<2304 {
      let left = (0..<count).filter { clipped[$0 * 2304 + i] == 0 && inputs[$0][i].isFinite }.count
      let weighted = method == .wmean || method == .wmedian
      let differs = i == quantised && count == 7 || i == noError && weighted
      if differs { expected[i] = Double(result.measured.value.elements[i]) }
      let used = i == quantised ? count : i == noError && weighted ? count - 1 : left
      #expect(Int(result.count.elements[i]) == used, "samples used at \(i)")
      // The reference writes 0 for a weighted mean of nothing; ours is NaN.
      if left == 0 { expected[i] = .nan }
      // It lets a NaN that no flag marks spread into weighted results; ours leaves the sample out.
      if weighted, inputs.contains(where: { $0[i].isNaN }) {
        expected[i] = Double(result.measured.value.elements[i])
      }
    }
    #expect(largestDifference(result.measured.value.elements.doubles, expected) < 1e-5)
    guard method != .wmedian else { return }
    let flags = zip(try output.image("DQ").flags, result.count.elements).map {
      $1 == 0 ? $0 | DQ.doNotUse : $0
    }
    #expect(result.measured.quality.elements == flags)
  }

  /// Known bug: without clipping the reference averages flagged samples into mean and median. Compared where
  /// no sample is flagged; elsewhere with the mean in double precision of the samples that are not.
  @Test(arguments: [3, 7], [CombineOptions.Method.mean, .median])
  func unclippedValuesAgree(count: Int, method: CombineOptions.Method) throws {
    let output = try GoldenFile("combine_\(count)_\(method.rawValue)_noclip.fits")
    let inputs = try frames(count)
    let result = combine(inputs, options: options(method, clip: false))
    let expected = try output.image("DATA").pixels
    for i in 0..<2304 {
      let used = inputs.filter { $0.quality.elements[i] == 0 && $0.value.elements[i].isFinite }
      let samples = used.map { Double($0.value.elements[i]) }
      let truth =
        method == .mean ? samples.reduce(0, +) / Double(samples.count) : SampleStatistics.median(samples)
      let found = Double(result.measured.value.elements[i])
      #expect(largestDifference([found], [truth]) < 1e-5)
      if used.count == count { #expect(largestDifference([found], [expected[i]]) < 1e-5) }
    }
  }

  /// Known bugs as above, and a NaN that no flag marks spreads into weighted results of the reference: compared
  /// with it where every sample is finite and unflagged; a weighted mean elsewhere with the formula.
  @Test(arguments: [3, 7], [CombineOptions.Method.wmean, .wmedian])
  func unclippedWeightedValuesAgree(count: Int, method: CombineOptions.Method) throws {
    let output = try GoldenFile("combine_\(count)_\(method.rawValue)_noclip.fits")
    let inputs = try frames(count)
    let result = combine(inputs, options: options(method, clip: false))
    let expected = try output.image("DATA").pixels
    var compared = 0
    for i in 0..<2304 where i != noError {
      let used = inputs.filter { $0.quality.elements[i] == 0 && $0.value.elements[i].isFinite }
      let found = Double(result.measured.value.elements[i])
      if used.count == count {
        compared += 1
        #expect(largestDifference([found], [expected[i]]) < 1e-5, "pixel \(i)")
      } else if method == .wmean {
        let weights = used.map { 1 / pow(Double($0.error.elements[i]), 2) }
        let sum = zip(used, weights).reduce(0) { $0 + Double($1.0.value.elements[i]) * $1.1 }
        #expect(largestDifference([found], [sum / weights.reduce(0, +)]) < 1e-5, "pixel \(i)")
      }
    }
    #expect(compared > 2304 * 4 / 5, "too few pixels compared")
  }

  /// The propagated error of a weighted mean with weights 1 / error^2 is the reference's own formula.
  @Test(arguments: [3, 7])
  func propagatedErrorsOfWeightedMeansAgree(count: Int) throws {
    let output = try GoldenFile("combine_\(count)_wmean_noclip.fits")
    let inputs = try frames(count)
    let result = combine(inputs, options: options(.wmean, clip: false))
    let expected = try output.image("ERR_PROPAGATE").pixels
    for i in 0..<2304 where i != noError && inputs.allSatisfy({ $0.value.elements[i].isFinite }) {
      let found = Double(result.measured.error.elements[i])
      #expect(largestDifference([found], [expected[i]]) < 1e-5)
    }
  }

  /// Known bug: the reference's measured error of a mean is the weighted scatter, by 1 / error² even in a plain mean, over
  /// √(n - 1) where √n belongs. Ours is the plain scatter over √n: compared with that in double precision, where the
  /// reference's formula is compared with its own output first.
  @Test func measuredErrorsOfMeansFollowTheMathematics() throws {
    let expected = try GoldenFile("combine_7_mean_noclip.fits").image("ERR_MEASURE").pixels
    let inputs = try frames(7)
    var wanted = options(.mean, clip: false)
    wanted.errors = .measure
    let result = combine(inputs, options: wanted)
    var compared = 0
    for i in 0..<2304
    where i != noError
      && inputs.allSatisfy({ $0.quality.elements[i] == 0 && $0.value.elements[i].isFinite })
    {
      let samples = inputs.map { Double($0.value.elements[i]) }
      let weights = inputs.map { 1 / pow(Double($0.error.elements[i]), 2) }
      #expect(largestDifference([weightedScatter(samples, weights) / 6.0.squareRoot()], [expected[i]]) < 1e-5)
      let plain = weightedScatter(samples, Array(repeating: 1, count: 7)) / 7.0.squareRoot()
      #expect(largestDifference([Double(result.measured.error.elements[i])], [plain]) < 1e-5)
      compared += 1
    }
    #expect(compared > 1800)
  }

  /// The unbiased standard deviation of weighted samples: Σ w d² / (Σ w - Σ w² / Σ w).
  private func weightedScatter(_ samples: [Double], _ weights: [Double]) -> Double {
    let sum = weights.reduce(0, +)
    let mean = zip(samples, weights).reduce(0) { $0 + $1.0 * $1.1 } / sum
    let square = zip(samples, weights).reduce(0) { $0 + $1.1 * ($1.0 - mean) * ($1.0 - mean) }
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    return (square / (sum - squares / sum)).squareRoot()
  }

  /// Two sigma instead of four.
  @Test(arguments: [3, 7])
  func narrowClippingAgrees(count: Int) throws {
    var expected = try GoldenFile("combine_\(count)_thresholds.fits").image("SIG2").pixels
    let result = combine(try frames(count), options: options(.mean, clip: true, kappa: 2))
    if count == 7 { expected[quantised] = 50.0 / 7 }
    #expect(largestDifference(result.measured.value.elements.doubles, expected) < 1e-5)
  }
}

import Pixels
import Testing

@Suite struct GLSFitTests {
  private static let times = [2, 4, 6, 8, 11, 12, 14, 16, 18, 20.0]

  private func fit(_ ramp: Ramp<Float>, gain: Double, noise: Double, _ method: RampFitOptions.Method)
    -> RampFit
  {
    let times = Array(repeating: Self.times, count: ramp.integrations)
    return fitRamp(
      ramp,
      options: RampFitOptions(method: method, times: times, gain: Float(gain), readNoise: Float(noise)))
  }

  /// ALGORITHMS 1.21: bias below a tenth of one pixel's sigma in more than 10,000 pixels, variance and pulls right to
  /// 3 % and 5 %. At 24,000 pixels the mean itself is known to 0.0065 sigma.
  @Test(arguments: [0.01, 0.3, 10, 100, 1000], [1, 3])
  func ratesAreUnbiasedAndErrorsTrue(rate: Double, integrations: Int) {
    let gain = 2.5
    let ramp = Ramp.simulated(
      rate: rate, gain: gain, noise: 12, times: Self.times, integrations: integrations, width: 200,
      height: 120,
      seed: UInt64(rate * 100) + 7)
    let fit = fit(ramp, gain: gain, noise: 12, .gls)
    let pulls = fit.measured.pulls(truth: rate / gain)
    #expect(abs(pulls.std - 1) < 0.05, "pull \(pulls.std)")
    let values = fit.measured.value.elements.map { Double($0) }
    let mean = Self.mean(values)
    let variance = Self.mean(values.map { ($0 - mean) * ($0 - mean) })
    // Errors hold the photon noise of the pixel's own rate where it is positive, which at 0.01 e-/s is that of the read
    // noise's upper half. What is compared is the variance at the true rate.
    let light = rate / gain / Self.mean(values.map { max($0, 0) })
    let told =
      Self.mean(fit.varianceReadNoise.elements.map { Double($0) })
      + light * Self.mean(fit.variancePoisson.elements.map { Double($0) })
    let bias = (mean - rate / gain) / variance.squareRoot()
    #expect(abs(bias) < 0.1, "bias \(bias) sigma")
    #expect(abs(variance / told - 1) < 0.03, "variance ratio \(variance / told)")
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// At high signal equal weights have 1.2 (n^2 + 1) / (n (n + 1)) times the best variance: 5 % of sigma for ten reads.
  /// Without signal they are the best there are, and this must be as good.
  @Test(arguments: [(0.01, 1.02), (1000.0, 0.965)])
  func theNoiseIsNoMoreThanThatOfEqualWeights(rate: Double, bound: Double) {
    let ramp = Ramp.simulated(
      rate: rate, gain: 2, noise: 12, times: Self.times, width: 200, height: 100, seed: 5)
    func scatter(_ method: RampFitOptions.Method) -> Double {
      let values = fit(ramp, gain: 2, noise: 12, method).measured.value.elements.map { Double($0) }
      let mean = values.reduce(0, +) / Double(values.count)
      return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }
    #expect(scatter(.gls) < bound * scatter(.utr))
  }

  /// A ramp of whole rates is fitted exactly; a missing read, a jump and a cut change nothing.
  @Test func gapsJumpsAndCutsAreSegments() {
    var ramp = Ramp<Float>(integrations: 1, reads: 10, height: 1, width: 20, repeating: 0)
    var group = Ramp<UInt8>(integrations: 1, reads: 10, height: 1, width: 20, repeating: 0)
    for j in 0..<10 { for x in 0..<20 { ramp[0, j, x, 0] = 100 + 5 * Float(Self.times[j]) } }
    ramp[0, 4, 1, 0] = .nan
    ramp[0, 0, 2, 0] = 9999
    group[0, 0, 2, 0] = 1
    for j in 6..<10 {
      ramp[0, j, 3, 0] += 4000
      ramp[0, j, 4, 0] = 60000
      ramp[0, j, 18, 0] += 777
    }
    group[0, 6, 3, 0] = 4
    group[0, 6, 18, 0] = 4
    group[0, 5, 18, 0] = 1
    for j in 1..<10 { ramp[0, j, 5, 0] = 60000 }
    for j in 2..<10 { ramp[0, j, 17, 0] = 60000 }
    let options = RampFitOptions(
      method: .gls, times: [Self.times], gain: 1, readNoise: 3, saturation: 50000)
    let fit = fitRamp(ramp, options: options, groupQuality: group)
    let used: [Int: UInt16] = [1: 9, 2: 9, 4: 6, 5: 1, 17: 2, 18: 9]
    for x in 0..<20 {
      #expect(fit.readsUsed[x, 0] == used[x] ?? 10, "pixel \(x)")
      if x == 5 {
        #expect(fit.measured.value[x, 0].isNaN && fit.measured.quality[x, 0] & DQ.doNotUse != 0)
      } else {
        // The pull by the pixel's own rate, which is taken off, is small here.
        #expect(abs(fit.measured.value[x, 0] - 5) < 0.03, "pixel \(x): \(fit.measured.value[x, 0])")
      }
    }
    #expect(fit.measured.quality[3, 0] == DQ.jumpDet && fit.measured.quality[4, 0] == DQ.saturated)
    #expect(fit.measured.error[3, 0] > fit.measured.error[0, 0])
  }

  /// Against the same estimator written down with whole matrices in double precision, with and without gaps.
  @Test(arguments: [[], [3], [0, 5, 6]] as [[Int]])
  func agreesWithWholeMatrices(dropped: [Int]) throws {
    let (gain, noise) = (2.0, 9.0)
    let ramp = Ramp.simulated(
      rate: 60, gain: gain, noise: noise, times: Self.times, width: 50, height: 2, seed: 3)
    let options = RampFitOptions(
      method: .gls, times: [Self.times], gain: Float(gain), readNoise: Float(noise),
      droppedReads: Set(dropped))
    let kept = (0..<10).filter { !dropped.contains($0) }
    expectMatrices(fitRamp(ramp, options: options), ramp, Self.times, kept: kept, gain: gain, noise: noise)
  }

  /// Steps that read the same from both ends have weights that do: those are found by halves, with a pair or with one in
  /// the middle.
  @Test(arguments: [2, 3, 4, 5, 16, 17], [0.5, 60, 2e4])
  func mirroredStepsAgreeWithWholeMatrices(reads: Int, rate: Double) throws {
    // From both ends on the steps grow, to whatever stands in the middle.
    let steps = (0..<reads - 1).map { 1.4 * Double(1 + min($0, reads - 2 - $0)) }
    let times = steps.reduce(into: [3.0]) { $0.append(($0.last ?? 0) + $1) }
    let ramp = Ramp.simulated(
      rate: rate, gain: 2, noise: 9, times: times, width: 50, height: 2, seed: UInt64(reads))
    let options = RampFitOptions(method: .gls, times: [times], gain: 2, readNoise: 9)
    expectMatrices(
      fitRamp(ramp, options: options), ramp, times, kept: Array(0..<reads), gain: 2, noise: 9)
  }

  private func expectMatrices(
    _ fit: RampFit, _ ramp: Ramp<Float>, _ times: [Double], kept: [Int], gain: Double, noise: Double
  ) {
    for i in 0..<100 {
      let y = kept.map { Double(ramp[0, $0, i % 50, i / 50]) }
      let expected = Matrices.rate(y, kept.map { times[$0] }, gain: gain, noise: noise)
      let rate = Double(fit.measured.value[i % 50, i / 50])
      #expect(abs(rate - expected.rate) < 2e-4 * max(abs(expected.rate), expected.error))
      #expect(abs(Double(fit.measured.error[i % 50, i / 50]) / expected.error - 1) < 2e-4)
    }
  }
}

/// The estimator by Gauss elimination, for comparison.
private enum Matrices {
  static func rate(
    _ y: [Double], _ t: [Double], gain: Double, noise: Double
  ) -> (rate: Double, error: Double) {
    let n = y.count - 1
    let dt = (0..<n).map { t[$0 + 1] - t[$0] }
    let d = (0..<n).map { y[$0 + 1] - y[$0] }
    let squared = (noise / gain) * (noise / gain)
    func covariance(_ rate: Double) -> [[Double]] {
      (0..<n).map { i in
        (0..<n).map { j in
          i == j ? rate / gain * dt[i] + 2 * squared : abs(i - j) == 1 ? -squared : 0
        }
      }
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    func weights(_ rate: Double) -> [Double] {
      let z = solveLinear(covariance(rate), dt)
      return z.map { $0 / dot(z, dt) }
    }
    let g = weights(0)
    let first = max(0, dot(g, d))
    let w = weights(first)
    let pull = zip(w, zip(g, dt)).reduce(0) { $0 + $1.0 * ($1.0 - $1.1.0) * $1.1.1 } / gain
    let rate = dot(w, d) - (first > 0 ? pull : 0)
    let truth = covariance(max(0, rate))
    var variance = 0.0
    for i in 0..<n { for j in 0..<n { variance += w[i] * truth[i][j] * w[j] } }
    return (rate, variance.squareRoot())
  }
}

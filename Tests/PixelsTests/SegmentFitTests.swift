import Foundation
import Pixels
import Testing

/// Every method on ramps in segments, with one read, with planes of noise, and its bias and errors.
@Suite struct SegmentFitTests {
  static let times = [2, 4, 6, 8, 11, 12, 14, 16, 18, 20.0]
  static let methods: [RampFitOptions.Method] = [.cds, .mcds(numCoadd: 3), .utr, .optimal, .gls]

  private func line(rate: Float = 5, width: Int = 20) -> Ramp<Float> {
    var ramp = Ramp<Float>(integrations: 1, reads: 10, height: 1, width: width, repeating: 0)
    for j in 0..<10 { for x in 0..<width { ramp[0, j, x, 0] = 100 + rate * Float(Self.times[j]) } }
    return ramp
  }

  private func flags(width: Int = 20) -> Ramp<UInt8> {
    Ramp(integrations: 1, reads: 10, height: 1, width: width, repeating: 0)
  }

  /// Bands whose ends are no multiples of sixteen pixels, with rows that are not theirs, make the whole.
  @Test func bandsArePutInTheirPlace() {
    var noise = Noise(seed: 5)
    let (width, height) = (21, 13)
    var ramp = Ramp<Float>(integrations: 1, reads: 10, height: height, width: width, repeating: 0)
    for j in 0..<10 {
      for y in 0..<height {
        for x in 0..<width { ramp[0, j, x, y] = 100 + 7 * Float(j) + Float(noise.gaussian()) }
      }
    }
    let options = RampFitOptions(method: .gls, times: [Self.times], gain: 2, readNoise: 3)
    let whole = fitRamp(ramp, options: options)
    let assembly = RampFitAssembly(width: width, height: height)
    let band = RampBand(samples: ramp)
    for rows in [5..<6, 9..<13, 0..<5, 6..<9] {
      let wide = max(rows.lowerBound - 1, 0)..<min(rows.upperBound + 1, height)
      fitRamp(
        band.cropped(to: wide), beginningWith: wide.lowerBound, options: options, into: assembly, rows: rows)
    }
    let parts = assembly.fit()
    #expect(parts.measured == whole.measured && parts.readsUsed == whole.readsUsed)
    #expect(parts.variancePoisson == whole.variancePoisson)
    #expect(parts.varianceReadNoise == whole.varianceReadNoise)
  }

  /// A jump, a jump into a missing read, two jumps that leave one read alone, a jump and saturation.
  @Test(arguments: methods)
  func jumpsEndSegments(method: RampFitOptions.Method) {
    var (ramp, group) = (line(), flags())
    func jump(_ x: Int, _ j: Int) {
      for k in j..<10 { ramp[0, k, x, 0] += 4000 }
      group[0, j, x, 0] |= UInt8(DQ.jumpDet)
    }
    jump(1, 6)
    jump(2, 4)
    group[0, 4, 2, 0] |= UInt8(DQ.doNotUse)
    jump(3, 4)
    jump(3, 5)
    jump(17, 3)
    for k in 8..<10 { ramp[0, k, 17, 0] = 60000 }
    let options = RampFitOptions(
      method: method, times: [Self.times], gain: 1, readNoise: 3, saturation: 50000)
    let fit = fitRamp(ramp, options: options, groupQuality: group)
    for x in 0..<20 {
      #expect(abs(fit.measured.value[x, 0] - 5) < 0.03, "pixel \(x): \(fit.measured.value[x, 0])")
      let hasJump = [1, 2, 3, 17].contains(x)
      #expect((fit.measured.quality[x, 0] & DQ.jumpDet != 0) == hasJump)
      #expect(!hasJump || fit.measured.error[x, 0] > fit.measured.error[0, 0] * 1.01)
    }
    #expect(fit.readsUsed[2, 0] == 9 && fit.readsUsed[17, 0] == 8)
  }

  /// Two segments with slopes of their own are weighed by read noise: by the sums of squares of their times.
  @Test func segmentsAreWeighedByReadNoise() {
    var (ramp, group) = (line(rate: 0), flags())
    for j in 0..<6 { ramp[0, j, 0, 0] = 10 * Float(Self.times[j]) }
    for j in 6..<10 { ramp[0, j, 0, 0] = 9000 + 20 * Float(Self.times[j]) }
    group[0, 6, 0, 0] = UInt8(DQ.jumpDet)
    func squares(_ t: ArraySlice<Double>) -> Double {
      let mean = t.reduce(0, +) / Double(t.count)
      return t.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let (a, b) = (squares(Self.times[..<6]), squares(Self.times[6...]))
    let fit = fitRamp(
      ramp, options: RampFitOptions(method: .utr, times: [Self.times], gain: 1, readNoise: 3),
      groupQuality: group)
    #expect(abs(Double(fit.measured.value[0, 0]) / ((10 * a + 20 * b) / (a + b)) - 1) < 1e-6)
    #expect(abs(Double(fit.varianceReadNoise[0, 0]) / (9 / (a + b)) - 1) < 1e-6)
    let last = fitRamp(
      ramp, options: RampFitOptions(method: .cds, times: [Self.times], gain: 1, readNoise: 3),
      groupQuality: group)
    let (s, u) = (100.0, 36.0)  // squared spans: 2 to 12 s, 14 to 20 s
    #expect(abs(Double(last.measured.value[0, 0]) / ((10 * s + 20 * u) / (s + u)) - 1) < 1e-6)
  }

  /// One read is no rate, unless its counts are those since the reset; so is one that is left by saturation.
  @Test(arguments: methods)
  func aSingleReadIsARateWhereTheZeroIsKnown(method: RampFitOptions.Method) {
    var (ramp, group) = (line(), flags())
    for x in 0..<20 { for j in 0..<10 { ramp[0, j, x, 0] = 5 * Float(Self.times[j]) } }
    for j in 1..<10 {
      ramp[0, j, 4, 0] = 60000
      group[0, j, 5, 0] = UInt8(DQ.doNotUse)
      group[0, j, 6, 0] = UInt8(DQ.jumpDet)
    }
    for j in 0..<10 { ramp[0, j, 7, 0] = 60000 }
    var options = RampFitOptions(
      method: method, times: [Self.times], gain: 2, readNoise: 3, saturation: 50000)
    let without = fitRamp(ramp, options: options, groupQuality: group)
    options.zeroIsKnown = true
    let with = fitRamp(ramp, options: options, groupQuality: group)
    for x in 4...7 {
      #expect(without.measured.value[x, 0].isNaN && without.measured.quality[x, 0] & DQ.doNotUse != 0)
    }
    for x in 4...6 {
      #expect(with.measured.value[x, 0] == 5 && with.measured.quality[x, 0] & DQ.doNotUse == 0)
      // Ten data numbers in two seconds: 5 / 2 / 2 of photons, (3 / 2 / 2)^2 of read noise.
      #expect(
        abs(with.variancePoisson[x, 0] - 1.25) < 1e-5 && abs(with.varianceReadNoise[x, 0] - 0.5625) < 1e-5)
    }
    #expect(with.measured.quality[4, 0] & DQ.saturated != 0)
    #expect(with.measured.value[7, 0].isNaN)
    #expect(with.measured.value[0, 0] == without.measured.value[0, 0])
  }

  /// Planes of gain and read noise give what single numbers give, pixel by pixel; gaps take the number, and are flagged.
  @Test(arguments: methods)
  func eachPixelHasItsNoise(method: RampFitOptions.Method) {
    let ramp = Ramp.simulated(rate: 40, gain: 2, noise: 9, times: Self.times, width: 37, height: 2, seed: 9)
    var gains = Plane<Float>(width: 37, height: 2, repeating: 2)
    var noises = Plane<Float>(width: 37, height: 2, repeating: 9)
    for x in 0..<37 where x % 2 == 1 {
      gains[x, 1] = 4
      noises[x, 1] = 20
    }
    gains[2, 0] = .nan
    noises[36, 1] = .nan
    func fit(_ gain: Float?, _ noise: Float?, planes: Bool) -> RampFit {
      fitRamp(
        ramp,
        options: RampFitOptions(
          method: method, times: [Self.times], gain: gain, readNoise: noise, gainPlane: planes ? gains : nil,
          readNoisePlane: planes ? noises : nil))
    }
    let (own, even, odd) = (fit(2, 9, planes: true), fit(2, 9, planes: false), fit(4, 20, planes: false))
    for y in 0..<2 {
      for x in 0..<37 {
        let same = x % 2 == 1 && y == 1 ? odd : even
        #expect(own.measured.value[x, y] == same.measured.value[x, y], "\(x) \(y)")
        #expect(own.measured.error[x, y] == same.measured.error[x, y], "\(x) \(y)")
      }
    }
    #expect(own.measured.quality[2, 0] == DQ.noGainValue | DQ.unreliableError)
    #expect(own.measured.quality[36, 1] == DQ.unreliableError && own.measured.quality[3, 1] == 0)
    let alone = fit(nil, nil, planes: true)
    #expect(
      alone.measured.error[2, 0].isNaN
        && abs(alone.measured.value[2, 0] / even.measured.value[2, 0] - 1) < 0.1)
  }

  @Test func readsAreDroppedFromSingleIntegrations() {
    let times = (0..<8).map { Double($0) }
    var ramp = Ramp<Int32>(integrations: 2, reads: 8, height: 1, width: 16, repeating: 0)
    for i in 0..<2 {
      for j in 0..<8 { for x in 0..<16 { ramp[i, j, x, 0] = Int32(10 * j) + (i == 1 && j == 3 ? 777 : 0) } }
    }
    var options = RampFitOptions(times: [times, times], gain: 1, readNoise: 1)
    options.droppedReadsByIntegration = [1: [3]]
    let fit = fitRamp(ramp, options: options)
    #expect(abs(fit.measured.value[15, 0] - 10) < 1e-5 && fit.readsUsed[0, 0] == 15)
  }

  /// Flags that are all zero change nothing, in whole lanes and at the end of the rows.
  @Test(arguments: methods)
  func flagsOfNothingChangeNothing(method: RampFitOptions.Method) {
    let ramp = Ramp.simulated(rate: 40, gain: 2, noise: 9, times: Self.times, width: 37, height: 3, seed: 9)
    let options = RampFitOptions(method: method, times: [Self.times], gain: 2, readNoise: 9)
    let group = Ramp<UInt8>(integrations: 1, reads: 10, height: 3, width: 37, repeating: 0)
    #expect(fitRamp(ramp, options: options, groupQuality: group) == fitRamp(ramp, options: options))
  }

  /// One pixel with care gives what the lanes give.
  @Test(arguments: [RampFitOptions.Method.cds, .mcds(numCoadd: 3), .utr, .optimal])
  func oneByOneAndTogetherAgree(method: RampFitOptions.Method) {
    let ramp = Ramp.simulated(rate: 300, gain: 2, noise: 9, times: Self.times, width: 64, height: 3, seed: 9)
    let options = RampFitOptions(method: method, times: [Self.times], gain: 2, readNoise: 9)
    let group = Ramp<UInt8>(
      integrations: 1, reads: 10, height: 3, width: 64, repeating: UInt8(DQ.dropout))
    let (careful, whole) = (
      fitRamp(ramp, options: options, groupQuality: group), fitRamp(ramp, options: options)
    )
    #expect(
      largestDifference(careful.measured.value.elements.doubles, whole.measured.value.elements.doubles) < 1e-5
    )
    #expect(
      largestDifference(careful.measured.error.elements.doubles, whole.measured.error.elements.doubles) < 1e-5
    )
    #expect(careful.measured.quality.elements.allSatisfy { $0 == DQ.dropout })
  }
}

@Suite struct FitScienceTests {
  private static let (gain, noise) = (2.5, 12.0)

  /// ALGORITHMS 1.21 for every method: bias below a tenth of one pixel's sigma in 40,000 pixels, variance right to 3 %
  /// and pulls to 5 %; with a jump in a third of the ramps, which is flagged, the same.
  @Test(arguments: [0.01, 0.3, 10, 100, 1000])
  func ratesAreUnbiasedAndErrorsTrue(rate: Double) {
    var ramp = Ramp.simulated(
      rate: rate, gain: Self.gain, noise: Self.noise, times: SegmentFitTests.times, width: 200, height: 200,
      seed: UInt64(rate * 100) + 7)
    var group = Ramp<UInt8>(integrations: 1, reads: 10, height: 200, width: 200, repeating: 0)
    for withJumps in [false, true] {
      let kinds = (0..<40000).map { withJumps && $0 % 3 == 0 ? 1 + $0 % 9 : 0 }
      for i in stride(from: 0, to: 40000, by: 3) where withJumps {
        let j = 1 + i % 9
        for k in j..<10 { ramp[0, k, i % 200, i / 200] += 900 }
        group[0, j, i % 200, i / 200] = UInt8(DQ.jumpDet)
      }
      for method in SegmentFitTests.methods {
        let options = RampFitOptions(
          method: method, times: [SegmentFitTests.times], gain: Float(Self.gain),
          readNoise: Float(Self.noise))
        let fit = fitRamp(ramp, options: options, groupQuality: group)
        check(fit, rate / Self.gain, kinds, "\(method) at \(rate)\(withJumps ? " with jumps" : "")")
      }
    }
  }

  /// - Parameter kinds: the kind of each pixel: those of one kind have the same reads and so the same true variance.
  private func check(_ fit: RampFit, _ truth: Double, _ kinds: [Int], _ what: String) {
    let values = fit.measured.value.elements.doubles
    let (read, poisson) = (fit.varianceReadNoise.elements.doubles, fit.variancePoisson.elements.doubles)
    var (bias, ratio) = (0.0, 0.0)
    for kind in Set(kinds) {
      let pixels = kinds.indices.filter { kinds[$0] == kind }
      func mean(_ number: (Int) -> Double) -> Double {
        pixels.reduce(0) { $0 + number($1) } / Double(pixels.count)
      }
      // Errors hold the photon noise of the pixel's own rate where it is positive; what is compared is the variance at
      // the true rate.
      let variance = mean { read[$0] } + truth / mean { max(values[$0], 0) } * mean { poisson[$0] }
      let share = Double(pixels.count) / Double(kinds.count)
      bias += share * mean { values[$0] - truth } / variance.squareRoot()
      ratio += share * mean { (values[$0] - truth) * (values[$0] - truth) } / variance
    }
    let pull = fit.measured.pulls(truth: truth)
    #expect(abs(bias) < 0.1, "bias \(bias) sigma, \(what)")
    #expect(abs(ratio - 1) < 0.03, "variance ratio \(ratio), \(what)")
    #expect(abs(pull.std - 1) < 0.05, "pull \(pull.std), \(what)")
  }

  /// The scatter of generalised least squares is within 2 % of the least that any unbiased estimate can have: that of
  /// the weights made with the true rate.
  @Test(arguments: [0.01, 1, 10, 100, 1000])
  func generalisedLeastSquaresReachTheBound(rate: Double) {
    let times = SegmentFitTests.times
    let ramp = Ramp.simulated(
      rate: rate, gain: Self.gain, noise: Self.noise, times: times, width: 300, height: 200,
      seed: UInt64(rate * 100) + 70)
    let options = RampFitOptions(
      method: .gls, times: [times], gain: Float(Self.gain), readNoise: Float(Self.noise))
    let values = fitRamp(ramp, options: options).measured.value.elements.doubles
    let mean = values.reduce(0, +) / Double(values.count)
    let scatter = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    #expect(
      scatter * Self.gain < 1.02 * Self.bound(rate, times), "\(scatter * Self.gain / Self.bound(rate, times))"
    )
  }

  /// 1 / sqrt(dt' C^-1 dt) in electrons per second, by elimination of the tridiagonal covariance.
  private static func bound(_ rate: Double, _ times: [Double]) -> Double {
    let dt = zip(times.dropFirst(), times).map { $0 - $1 }
    let squared = noise * noise
    var (pivot, side, information) = (0.0, 0.0, 0.0)
    for (k, step) in dt.enumerated() {
      let link = k == 0 ? 0 : squared / pivot
      pivot = rate * step + 2 * squared - squared * link
      side = step + side * link
      information += side * side / pivot
    }
    return 1 / information.squareRoot()
  }
}

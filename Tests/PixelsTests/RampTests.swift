import Foundation
import Pixels
import Testing

@Suite struct RampGoldenTests {
  /// The golden arrays are (y, x, group, read); a `Ramp` is (integration, read, y, x).
  private func ramp(_ image: GoldenFile.Image, group: Int) -> Ramp<Float> {
    var ramp = Ramp<Float>(integrations: 1, reads: 10, height: 48, width: 48, repeating: 0)
    for y in 0..<48 {
      for x in 0..<48 {
        for read in 0..<10 {
          ramp[0, read, x, y] = Float(image.pixels[((y * 48 + x) * 2 + group) * 10 + read])
        }
      }
    }
    return ramp
  }

  private func fits(_ method: RampFitOptions.Method) throws -> [RampFit] {
    let image = try GoldenFile("nonlin_out.fits").image("KERNEL")
    let times = try GoldenFile("readout_in.fits").image("TIMES").pixels
    return (0..<2).map { group in
      let options = RampFitOptions(method: method, times: [Array(times[group * 10..<(group + 1) * 10])])
      return fitRamp(ramp(image, group: group), options: options)
    }
  }

  /// OLS_F8 and OLS_ERR_F8 are the double precision truth beside the reference, whose error of combined
  /// groups is wrong. Two groups are combined there by their own scatter, as is done here in the test.
  @Test func slopesAndStandardErrorsAgreeWithDoublePrecision() throws {
    let fits = try fits(.utr)
    for groups in [1, 2] {
      let output = try GoldenFile("rampfit_g\(groups)_out.fits")
      let slopes = try output.image("OLS_F8").pixels
      let errors = try output.image("OLS_ERR_F8").pixels
      for i in 0..<2304 {
        let b = fits[0..<groups].map { Double($0.measured.value.elements[i]) }
        let e = fits[0..<groups].map { Double($0.measured.error.elements[i]) }
        var (slope, error) = (b[0], e[0])
        // A group without scatter has no weight by scatter: such pixels are compared in one group only.
        if groups == 2 {
          if e.contains(where: { $0 < 1e-4 }) { continue }
          let w = e.map { 1 / ($0 * $0) }
          slope = (w[0] * b[0] + w[1] * b[1]) / (w[0] + w[1])
          error = 1 / (w[0] + w[1]).squareRoot()
        }
        #expect(largestDifference([slope], [slopes[i]], floor: 0.1) < 1e-5, "slope \(i) of \(groups)")
        #expect(largestDifference([error], [errors[i]], floor: 1e-3) < 1e-3, "error \(i) of \(groups)")
      }
    }
  }

  @Test(arguments: [1, 3])
  func coaddedDifferencesAgree(numCoadd: Int) throws {
    let expected = try GoldenFile("rampfit_g1_out.fits").image("MCDS\(numCoadd)").pixels
    let fit = try fits(.mcds(numCoadd: numCoadd))[0]
    #expect(largestDifference(fit.measured.value.elements.doubles, expected, floor: 1) < 1e-5)
  }

  /// The C library returns counts over the ramp. UPTHERAMP_MS overflows there (a known bug); ours has no
  /// such case.
  @Test func countsOverTheRampAgreeWithTheReadoutLibrary() throws {
    let image = try GoldenFile("readout_in.fits").image("DATA")
    let output = try GoldenFile("iris_readout_c_out.fits")
    let samples = ramp(image, group: 0)
    let raw = Ramp<UInt16>(
      integrations: 1, reads: 10, height: 48, width: 48, elements: samples.elements.map { UInt16($0) })
    let wide = Ramp<Int32>(
      integrations: 1, reads: 10, height: 48, width: 48, elements: samples.elements.map { Int32($0) })
    let times = [(1...10).map { Double(4 * $0) }]
    let utr = RampFitOptions(times: times)
    let mcds = RampFitOptions(method: .mcds(numCoadd: 3), times: times)
    let expected = try output.image("UPTHERAMP_S").pixels
    let expectedM = try output.image("MCDS_S").pixels
    for fit in [fitRamp(raw, options: utr), fitRamp(wide, options: utr)] {
      #expect(
        largestDifference(fit.measured.value.elements.map { Double($0) * 36 }, expected, floor: 10) < 1e-5)
    }
    let fit = fitRamp(raw, options: mcds)
    #expect(
      largestDifference(fit.measured.value.elements.map { Double($0) * 28 }, expectedM, floor: 10) < 1e-5)
  }
}

@Suite struct RampTests {
  @Test(arguments: [0.05, 5, 400], [1, 3])
  func pullsAreOneAndRatesUnbiased(rate: Double, integrations: Int) {
    let times = [2, 4, 6, 8, 11, 12, 14, 16, 18, 20.0]
    let gain = 2.5
    let ramp = Ramp.simulated(
      rate: rate, gain: gain, noise: 12, times: times, integrations: integrations, width: 60, height: 50,
      seed: 11)
    for method in [RampFitOptions.Method.cds, .mcds(numCoadd: 3), .utr] {
      let options = RampFitOptions(
        method: method, times: Array(repeating: times, count: integrations), gain: Float(gain), readNoise: 12)
      let fit = fitRamp(ramp, options: options)
      let pulls = fit.measured.pulls(truth: rate / gain)
      #expect(abs(pulls.std - 1) < 0.05, "\(method) at \(rate)")
      #expect(abs(pulls.mean) < 0.1, "\(method) at \(rate)")
      #expect(fit.readsUsed.elements.allSatisfy { Int($0) == times.count * integrations })
    }
  }

  @Test func variancesAreThePublishedFormulae() {
    let n = 12
    let dt = 3.0
    let gain = 2.0
    let noise = 15.0
    let rate = 40.0
    let times = (0..<n).map { Double($0) * dt }
    var ramp = Ramp<Float>(integrations: 1, reads: n, height: 1, width: 17, repeating: 0)
    for j in 0..<n { for x in 0..<17 { ramp[0, j, x, 0] = Float(1000 + rate / gain * times[j]) } }
    func variances(_ method: RampFitOptions.Method) -> (Double, Double) {
      let fit = fitRamp(
        ramp,
        options: RampFitOptions(method: method, times: [times], gain: Float(gain), readNoise: Float(noise)))
      return (
        Double(fit.variancePoisson[16, 0]) * gain * gain, Double(fit.varianceReadNoise[16, 0]) * gain * gain
      )
    }
    let k = Double(n)
    let utr = variances(.utr)
    #expect(abs(utr.0 / (1.2 * (k * k + 1) / (k * (k * k - 1)) * rate / dt) - 1) < 1e-5)
    #expect(abs(utr.1 / (12 * noise * noise / ((k * k * k - k) * dt * dt)) - 1) < 1e-5)
    for m in [1.0, 4] {
      let span = (k - m) * dt
      let found = variances(.mcds(numCoadd: Int(m)))
      #expect(abs(found.0 / (rate / span * (1 - (m * m - 1) * dt / (3 * m * span))) - 1) < 1e-5)
      #expect(abs(found.1 / (2 * noise * noise / (m * span * span)) - 1) < 1e-5)
    }
  }

  @Test func aPerfectRampGivesItsRateByEveryMethod() {
    let times = [(0..<4).map { Double($0) * 4 }]
    var ramp = Ramp<UInt16>(integrations: 1, reads: 4, height: 5, width: 7, repeating: 0)
    for j in 0..<4 {
      ramp.setPlane(Plane(width: 7, height: 5, repeating: UInt16(4000 * j)), integration: 0, read: j)
    }
    for method in [RampFitOptions.Method.cds, .mcds(numCoadd: 2), .utr, .gls] {
      let fit = fitRamp(ramp, options: RampFitOptions(method: method, times: times))
      #expect(fit.measured.value.elements.allSatisfy { abs($0 - 1000) < 1e-3 })
      #expect(fit.measured.quality.elements.allSatisfy { $0 == DQ.unreliableError })
    }
  }

  /// Ten reads with a saturation cut, a skipped read, a NaN and flags, each in its own pixel of a row of
  /// twenty.
  @Test func cutAndSkippedReadsAreLeftOut() {
    let times = (0..<10).map { Double($0) * 2 }
    var ramp = Ramp<Float>(integrations: 1, reads: 10, height: 1, width: 20, repeating: 0)
    var group = Ramp<UInt8>(integrations: 1, reads: 10, height: 1, width: 20, repeating: 0)
    for j in 0..<10 { for x in 0..<20 { ramp[0, j, x, 0] = 100 + 5 * Float(times[j]) } }
    for j in 6..<10 { ramp[0, j, 1, 0] = 60000 }  // saturates in read 6
    for j in 1..<10 { ramp[0, j, 2, 0] = 60000 }  // in read 1: a single read is left
    for j in 0..<10 { ramp[0, j, 3, 0] = 60000 }  // at once
    ramp[0, 4, 4, 0] = .nan
    ramp[0, 0, 5, 0] = 9999
    group[0, 0, 5, 0] = 1  // DO_NOT_USE
    group[0, 3, 6, 0] = 4  // JUMP_DET: repaired, informs
    for j in 2..<10 { ramp[0, j, 17, 0] = 60000 }  // two reads left
    for j in 5..<10 { ramp[0, j, 18, 0] = 7 }
    group[0, 5, 18, 0] = 2  // SATURATED by an earlier step
    var pixel = Plane<UInt32>(width: 20, height: 1, repeating: 0)
    pixel[7, 0] = DQ.hot
    for method in [RampFitOptions.Method.utr, .cds, .mcds(numCoadd: 2)] {
      let options = RampFitOptions(method: method, times: [times], gain: 1, readNoise: 3, saturation: 50000)
      let fit = fitRamp(ramp, options: options, groupQuality: group, pixelQuality: pixel)
      let used: [Int: UInt16] = [1: 6, 2: 1, 3: 0, 4: 9, 5: 9, 17: 2, 18: 5]
      for x in 0..<20 {
        #expect(fit.readsUsed[x, 0] == used[x] ?? 10, "pixel \(x)")
        if x == 2 || x == 3 {
          #expect(fit.measured.value[x, 0].isNaN && fit.measured.error[x, 0].isNaN)
          #expect(fit.measured.quality[x, 0] & DQ.doNotUse != 0)
        } else {
          #expect(abs(fit.measured.value[x, 0] - 5) < 1e-4, "pixel \(x) by \(method)")
          #expect(fit.measured.error[x, 0] > 0)
        }
        let saturated = [1, 2, 3, 17, 18].contains(x)
        #expect((fit.measured.quality[x, 0] & DQ.saturated != 0) == saturated)
      }
      #expect(fit.measured.quality[5, 0] == 0 && fit.measured.quality[6, 0] == DQ.jumpDet)
      #expect(fit.measured.quality[7, 0] == DQ.hot)
      // A ramp cut to n reads has the errors of a ramp of n reads.
      let short = Ramp<Float>(
        integrations: 1, reads: 6, height: 1, width: 1, elements: (0..<6).map { ramp[0, $0, 0, 0] })
      let same = fitRamp(
        short, options: RampFitOptions(method: method, times: [Array(times[0..<6])], gain: 1, readNoise: 3))
      #expect(abs(same.measured.error[0, 0] / fit.measured.error[1, 0] - 1) < 1e-5)
    }
  }

  @Test func droppedReadsAreMissingNotAGap() {
    let times = (0..<8).map { Double($0) }
    var ramp = Ramp<Int32>(integrations: 1, reads: 8, height: 1, width: 16, repeating: 0)
    for j in 0..<8 { for x in 0..<16 { ramp[0, j, x, 0] = Int32(10 * j) + (j == 3 ? 777 : 0) } }
    let fit = fitRamp(ramp, options: RampFitOptions(times: [times], gain: 1, readNoise: 1, droppedReads: [3]))
    #expect(abs(fit.measured.value[15, 0] - 10) < 1e-5 && fit.readsUsed[0, 0] == 7)
  }

  @Test func integrationsAreWeightedByReadNoiseAlone() {
    let times = (0..<6).map { Double($0) }
    var ramp = Ramp<Float>(integrations: 2, reads: 6, height: 1, width: 1, repeating: 0)
    for j in 0..<6 {
      ramp[0, j, 0, 0] = 10 * Float(j)
      ramp[1, j, 0, 0] = j < 3 ? 20 * Float(j) : 60000
    }
    let options = RampFitOptions(times: [times, times], gain: 1, readNoise: 2, saturation: 50000)
    let fit = fitRamp(ramp, options: options)
    // Sum of squared times about their mean: 17.5 for six reads, 2 for three.
    #expect(abs(Double(fit.measured.value[0, 0]) - (17.5 * 10 + 2 * 20) / 19.5) < 1e-4)
    #expect(abs(Double(fit.varianceReadNoise[0, 0]) - 4 / 19.5) < 1e-5)
  }

  @Test func invalidOptionsAreNamed() {
    func code(_ options: RampFitOptions) -> String? {
      do { try options.validate(integrations: 1, reads: 4) } catch { return error.code }
      return nil
    }
    #expect(code(RampFitOptions(times: [[0, 1, 2]])) == "times-shape")
    #expect(code(RampFitOptions(times: [[0, 1, 1, 2]])) == "times-order")
    #expect(code(RampFitOptions(times: [[0, 1, .nan, 2]])) == "times-order")
    #expect(code(RampFitOptions(method: .mcds(numCoadd: 3), times: [[0, 1, 2, 3]])) == "num-coadd")
    #expect(code(RampFitOptions(times: [[0, 1, 2, 3]], gain: 0)) == "gain-value")
    #expect(code(RampFitOptions(times: [[0, 1, 2, 3]], readNoise: -1)) == "noise-value")
    #expect(code(RampFitOptions(times: [[0, 1, 2, 3]])) == nil)
  }
}

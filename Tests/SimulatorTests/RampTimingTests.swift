import Foundation
import Pixels
import Simulator
import Testing

@Suite struct RampTimingTests {
  let gain = 3.04
  let noise = 12.0
  let rate = 40.0

  @Test func `CDS has the textbook variance`() {
    let timing = RampTiming(.cds, exposureSeconds: 10, frameSeconds: 0.72)
    let expected = rate / (gain * 10) + 2 * pow(noise / (gain * 10), 2)
    #expect(abs(timing.variance(rate: rate, gain: gain, readNoise: noise) / expected - 1) < 1e-12)
    #expect(timing.readTimes == [0.72, 10.72])
  }

  @Test(arguments: [2, 3, 6, 16]) func `UTR has the variance of equal weights`(reads: Int) {
    let timing = RampTiming(.utr(reads: reads), exposureSeconds: 60, frameSeconds: 0.72)
    let n = Double(reads)
    let step = 60 / (n - 1)
    let photons = 1.2 * (n * n + 1) / (n * (n * n - 1)) * rate / (gain * step)
    let expected = photons + 12 * pow(noise / gain, 2) / ((n * n * n - n) * step * step)
    #expect(abs(timing.variance(rate: rate, gain: gain, readNoise: noise) / expected - 1) < 1e-12)
  }

  @Test(arguments: [1, 4]) func `MCDS has the variance of Vacca, Cushing and Rayner`(reads: Int) {
    let timing = RampTiming(.mcds(reads: reads), exposureSeconds: 30, frameSeconds: 0.72)
    let m = Double(reads)
    let photons = rate / (gain * 30) * (1 - (m * m - 1) * 0.72 / (3 * m * 30))
    let expected = photons + 2 * pow(noise / gain, 2) / (m * 900)
    #expect(abs(timing.variance(rate: rate, gain: gain, readNoise: noise) / expected - 1) < 1e-12)
  }

  @Test(arguments: [Sampling.cds, .utr(reads: 6), .mcds(reads: 3)])
  func `the error of a simulated frame is the scatter about the truth`(sampling: Sampling) throws {
    var options = DetectorModel.Options()
    options.hotFraction = 0.01
    let instrument = Instrument(seed: 3, size: 128, detectors: ["IMG1"], options: options)
    for (name, seconds) in [("IMG1-DRK", 300.0), ("IMG1-SCI", 60.0), ("IMG1-NFF", 10.0)] {
      let frameClass = try #require(FrameClass(obsName: name))
      let exposure = Exposure(frameClass, seconds: seconds, sampling: sampling, begin: Night.defaultStart)
      let scene = try instrument.scene(of: exposure)
      let frame = try instrument.rate(of: exposure, scene: scene)
      let pulls = pulls(frame, truth: scene.expected.map { $0 / 3.04 })
      let n = Double(pulls.count)
      let mean = pulls.reduce(0, +) / n
      let deviation = (pulls.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
      // 16384 pixels: sigma of the deviation is 0.0055, of the mean 0.0078; rounding to whole adu adds 0.3 %,
      // and an ERR from the measured value, not the true one, up to 1 % where few electrons were seen.
      #expect(abs(deviation - 1) < 0.03, "\(name)")
      #expect(abs(mean) < 0.06, "\(name)")
    }
  }

  private func pulls(_ frame: Measured, truth: Plane<Float>) -> [Double] {
    zip(zip(frame.value.elements, frame.error.elements), zip(truth.elements, frame.quality.elements))
      .filter { $0.1.1 & DQ.doNotUse == 0 }
      .map { Double(($0.0.0 - $0.1.0) / $0.0.1) }
  }

  @Test func `a level 1 frame is the fit of the reads of the same exposure`() throws {
    let instrument = Instrument(seed: 5, size: 48, detectors: ["IMG1"])
    let frameClass = try #require(FrameClass(obsName: "IMG1-SCI"))
    let exposure = Exposure(frameClass, seconds: 60, sampling: .utr(reads: 6), begin: Night.defaultStart)
    let scene = try instrument.scene(of: exposure)
    let frame = try instrument.rate(of: exposure, scene: scene)
    let ramp = try instrument.ramp(of: exposure, scene: scene)
    let weights = exposure.timing(size: 48).weights
    for y in 0..<48 {
      for x in 0..<48 {
        let slope = (0..<6).reduce(0.0) { $0 + weights[$1] * Double(ramp[0, $1, x, y]) }
        #expect(frame.value[x, y] == Float(slope))
      }
    }
  }
}

import PipelineEngine
import Pixels
import Testing

@Suite struct NoiseModelTests {
  /// Variances by hand for R = 12 e-, gain 3 e-/DN, T = 60 s.
  @Test func formulasOfEachSampling() {
    let (gain, noise, t) = (3.0, 12.0, 60.0)
    let cds = NoiseModel(gain: gain, readNoise: noise, seconds: t, sampling: .cds)
    #expect(abs(cds.constant - 2 * 144 / 9 / 3600) < 1e-12)
    #expect(abs(cds.poisson - 1 / 60.0 / 3) < 1e-12)
    let utr = NoiseModel(gain: gain, readNoise: noise, seconds: t, sampling: .utr(6))
    #expect(abs(utr.constant - 12 * 144 / 9 / ((216 - 6) * 144)) < 1e-12)
    #expect(abs(utr.poisson - 1.2 * 37 / (6 * 35) / 12 / 3) < 1e-12)
    let mcds = NoiseModel(gain: gain, readNoise: noise, seconds: t, sampling: .mcds(4), readSpacing: 0.5)
    #expect(abs(mcds.constant - 2 * 144 / 9 / (4 * 3600)) < 1e-12)
    #expect(abs(mcds.poisson - (1 - 15 * 0.5 / (12 * 60)) / 60 / 3) < 1e-12)
  }

  /// Two reads up the ramp are a CDS, and one read in each group of an MCDS is one.
  @Test func limitsAgree() {
    let cds = NoiseModel(gain: 2, readNoise: 10, seconds: 30, sampling: .cds)
    for sampling in [NoiseModel.Sampling.utr(2), .mcds(1)] {
      let other = NoiseModel(gain: 2, readNoise: 10, seconds: 30, sampling: sampling)
      #expect(abs(other.constant - cds.constant) < 1e-15)
      #expect(abs(other.poisson - cds.poisson) < 1e-15)
    }
  }

  @Test func readModesOfHeaders() {
    #expect(NoiseModel.Sampling(mode: "CDS", reads: nil) == .cds)
    #expect(NoiseModel.Sampling(mode: "MCDS", reads: 8) == .mcds(4))
    #expect(NoiseModel.Sampling(mode: "utr", reads: 6) == .utr(6))
    #expect(NoiseModel.Sampling(mode: nil, reads: nil) == nil)
  }

  @Test func repeatsDivideTheVarianceAndNegativeRatesHaveNoPhotons() {
    let one = NoiseModel(gain: 2, readNoise: 10, seconds: 30, sampling: .cds)
    let four = NoiseModel(gain: 2, readNoise: 10, seconds: 30, sampling: .cds, repeats: 4)
    #expect(abs(four.constant * 4 - one.constant) < 1e-15)
    var image = Measured(width: 2, height: 1)
    image.value[0, 0] = -5
    image.value[1, 0] = 5
    one.fill(&image)
    #expect(image.error[0, 0] == Float(one.constant.squareRoot()))
    #expect(abs(Double(image.error[1, 0]) - (one.poisson * 5 + one.constant).squareRoot()) < 1e-6)
  }
}

import Pixels
import Testing

@Suite struct LinearityTests {
  /// The golden ramp is (y, x, group, read) and its coefficients (y, x, order).
  private func golden() throws -> (band: RampBand, planes: [Plane<Float>], image: GoldenFile.Image) {
    let input = try GoldenFile("readout_in.fits")
    let image = try input.image("DATA")
    let coefficients = try input.image("COEFFS")
    let order = coefficients.shape[2]
    let planes = (0..<order).map { n in
      Plane(
        width: 48, height: 48, elements: (0..<2304).map { Float(coefficients.pixels[$0 * order + n]) })
    }
    var ramp = Ramp<Float>(integrations: 2, reads: 10, height: 48, width: 48, repeating: 0)
    for i in 0..<2304 {
      for k in 0..<2 {
        for j in 0..<10 { ramp[k, j, i % 48, i / 48] = Float(image.pixels[(i * 2 + k) * 10 + j]) }
      }
    }
    return (RampBand(samples: ramp), planes, image)
  }

  /// Horner in single precision, as the reference does, to a relative 1e-5. NONLIN_STEP (`nonlin_step_out.fits`) is the
  /// same cut to 16-bit integers, which wraps below 0 and above 65535: a known bug of the reference.
  @Test func theReferenceImplementationsKernelAgrees() throws {
    var (band, planes, _) = try golden()
    linearise(&band, with: LinearityCoefficients(form: .polynomial, planes: planes))
    let kernel = try GoldenFile("nonlin_out.fits").image("KERNEL").pixels
    let stored = try GoldenFile("nonlin_step_out.fits").image("DATA").pixels
    var wrapped = 0
    for i in 0..<2304 {
      for k in 0..<2 {
        for j in 0..<10 {
          let ours = Double(band.samples[k, j, i % 48, i / 48])
          let at = (i * 2 + k) * 10 + j
          #expect(abs(ours - kernel[at]) <= 1e-5 * max(abs(kernel[at]), 1))
          if (0..<65536).contains(ours) {
            #expect(abs(ours.rounded(.down) - stored[at]) <= 1)
          } else {
            wrapped += 1
            #expect(abs(ours - stored[at]) > 10000)
          }
        }
      }
    }
    #expect(wrapped > 0, "the golden case has reads that the reference cannot store")
    #expect(band.pixelQuality.elements.allSatisfy { $0 == 0 })
  }

  /// Every order, both forms, widths that leave a rest of sixteen, not square: against the sum in double precision.
  @Test(arguments: LinearityForm.allCases, [1, 2, 3, 4, 5, 6, 8])
  func everyOrderIsTheSumOfPowers(form: LinearityForm, order: Int) {
    if form == .polynomial && order < 2 { return }
    var noise = Noise(seed: 5)
    let (width, height) = (37, 3)
    let planes = (0..<order).map { n in
      Plane<Float>(
        width: width, height: height,
        elements: (0..<width * height).map { _ in
          let power = form == .polynomial ? n - 1 : n
          let scale = 0.3 * (0..<max(power, 0)).reduce(1.0) { p, _ in p / 30000 }
          return Float((form == .polynomial && n == 1 ? 1 : 0) + scale * (noise.uniform() - 0.5))
        })
    }
    let samples = Ramp<Float>(
      integrations: 2, reads: 3, height: height, width: width,
      elements: (0..<6 * width * height).map { _ in Float(30000 * noise.uniform()) })
    var band = RampBand(samples: samples)
    linearise(&band, with: LinearityCoefficients(form: form, planes: planes))
    for k in 0..<2 {
      for j in 0..<3 {
        for y in 0..<height {
          for x in 0..<width {
            let f = Double(samples[k, j, x, y])
            var (sum, power) = (0.0, 1.0)
            for plane in planes {
              sum += Double(plane[x, y]) * power
              power *= f
            }
            let expected = form == .polynomial ? sum : f * (1 + sum)
            #expect(abs(Double(band.samples[k, j, x, y]) - expected) < 1e-6 * max(abs(expected), 1))
          }
        }
      }
    }
  }

  /// A detector that loses 5 % at full well, known by its inverse polynomial: 0.2 % at most is left.
  @Test func fivePerCentAtFullWellIsBroughtToTwoPermille() {
    let (full, width) = (60000.0, 64)
    // Measured = true (1 - 0.05 true / full); its inverse to the fourth power of the counts.
    let a = 0.05 / full
    let planes = [0, 1, a, 2 * a * a, 5 * a * a * a].map {
      Plane(width: width, height: 1, repeating: Float($0))
    }
    let truth = (1...10).map { Double($0) * full / 10 }
    let samples = Ramp<Float>(
      integrations: 1, reads: 10, height: 1, width: width,
      elements: truth.flatMap { t in [Float](repeating: Float(t * (1 - a * t)), count: width) })
    #expect(abs(Double(samples[0, 9, 0, 0]) / full - 0.95) < 1e-6)
    var band = RampBand(samples: samples)
    linearise(&band, with: LinearityCoefficients(form: .polynomial, planes: planes))
    for (j, t) in truth.enumerated() {
      #expect(abs(Double(band.samples[0, j, 7, 0]) / t - 1) < 0.002, "\(t)")
    }
    // The same in the other form.
    var other = RampBand(samples: samples)
    let factors = [0, a, 2 * a * a, 5 * a * a * a].map {
      Plane(width: width, height: 1, repeating: Float($0))
    }
    linearise(&other, with: LinearityCoefficients(form: .factor, planes: factors))
    for (j, t) in truth.enumerated() {
      #expect(abs(Double(other.samples[0, j, 7, 0]) / t - 1) < 0.002, "\(t)")
    }
  }

  @Test func pixelsWithoutCoefficientsStayAndSaySo() {
    let width = 19
    var planes = [0, 1, 1e-6].map { Plane<Float>(width: width, height: 1, repeating: $0) }
    planes[2][3, 0] = .nan
    planes[0][17, 0] = .infinity
    planes[1][18, 0] = 0
    var quality = Plane<UInt32>(width: width, height: 1, repeating: 0)
    quality[5, 0] = DQ.noLinCorr | DQ.warm
    quality[6, 0] = DQ.nonlinear
    var band = RampBand(
      samples: Ramp(integrations: 1, reads: 2, height: 1, width: width, repeating: 10000))
    band.samples[0, 1, 1, 0] = .nan
    linearise(&band, with: LinearityCoefficients(form: .polynomial, planes: planes, quality: quality))
    for x in 0..<width {
      let isLost = [3, 5, 17, 18].contains(x)
      #expect(band.samples[0, 0, x, 0] == (isLost ? 10000 : 10100), "\(x)")
      #expect((band.pixelQuality[x, 0] & DQ.noLinCorr != 0) == isLost, "\(x)")
    }
    #expect(band.samples[0, 1, 1, 0].isNaN)
    #expect(band.pixelQuality[1, 0] == 0)
    #expect(band.pixelQuality[5, 0] == DQ.noLinCorr | DQ.warm)
    #expect(band.pixelQuality[6, 0] == DQ.nonlinear)
  }

  @Test func saturatedReadsStay() {
    let planes = [0, 1, 1e-6].map { Plane<Float>(width: 20, height: 1, repeating: $0) }
    var band = RampBand(
      samples: Ramp(integrations: 1, reads: 3, height: 1, width: 20, repeating: 10000))
    band.samples[0, 1, 2, 0] = 50000
    band.samples[0, 1, 18, 0] = 50000
    flagSaturation(&band, level: .all(40000))
    linearise(&band, with: LinearityCoefficients(form: .polynomial, planes: planes))
    for x in [2, 18] {
      #expect((0..<3).map { band.samples[0, $0, x, 0] } == [10100, 50000, 10000])
    }
    #expect((0..<3).map { band.samples[0, $0, 3, 0] } == [10100, 10100, 10100])
  }

  /// A whole ramp as one band, on all cores, is what its rows are one by one.
  @Test func bandsAreThePartsOfTheWhole() throws {
    let (whole, planes, _) = try golden()
    let coefficients = LinearityCoefficients(form: .polynomial, planes: planes)
    var together = whole
    linearise(&together, with: coefficients)
    for rows in [0..<1, 1..<30, 30..<48] {
      var part = RampBand(
        samples: Ramp(
          integrations: 2, reads: 10, height: rows.count, width: 48,
          elements: (0..<20).flatMap { image in
            rows.flatMap { y in (0..<48).map { whole.samples[image / 10, image % 10, $0, y] } }
          }))
      linearise(&part, with: coefficients.rows(rows))
      for image in 0..<20 {
        for y in rows {
          #expect(
            part.samples[image / 10, image % 10, 11, y - rows.lowerBound]
              == together.samples[image / 10, image % 10, 11, y])
        }
      }
    }
  }

  @Test func theFormIsToldByTheSecondCoefficient() {
    func form(_ values: [Float]) -> LinearityForm? {
      LinearityCoefficients.form(bySecond: Plane(width: values.count, height: 1, elements: values))
    }
    #expect(form([0.99, 1.01, .nan, 0, 1]) == .polynomial)
    #expect(form([2e-6, -1e-6, 1e-6]) == .factor)
    #expect(form([0.1, 0.1]) == nil)
    #expect(form([0, .nan]) == nil)
  }
}

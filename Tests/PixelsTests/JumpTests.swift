import Foundation
import Pixels
import Testing

@Suite struct JumpGoldenTests {
  /// The reads and flags of the golden ramp, as one band.
  static func band() throws -> RampBand {
    let file = try GoldenFile("stcal_in.fits")
    let samples = Ramp<Float>(
      integrations: 1, reads: 10, height: 32, width: 32, elements: try file.image("DATA").floats)
    let flags = Ramp<UInt8>(
      integrations: 1, reads: 10, height: 32, width: 32,
      elements: try file.image("GDQ").pixels.map { UInt8($0) })
    return RampBand(samples: samples, groupQuality: flags)
  }

  static let times = [(1...10).map { 4 * Double($0) }]

  /// There the read noise is that of a difference, in data numbers: 10 of them at 2 electrons each.
  static let readNoise = Float(20 / 2.0.squareRoot())

  @Test func flagsAreThoseOfTheReference() throws {
    var band = try Self.band()
    var options = JumpOptions(times: Self.times, gain: 2, readNoise: Self.readNoise)
    options.rejection = 4
    options.neighbours = 10...1000
    detectJumps(in: &band, options: options)
    let expected = try GoldenFile("stcal_jump_out.fits").image("GDQ").pixels
    let found = band.groupQuality.elements.map { Double($0) }
    #expect(found.count { $0 == 4 } > 300)
    #expect(zip(found, expected).count { $0 != $1 } == 0)
  }

  /// Flags of the reference for the fit, with the slopes of both of its implementations. Their variances are known to be
  /// those of other weights than they use (`known_bug`); that from read noise is the one of equal weights.
  @Test(arguments: ["OLS", "OLS_C"])
  func slopesBySignalAgree(algorithm: String) throws {
    var band = try Self.band()
    band.groupQuality = Ramp(
      integrations: 1, reads: 10, height: 32, width: 32,
      elements: try GoldenFile("stcal_jump_out.fits").image("GDQ").pixels.map { UInt8($0) })
    let output = try GoldenFile("stcal_ramp_\(algorithm).fits")
    func fit(_ method: RampFitOptions.Method) -> RampFit {
      fitRamp(
        band.samples,
        options: RampFitOptions(method: method, times: Self.times, gain: 2, readNoise: Self.readNoise),
        groupQuality: band.groupQuality)
    }
    let slopes = try output.image("SLOPE").pixels
    let optimal = fit(.optimal).measured
    // There a pixel that PIXELDQ excludes is NaN; here it keeps its rate and its flag.
    let excluded = try GoldenFile("stcal_in.fits").image("PDQ").flags.map { $0 & DQ.doNotUse != 0 }
    for (i, slope) in slopes.enumerated() where !excluded[i] {
      let own = Double(optimal.value.elements[i])
      #expect(largestDifference([own], [slope]) < 1e-5, "pixel \(i): \(own) for \(slope)")
    }
    let variances = try output.image("VAR_RNOISE").pixels
    let equal = fit(.utr).varianceReadNoise.elements.doubles
    for (i, slope) in slopes.enumerated() where !slope.isNaN {
      #expect(abs(equal[i] / variances[i] - 1) < 1e-5, "pixel \(i)")
    }
  }
}

@Suite struct JumpTests {
  static let times = [2, 4, 6, 8, 11, 12, 14, 16, 18, 20.0]

  private func ramp(integrations: Int = 1, width: Int, height: Int = 1, rate: Float = 3) -> RampBand {
    var samples = Ramp<Float>(
      integrations: integrations, reads: 10, height: height, width: width, repeating: 0)
    for i in 0..<integrations {
      for j in 0..<10 {
        for y in 0..<height {
          for x in 0..<width { samples[i, j, x, y] = 100 + rate * Float(Self.times[j]) }
        }
      }
    }
    return RampBand(samples: samples)
  }

  private func options(_ method: JumpOptions.Method, integrations: Int = 1) -> JumpOptions {
    JumpOptions(
      method: method, times: Array(repeating: Self.times, count: integrations), gain: 2, readNoise: 10)
  }

  private func jumps(_ band: RampBand) -> [[Int]] {
    var found: [[Int]] = []
    for i in 0..<band.integrations {
      for j in 0..<10 {
        for y in 0..<band.height {
          for x in 0..<band.width where UInt32(band.groupQuality[i, j, x, y]) & DQ.jumpDet != 0 {
            found.append([i, j, x, y])
          }
        }
      }
    }
    return found
  }

  @Test(arguments: [JumpOptions.Method.twoPoint, .likelihood])
  func theReadAfterIsFlaggedAndAllJumpsAreFound(method: JumpOptions.Method) {
    var band = ramp(integrations: 2, width: 20)
    func jump(_ i: Int, _ j: Int, _ x: Int, by counts: Float) {
      for k in j..<10 { band.samples[i, k, x, 0] += counts }
    }
    jump(0, 4, 3, by: 60)
    jump(1, 1, 17, by: 70)
    jump(1, 9, 17, by: -80)
    jump(1, 5, 17, by: 400)
    var options = options(method, integrations: 2)
    options.neighbours = nil
    detectJumps(in: &band, options: options)
    #expect(jumps(band) == [[0, 4, 3, 0], [1, 1, 17, 0], [1, 5, 17, 0], [1, 9, 17, 0]])
    detectJumps(in: &band, options: options)
    #expect(jumps(band).count == 4, "a second look finds nothing more")
  }

  @Test(arguments: [JumpOptions.Method.twoPoint, .likelihood])
  func neighboursAreFlaggedUnlessTheyCannotBeUsed(method: JumpOptions.Method) {
    var band = ramp(width: 7, height: 5)
    for k in 6..<10 {
      band.samples[0, k, 3, 2] += 300
      band.samples[0, k, 0, 0] += 300
      band.samples[0, k, 6, 4] += 50  // under ten sigma: stays alone
    }
    band.groupQuality[0, 6, 2, 2] = UInt8(DQ.doNotUse)
    for k in 5..<10 { band.groupQuality[0, k, 3, 3] = UInt8(DQ.saturated) }
    detectJumps(in: &band, options: options(method))
    let expected = [[0, 0], [1, 0], [0, 1], [3, 1], [3, 2], [4, 2], [6, 4]]
    #expect(Set(jumps(band)) == Set(expected.map { [0, 6] + $0 }))
  }

  /// What a whole image gives, its bands give with a row more on either side.
  @Test func bandsWithOneRowMoreGiveTheSame() {
    let samples = Ramp.simulated(
      rate: 20, gain: 2, noise: 10, times: Self.times, width: 40, height: 24, seed: 4)
    var noise = Noise(seed: 8)
    var whole = RampBand(samples: samples)
    for y in 0..<24 {
      let (x, j) = (Int(noise.uniform() * 40), 1 + Int(noise.uniform() * 9))
      for k in j..<10 { whole.samples[0, k, x, y] += 200 }
    }
    let raw = whole
    detectJumps(in: &whole, options: options(.twoPoint))
    for start in stride(from: 0, to: 24, by: 4) {
      let wide = max(start - 1, 0)..<min(start + 5, 24)
      var band = raw.cropped(to: wide)
      detectJumps(in: &band, options: options(.twoPoint))
      let inner = start - wide.lowerBound..<start + 4 - wide.lowerBound
      #expect(
        band.cropped(to: inner).groupQuality == whole.cropped(to: start..<start + 4).groupQuality, "\(start)")
    }
  }

  @Test(arguments: [JumpOptions.Method.twoPoint, .likelihood])
  func unusableReadsAreBridgedAndCut(method: JumpOptions.Method) {
    var band = ramp(width: 18)
    band.samples[0, 5, 0, 0] = .nan  // a jump in the gap is seen at its end
    for k in 5..<10 where k != 5 { band.samples[0, k, 0, 0] += 90 }
    band.groupQuality[0, 3, 1, 0] = UInt8(DQ.doNotUse)
    band.samples[0, 3, 1, 0] = 60000
    for k in 6..<10 {
      band.samples[0, k, 2, 0] = 60000  // from read 6 on saturated
      band.groupQuality[0, k, 2, 0] = UInt8(DQ.saturated)
      band.samples[0, k, 3, 0] = 65535  // at the converter's end
    }
    for k in 6..<10 { band.samples[0, k, 4, 0] += 90 }
    band.pixelQuality[4, 0] = DQ.doNotUse
    for k in 4..<10 { band.samples[0, k, 17, 0] += 90 }
    var options = options(method)
    options.saturation = 65535
    options.neighbours = nil
    detectJumps(in: &band, options: options)
    #expect(jumps(band) == [[0, 4, 17, 0], [0, 6, 0, 0]])
  }

  @Test func readsAfterALargeJumpAreFlaggedForAWhile() {
    var band = ramp(width: 3)
    for k in 4..<10 {
      band.samples[0, k, 0, 0] += 90
      band.samples[0, k, 2, 0] += 5000
    }
    var options = options(.twoPoint)
    options.neighbours = nil
    options.transients = [JumpOptions.Transient(counts: 1000, seconds: 3.5)]
    detectJumps(in: &band, options: options)
    #expect(jumps(band) == [[0, 4, 0, 0], [0, 4, 2, 0], [0, 5, 2, 0], [0, 6, 2, 0]])
  }

  /// A step of 60 is a jump at a read noise of 10 and none at 40; where the plane has no number, there is one for all.
  @Test(arguments: [JumpOptions.Method.twoPoint, .likelihood])
  func eachPixelHasItsNoise(method: JumpOptions.Method) {
    var band = ramp(width: 18)
    for k in 4..<10 { for x in 0..<18 { band.samples[0, k, x, 0] += 60 } }
    var plane = Plane<Float>(width: 18, height: 1, repeating: 40)
    plane[5, 0] = 10
    plane[17, 0] = .nan
    var options = options(method)
    options.readNoisePlane = plane
    options.neighbours = nil
    detectJumps(in: &band, options: options)
    #expect(jumps(band) == [[0, 4, 5, 0], [0, 4, 17, 0]])
  }

  @Test func invalidOptionsAreNamed() {
    func code(_ change: (inout JumpOptions) -> Void) -> String? {
      var options = options(.twoPoint)
      change(&options)
      do { try options.validate(integrations: 1, reads: 10) } catch { return error.code }
      return nil
    }
    #expect(code { $0.gain = nil } == "noise-unknown")
    #expect(code { $0.rejection = 0 } == "threshold-value")
    #expect(code { $0.times = [[1]] } == "times-shape")
    #expect(code { $0.readNoise = -1 } == "noise-value")
    #expect(code { _ in } == nil)
  }

  /// The thresholds that Brandt (2024) gives.
  @Test func improvementsOfChiSquaredAreThePublishedOnes() {
    let options = options(.likelihood)
    #expect(options.chiSquaredOfOne == 20.25 && abs(options.chiSquaredOfTwo - 23.8) < 0.01)
  }
}

@Suite struct JumpScienceTests {
  private static let times = [2, 4, 6, 8, 11, 12, 14, 16, 18, 20.0]
  private static let (gain, noise) = (2.0, 10.0)

  private func detect(_ samples: Ramp<Float>, _ method: JumpOptions.Method, times: [Double]) -> Ramp<UInt8> {
    var band = RampBand(samples: samples)
    var options = JumpOptions(
      method: method, times: Array(repeating: times, count: samples.integrations), gain: Float(Self.gain),
      readNoise: Float(Self.noise))
    options.neighbours = nil
    detectJumps(in: &band, options: options)
    return band.groupQuality
  }

  /// Fewer than 0.1 % of ramps without a jump have one found.
  @Test(arguments: [JumpOptions.Method.twoPoint, .likelihood], [0.05, 2, 100, 1000])
  func falseAlarmsAreRare(method: JumpOptions.Method, rate: Double) {
    let samples = Ramp.simulated(
      rate: rate, gain: Self.gain, noise: Self.noise, times: Self.times, width: 300, height: 200,
      seed: UInt64(rate * 100) + 3)
    let flags = detect(samples, method, times: Self.times).elements
    let count = (0..<60000).count { pixel in (0..<10).contains { flags[$0 * 60000 + pixel] != 0 } }
    #expect(Double(count) / 60000 < 0.001, "\(count) of 60,000")
  }

  /// A cosmic ray of ten times the noise of a difference is found in at least 95 % of ramps, at its read.
  @Test(arguments: [JumpOptions.Method.twoPoint, .likelihood], [0.05, 2, 100, 1000])
  func jumpsOfTenSigmaAreFound(method: JumpOptions.Method, rate: Double) {
    var samples = Ramp.simulated(
      rate: rate, gain: Self.gain, noise: Self.noise, times: Self.times, width: 100, height: 100,
      seed: UInt64(rate * 100) + 5)
    var noise = Noise(seed: 77)
    var reads: [Int] = []
    for i in 0..<10000 {
      let j = 1 + Int(noise.uniform() * 9)
      let sigma = (rate * (Self.times[j] - Self.times[j - 1]) + 2 * Self.noise * Self.noise).squareRoot()
      for k in j..<10 { samples[0, k, i % 100, i / 100] += Float(10 * sigma / Self.gain) }
      reads.append(j)
    }
    let flags = detect(samples, method, times: Self.times).elements
    let found = reads.enumerated().count { flags[$0.element * 10000 + $0.offset] & 4 != 0 }
    #expect(found > 9500, "\(found) of 10,000")
  }
}

@Suite struct QuietRampTests {
  /// Sixteen pixels are looked at together and most passed over: what is found must be what the careful look at every pixel
  /// finds. A flag at the first read, which no difference leads to, makes it look.
  @Test(arguments: [5, 6, 15, 16]) func whatIsPassedOverHasNoJump(reads: Int) {
    var noise = Noise(seed: UInt64(reads))
    let (gain, read) = (2.0, 10.0)
    var samples = Ramp<Float>(integrations: 1, reads: reads, height: 64, width: 250, repeating: 0)
    for y in 0..<64 {
      for x in 0..<250 {
        // Some pixels are dark, some bright, some have a jump about as large as the threshold.
        let rate = x % 3 == 0 ? 0.1 : Double(x)
        let (at, size) = (1 + (x + y) % (reads - 1), x % 16 == 5 ? Double(y) : 0)
        var counts = 0.0
        for j in 0..<reads {
          if j > 0 { counts += rate + (rate / gain).squareRoot() * noise.gaussian() }
          if j == at { counts += size }
          samples[0, j, x, y] = Float(counts + read / gain * noise.gaussian())
        }
      }
    }
    var quick = RampBand(samples: samples)
    var careful = quick
    for y in 0..<64 { for x in 0..<250 { careful.groupQuality[0, 0, x, y] = UInt8(DQ.jumpDet) } }
    let options = JumpOptions(
      times: [(0..<reads).map { Double($0) }], gain: Float(gain), readNoise: Float(read))
    detectJumps(in: &quick, options: options)
    detectJumps(in: &careful, options: options)
    let jump = UInt8(DQ.jumpDet)
    #expect(quick.groupQuality.elements.count { $0 & jump != 0 } > 300)
    for j in 1..<reads {
      #expect(
        quick.groupQuality.plane(integration: 0, read: j)
          == careful.groupQuality.plane(integration: 0, read: j),
        "read \(j)")
    }
  }
}

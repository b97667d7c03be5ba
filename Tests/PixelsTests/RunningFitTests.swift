import Pixels
import Testing

/// The truth is `fitRamp` of the same reads, whose own truth is in `RampTests`.
@Suite struct RunningFitTests {
  private let times = [2.0, 4, 7, 8, 11, 15, 16, 20]
  private let width = 37
  private let height = 29

  private func ramp(integrations: Int = 1, rate: Double = 300) -> Ramp<Float> {
    .simulated(
      rate: rate, gain: 3, noise: 15, times: times, integrations: integrations, width: width,
      height: height, seed: 11)
  }

  private func running(_ method: RunningFitOptions.Method, _ band: RampBand, saturation: Float? = nil) throws
    -> RampFit
  {
    let fit = try RunningFit(
      width: width, height: height,
      options: RunningFitOptions(method: method, gain: 3, readNoise: 15, saturation: saturation))
    for integration in 0..<band.integrations {
      for (read, time) in times.enumerated() { fit.add(one(band, integration, read), at: time) }
      if integration + 1 < band.integrations { fit.endIntegration() }
    }
    return fit.fit()
  }

  private func one(_ band: RampBand, _ integration: Int, _ read: Int) -> RampBand {
    func single<T>(_ ramp: Ramp<T>) -> Ramp<T> {
      let plane = ramp.plane(integration: integration, read: read)
      return Ramp(integrations: 1, reads: 1, height: height, width: width, elements: plane.elements)
    }
    return RampBand(
      samples: single(band.samples), groupQuality: single(band.groupQuality),
      pixelQuality: band.pixelQuality)
  }

  private func whole(_ method: RampFitOptions.Method, _ band: RampBand, saturation: Float? = nil) -> RampFit {
    let options = RampFitOptions(
      method: method, times: Array(repeating: times, count: band.integrations), gain: 3, readNoise: 15,
      saturation: saturation)
    return fitRamp(
      band.samples, options: options, groupQuality: band.groupQuality, pixelQuality: band.pixelQuality)
  }

  private func expectSame(_ a: RampFit, _ b: RampFit) {
    let pairs = [
      (a.measured.value, b.measured.value), (a.measured.error, b.measured.error),
      (a.variancePoisson, b.variancePoisson), (a.varianceReadNoise, b.varianceReadNoise),
    ]
    for (x, y) in pairs {
      for (p, q) in zip(x.elements, y.elements) where !(p.isNaN && q.isNaN) {
        #expect(abs(p - q) <= 2e-5 * max(abs(q), 1), "\(p) \(q)")
      }
    }
    #expect(a.measured.quality == b.measured.quality && a.readsUsed == b.readsUsed)
  }

  @Test(arguments: [1, 3])
  func sumsGiveTheFitOfTheWholeRamp(integrations: Int) throws {
    let band = RampBand(samples: ramp(integrations: integrations))
    try expectSame(running(.utr, band), whole(.utr, band))
    try expectSame(running(.cds, band), whole(.cds, band))
    try expectSame(
      running(.mcds(numCoadd: 3, expectedReads: 8), band), whole(.mcds(numCoadd: 3), band))
  }

  @Test func saturationEndsAPixelsIntegration() throws {
    var band = RampBand(samples: ramp(integrations: 2, rate: 3000))
    // From 16,000 adu on some pixels lose reads; one is full at once, one after a single read.
    for read in 0..<8 { band.samples[0, read, 5, 5] = 60_000 }
    for read in 1..<8 { band.samples[0, read, 6, 5] = 60_000 }
    for integration in 0..<2 {
      for read in 0..<8 { band.samples[integration, read, 7, 5] = 60_000 }
    }
    band.groupQuality[1, 4, 9, 9] = UInt8(DQ.saturated)
    band.pixelQuality[3, 3] = DQ.hot
    let (a, b) = try (running(.utr, band, saturation: 16_000), whole(.utr, band, saturation: 16_000))
    expectSame(a, b)
    #expect(a.measured.quality[7, 5] & (DQ.saturated | DQ.doNotUse) == DQ.saturated | DQ.doNotUse)
    #expect(a.measured.value[7, 5].isNaN && a.readsUsed[9, 9] < 16 && a.measured.quality[3, 3] & DQ.hot != 0)
    try expectSame(running(.cds, band, saturation: 16_000), whole(.cds, band, saturation: 16_000))
  }

  @Test func anUnusableReadEndsThePixelAndNoOther() throws {
    var band = RampBand(samples: ramp())
    band.samples[0, 5, 4, 4] = .nan
    band.groupQuality[0, 0, 8, 8] = UInt8(DQ.doNotUse)
    let fit = try running(.utr, band)
    #expect(fit.readsUsed[4, 4] == 5 && fit.readsUsed[8, 8] == 0 && fit.readsUsed[5, 4] == 8)
    #expect(fit.measured.value[8, 8].isNaN && fit.measured.quality[8, 8] & DQ.doNotUse != 0)
    let few = whole(
      .utr, RampBand(samples: ramp()), saturation: nil)
    #expect(abs(fit.measured.value[5, 4] - few.measured.value[5, 4]) < 1e-3)
  }

  @Test func withoutNoiseTheErrorIsNotKnown() throws {
    let fit = try RunningFit(width: width, height: height, options: RunningFitOptions())
    let band = RampBand(samples: ramp())
    for (read, time) in times.enumerated() { fit.add(one(band, 0, read), at: time) }
    let result = fit.fit()
    #expect(result.measured.error[3, 3].isNaN && result.measured.value[3, 3].isFinite)
    #expect(result.measured.quality[3, 3] & DQ.unreliableError != 0)
  }

  /// Room that was made before is used once: a fit keeps its planes while more reads are added and fitted.
  @Test func aPreparedFitIsTheSameAndKeepsItsPlanes() throws {
    let band = RampBand(samples: ramp())
    let options = RunningFitOptions(gain: 2, readNoise: 5)
    let plain = try RunningFit(width: width, height: height, options: options)
    let prepared = try RunningFit(width: width, height: height, options: options, countsReads: false)
    prepared.prepare()
    for read in 0..<4 { for fit in [plain, prepared] { fit.add(one(band, 0, read), at: times[read]) } }
    let (expected, early) = (plain.fit(), prepared.fit())
    for read in 4..<times.count {
      for fit in [plain, prepared] { fit.add(one(band, 0, read), at: times[read]) }
    }
    let late = prepared.fit()
    #expect(early.measured == expected.measured && early.variancePoisson == expected.variancePoisson)
    #expect(early.readsUsed.count == 0 && expected.readsUsed.count == width * height)
    #expect(late.measured == plain.fit().measured && late.measured != early.measured)
  }

  @Test func optionsThatFitNoRampAreRefused() {
    for (options, code) in [
      (RunningFitOptions(method: .mcds(numCoadd: 5, expectedReads: 8)), "num-coadd"),
      (RunningFitOptions(gain: -1), "gain-value"), (RunningFitOptions(readNoise: .nan), "noise-value"),
    ] {
      let error = #expect(throws: PixelsError.self) {
        try RunningFit(width: 4, height: 4, options: options)
      }
      #expect(error?.code == code)
    }
  }
}

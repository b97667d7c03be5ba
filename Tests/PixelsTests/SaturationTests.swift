import Pixels
import Testing

@Suite struct SaturationTests {
  /// Pixels as columns of one row, reads as given.
  private func band(_ reads: [[Float]], integrations: Int = 1) -> RampBand {
    RampBand(
      samples: Ramp(
        integrations: integrations, reads: reads.count / integrations, height: 1, width: reads[0].count,
        elements: reads.flatMap { $0 }))
  }

  private func flags(_ band: RampBand, x: Int) -> [UInt32] {
    (0..<band.integrations).flatMap { k in
      (0..<band.reads).map { UInt32(band.groupQuality[k, $0, x, 0]) }
    }
  }

  @Test func allReadsAfterTheFirstFullOneAreFlagged() {
    // The second pixel falls again after it was full; the third is full from read 2; the fourth never.
    var band = band([[10, 10, 10, 10], [20, 100, 200, 20], [30, 40, 300, 99]])
    flagSaturation(&band, level: .all(100))
    #expect(flags(band, x: 0) == [0, 0, 0])
    #expect(flags(band, x: 1) == [0, DQ.saturated, DQ.saturated])
    #expect(flags(band, x: 2) == [0, DQ.saturated, DQ.saturated])
    #expect(flags(band, x: 3) == [0, 0, 0])
    #expect(band.pixelQuality.elements == [0, DQ.saturated, DQ.saturated, 0])
  }

  @Test func aResetBeginsAnew() {
    var band = band([[500], [10], [10], [10]], integrations: 2)
    flagSaturation(&band, level: .all(100))
    #expect(flags(band, x: 0) == [DQ.saturated, DQ.saturated, 0, 0])
  }

  @Test func whatWasFlaggedBeforeEndsTheRampToo() {
    var band = band([[10], [10], [10]])
    band.groupQuality[0, 1, 0, 0] = UInt8(DQ.saturated | DQ.dropout)
    flagSaturation(&band, level: .all(100))
    #expect(flags(band, x: 0) == [0, DQ.saturated | DQ.dropout, DQ.saturated])
  }

  /// 40 pixels: two whole groups of sixteen and a rest.
  @Test func eachPixelHasItsLevel() {
    let width = 40
    let levels = Plane(width: width, height: 1, elements: (0..<width).map { Float(100 + $0) })
    var quality = Plane<UInt32>(width: width, height: 1, repeating: 0)
    quality[17, 0] = DQ.hot
    quality[18, 0] = DQ.noSatCheck
    var unknown = levels
    unknown[33, 0] = .nan
    var band = band([(0..<width).map { _ in 50 }, (0..<width).map { _ in 120 }])
    flagSaturation(&band, level: .each(unknown, quality: quality))
    for x in 0..<width {
      let isChecked = x != 18 && x != 33
      let isFull = isChecked && x <= 20
      #expect(flags(band, x: x) == [0, isFull ? DQ.saturated : 0], "\(x)")
      var expected: UInt32 = isFull ? DQ.saturated : 0
      if !isChecked { expected |= DQ.noSatCheck }
      if x == 17 { expected |= DQ.hot }
      #expect(band.pixelQuality[x, 0] == expected, "\(x)")
    }
  }

  @Test func neighboursAreFlaggedWithTheirRead() {
    var band = RampBand(samples: Ramp(integrations: 1, reads: 3, height: 5, width: 6, repeating: 1))
    band.samples[0, 1, 0, 2] = 200
    flagSaturation(&band, level: .all(100))
    growSaturation(&band, by: 1)
    for y in 0..<5 {
      for x in 0..<6 {
        let isNear = x <= 1 && (1...3).contains(y)
        #expect(band.groupQuality[0, 0, x, y] == 0)
        for j in [1, 2] { #expect((band.groupQuality[0, j, x, y] == UInt8(DQ.saturated)) == isNear) }
        #expect((band.pixelQuality[x, y] == DQ.saturated) == isNear)
      }
    }
  }

  @Test func theConverterHasItsEnds() {
    let unknown = Plane<Float>(width: 3, height: 1, elements: [.nan, 60000, .nan])
    var band = band([[0, 5, .nan], [65535, 65535, 70]])
    flagSaturation(&band, level: .each(unknown), options: SaturationOptions(ceiling: 65535, floor: 0))
    #expect(flags(band, x: 0) == [DQ.adFloor | DQ.doNotUse, DQ.saturated])
    #expect(flags(band, x: 1) == [0, DQ.saturated])
    #expect(flags(band, x: 2) == [0, 0])
    #expect(
      band.pixelQuality.elements == [
        DQ.noSatCheck | DQ.saturated, DQ.saturated, DQ.noSatCheck,
      ])
  }
}

/// One level for all pixels passes over blocks in which nothing is full, at the floor or flagged: what it flags is what a
/// plane of the same level flags.
@Suite struct SaturationBlockTests {
  @Test(arguments: [32, 40, 2100], ["floor", "full", "flag", "late", "nothing"])
  func oneLevelIsAPlaneOfIt(width: Int, cause: String) {
    var band = RampBand(
      samples: Ramp(integrations: 2, reads: 4, height: 1, width: width, repeating: 100))
    for x in [2, 4, width - 1] { band.samples[1, 2, x, 0] = .nan }
    switch cause {
    case "floor": band.samples[0, 1, 3, 0] = 0
    case "full": band.samples[1, 1, 3, 0] = 60000
    case "flag": band.groupQuality[1, 0, width - 2, 0] = UInt8(DQ.saturated)
    case "late": band.samples[1, 3, width - 1, 0] = 65535
    default: break
    }
    var each = band
    let options = SaturationOptions(ceiling: 65535, floor: 0)
    flagSaturation(&band, level: .all(60000), options: options)
    flagSaturation(
      &each, level: .each(Plane(width: width, height: 1, repeating: 60000)), options: options)
    #expect(band.groupQuality == each.groupQuality && band.pixelQuality == each.pixelQuality)
    #expect(band.groupQuality.elements.contains { $0 != 0 } == (cause != "nothing"))
  }
}

@Suite struct SuperbiasTests {
  private func band(width: Int, reads: Int) -> RampBand {
    RampBand(
      samples: Ramp(
        integrations: 2, reads: reads, height: 3, width: width,
        elements: (0..<2 * reads * 3 * width).map { Float($0) }))
  }

  @Test func theBiasGoesFromAllReads() {
    let width = 21
    var bias = Plane<Float>(
      width: width, height: 3, elements: (0..<width * 3).map { Float($0) * 0.5 + 100 })
    bias[20, 2] = .nan
    bias[0, 0] = .infinity
    var quality = Plane<UInt32>(width: width, height: 3, repeating: 0)
    quality[5, 1] = DQ.unreliableBias
    let before = band(width: width, reads: 4)
    var band = before
    subtractSuperbias(&band, bias: bias, quality: quality)
    for k in 0..<2 {
      for j in 0..<4 {
        for y in 0..<3 {
          for x in 0..<width {
            let level = bias[x, y].isFinite ? bias[x, y] : 0
            #expect(band.samples[k, j, x, y] == before.samples[k, j, x, y] - level)
          }
        }
      }
    }
    #expect(band.pixelQuality[20, 2] == DQ.unreliableBias)
    #expect(band.pixelQuality[0, 0] == DQ.unreliableBias)
    #expect(band.pixelQuality[5, 1] == DQ.unreliableBias)
    #expect(band.pixelQuality.elements.count { $0 == 0 } == width * 3 - 3)
  }

  @Test func theResetReadIsTheZeroOfItsIntegration() {
    let before = band(width: 21, reads: 3)
    var band = before
    band.samples[1, 0, 4, 2] = .nan
    band.groupQuality[0, 0, 3, 0] = UInt8(DQ.doNotUse)
    subtractResetRead(&band)
    for k in 0..<2 {
      for j in 0..<3 {
        #expect(band.samples[k, j, 20, 1] == Float(j * 63))
      }
    }
    // One integration has no zero, the other has.
    #expect(band.samples[0, 1, 3, 0] == before.samples[0, 1, 3, 0])
    #expect(band.samples[1, 1, 3, 0] == 63)
    #expect(band.samples[1, 2, 4, 2] == before.samples[1, 2, 4, 2])
    #expect(band.pixelQuality[3, 0] == DQ.unreliableBias)
    #expect(band.pixelQuality[4, 2] == DQ.unreliableBias)
    #expect(band.pixelQuality[5, 2] == 0)
  }
}

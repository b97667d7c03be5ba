import Pixels
import Testing

@Suite struct MasterComparisonTests {
  /// Deviates that are Gaussian enough (sum of 12 uniform ones), the same in every run.
  private struct Noise {
    var state: UInt64

    mutating func next() -> Float {
      var sum = -6.0
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Double(state >> 11) / Double(1 << 53)
      }
      return Float(sum)
    }
  }

  private func master(
    level: Float, sigma: Float, seed: UInt64, width: Int = 320, height: Int = 200
  ) -> Measured {
    var noise = Noise(state: seed)
    var image = Measured(width: width, height: height, error: sigma)
    image.value.withUnsafeMutableBuffer { for i in $0.indices { $0[i] = level + sigma * noise.next() } }
    return image
  }

  @Test func equalDetectorsAgree() {
    let found = MasterComparison(
      master(level: 2, sigma: 0.1, seed: 1), previous: master(level: 2, sigma: 0.2, seed: 2))
    #expect(found.compared == 64_000)
    #expect(found.fractionOff == 0)
    // One sigma of the median of 64,000 differences of sigma 0.22 is 0.0011.
    #expect(abs(found.levelDifferenceError - 0.0011) < 0.0001)
    #expect(abs(found.levelDifference) < 4 * found.levelDifferenceError)
    #expect(abs(found.noise - 0.1) < 1e-6 && abs(found.previousNoise - 0.2) < 1e-6)
  }

  @Test func everyPixelThatIsOffCountsOnce() {
    let old = master(level: 2, sigma: 0.1, seed: 1)
    var new = master(level: 2, sigma: 0.1, seed: 2)
    // 640 pixels beyond 6 sqrt(2) 0.1 = 0.85, and as many just within it.
    for x in 0..<320 {
      for y in 0..<2 { new.value[x, y] = old.value[x, y] + 0.86 }
      for y in 2..<4 { new.value[x, y] = old.value[x, y] - 0.84 }
    }
    #expect(MasterComparison(new, previous: old).fractionOff == 0.01)
    #expect(MasterComparison(new, previous: old, sigmas: 5.9).fractionOff == 0.02)
  }

  @Test func pixelsBadInEitherAreLeftOut() {
    var old = Measured(width: 4, height: 1, repeating: 1, error: 0.1)
    var new = Measured(width: 4, height: 1, repeating: 9, error: 0.1)
    old.quality[0, 0] = DQ.doNotUse
    new.value[1, 0] = .nan
    new.error[2, 0] = .nan
    new.quality[3, 0] = DQ.hot
    let found = MasterComparison(new, previous: old)
    #expect(found.compared == 1)
    #expect(found.fractionOff == 1)
    #expect(found.level == 9 && found.previousLevel == 1 && found.levelDifference == 8)
  }

  @Test func nothingInCommonIsNotANumber() {
    var old = Measured(width: 2, height: 2, repeating: 1, error: 1)
    for y in 0..<2 { for x in 0..<2 { old.quality[x, y] = DQ.doNotUse } }
    let found = MasterComparison(Measured(width: 2, height: 2, repeating: 1, error: 1), previous: old)
    #expect(found.compared == 0)
    #expect(found.fractionOff.isNaN && found.level.isNaN)
  }

  @Test func samplesVisitEveryColumn() {
    for width in [4096, 2048, 512, 257, 1000, 1] {
      let count = width * width
      let step = SampleStride.of(count, width: width, samples: 1 << 16)
      #expect(step >= max(1, count >> 16) && step <= max(1, count >> 16) + 64)
      let columns = Set(stride(from: 0, to: count, by: step).map { $0 % width })
      #expect(columns.count == width, "\(width): step \(step)")
    }
  }
}

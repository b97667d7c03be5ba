import Foundation
import Pixels
import Testing

@Suite struct CombineTests {
  /// A stack with outliers, flags, NaN and unequal errors.
  private func stack(_ n: Int, width: Int = 33, height: Int = 7, seed: UInt64) -> [Measured] {
    var noise = Noise(seed: seed)
    return (0..<n).map { _ in
      var frame = Measured.noisy(width, height, value: 1000, sigma: 10, &noise)
      for y in 0..<height {
        for x in 0..<width {
          let dice = noise.uniform()
          if dice < 0.03 { frame.value[x, y] += 300 }
          if dice > 0.97 { frame.quality[x, y] = DQ.doNotUse | DQ.hot }
          if dice > 0.5 && dice < 0.52 { frame.quality[x, y] = DQ.warm }
          if dice > 0.95 && dice < 0.96 { frame.value[x, y] = .nan }
          frame.error[x, y] = Float(10 * (0.9 + 0.2 * noise.uniform()))
        }
      }
      return frame
    }
  }

  /// The same in double precision, one pixel at a time, straight from the definitions.
  private func plain(_ frames: [Measured], _ i: Int, _ method: CombineOptions.Method, clip: Bool) -> [Double]
  {
    var used = frames.filter { $0.quality.elements[i] & DQ.doNotUse == 0 && $0.value.elements[i].isFinite }
      .map { (x: Double($0.value.elements[i]), e: Double($0.error.elements[i]), q: $0.quality.elements[i]) }
    let floor = used.count < 15 ? SampleStatistics.median(used.map(\.e)) : 0
    for _ in 0..<(clip ? 10 : 0) {
      let center = SampleStatistics.median(used.map(\.x))
      let mad = SampleStatistics.medianAbsoluteDeviation(used.map(\.x))
      let sigma = max(1.4826022 * mad, floor)
      let left = used.filter { abs($0.x - center) <= 3 * sigma }
      if left.count == used.count || left.count < 3 { break }
      used = left
    }
    guard !used.isEmpty else { return [.nan, .nan, 0, .nan] }
    let n = Double(used.count)
    let mean = used.reduce(0) { $0 + $1.x } / n
    let isMedian = method == .median
    let factor = isMedian ? medianErrorFactor(samples: used.count) : 1
    let square = used.reduce(0) { $0 + ($1.x - mean) * ($1.x - mean) }
    return [
      isMedian ? SampleStatistics.median(used.map(\.x)) : mean,
      factor * used.reduce(0) { $0 + $1.e * $1.e }.squareRoot() / n, n,
      used.count > 1 ? (square / (n - 1)).squareRoot() : .nan,
    ]
  }

  @Test(arguments: [1, 2, 3, 5, 9, 16, 21], [CombineOptions.Method.mean, .median])
  func agreesWithTheDefinitions(n: Int, method: CombineOptions.Method) {
    let frames = stack(n, seed: UInt64(n))
    for clip in [false, true] {
      let options = CombineOptions(method: method, clipping: clip ? Clipping() : nil)
      let result = combine(frames, options: options)
      for i in 0..<frames[0].count {
        let expected = plain(frames, i, method, clip: clip)
        let found = [
          Double(result.measured.value.elements[i]), Double(result.measured.error.elements[i]),
          Double(result.count.elements[i]), Double(result.scatter.elements[i]),
        ]
        #expect(largestDifference(Array(found[0..<3]), Array(expected[0..<3])) < 1e-5, "pixel \(i)")
        #expect(largestDifference([found[3]], [expected[3]], floor: 1) < 1e-4, "scatter \(i)")
      }
    }
  }

  @Test func theBandedFormEqualsTheWhole() throws {
    let frames = stack(6, width: 29, height: 23, seed: 77)
    for method in CombineOptions.Method.allCases {
      let options = CombineOptions(method: method, weights: .frames([1, 2, 1, 1, 3, 1]))
      let whole = combine(frames, options: options)
      let banded = try combine(
        frameCount: 6, width: 29, height: 23, rowsPerBand: 5, options: options
      ) { frame, rows, room in
        for (k, i) in (rows.lowerBound * 29..<rows.upperBound * 29).enumerated() {
          room.value[k] = frames[frame].value.elements[i]
          room.error[k] = frames[frame].error.elements[i]
          room.quality[k] = frames[frame].quality.elements[i]
        }
      }
      #expect(whole == banded)
    }
  }

  @Test func aPixelWithNoGoodSampleIsNaNAndFlagged() {
    var frames = (0..<4).map { _ in Measured(width: 3, height: 1, repeating: 5, error: 1) }
    for j in 0..<4 { frames[j].quality[1, 0] = DQ.doNotUse | (j == 2 ? DQ.dead : 0) }
    frames[3].quality[0, 0] = DQ.doNotUse | DQ.hot
    frames[2].quality[0, 0] = DQ.warm
    let result = combine(frames)
    #expect(result.measured.value[1, 0].isNaN && result.measured.error[1, 0].isNaN)
    #expect(result.measured.quality[1, 0] == DQ.doNotUse | DQ.dead)
    #expect(result.count[1, 0] == 0 && result.scatter[1, 0].isNaN)
    #expect(result.measured.quality[0, 0] == DQ.warm)
    #expect(result.count[0, 0] == 3)
  }

  @Test func framesOfWeightZeroAreNotUsed() {
    var noise = Noise(seed: 5)
    let frames = (0..<3).map { _ in Measured.noisy(20, 2, value: 50, sigma: 2, &noise) }
    let result = combine(
      frames, options: CombineOptions(method: .wmean, weights: .frames([1, 0, 3]), clipping: nil))
    for i in 0..<40 {
      let a = Double(frames[0].value.elements[i])
      let b = Double(frames[2].value.elements[i])
      #expect(abs(Double(result.measured.value.elements[i]) - (a + 3 * b) / 4) < 1e-4)
      #expect(abs(result.measured.error.elements[i] - 2 * Float(10).squareRoot() / 4) < 1e-5)
      #expect(result.count.elements[i] == 2)
    }
  }

  @Test func weightedMediansFollowTheDefinition() {
    let frames = stack(7, seed: 9)
    let weights: [Float] = [1, 0.3, 2, 1, 1, 0.5, 4]
    let options = CombineOptions(method: .wmedian, weights: .frames(weights), clipping: nil)
    let result = combine(frames, options: options)
    for i in 0..<frames[0].count {
      let used = zip(frames, weights).filter {
        $0.0.quality.elements[i] & DQ.doNotUse == 0 && $0.0.value.elements[i].isFinite
      }
      let expected = SampleStatistics.weightedQuantile(
        used.map { Double($0.0.value.elements[i]) }, weights: used.map { Double($0.1) })
      #expect(largestDifference([Double(result.measured.value.elements[i])], [expected]) < 1e-6)
    }
  }

  /// Propagated errors must describe the scatter of results about the truth: for each method, with and
  /// without clipping, for odd, even, small and large stacks.
  @Test(arguments: CombineOptions.Method.allCases, [3, 5, 8, 12, 25])
  func pullsAreOne(method: CombineOptions.Method, n: Int) {
    var noise = Noise(seed: UInt64(1000 + n))
    let frames = (0..<n).map { _ in Measured.noisy(100, 60, value: 300, sigma: 7, &noise) }
    for clip in [false, true] {
      let options = CombineOptions(method: method, clipping: clip ? Clipping() : nil)
      let pulls = combine(frames, options: options).measured.pulls(truth: 300)
      #expect(abs(pulls.std - 1) < 0.05, "\(method) of \(n), clip \(clip)")
      #expect(abs(pulls.mean) < 4 / Double(pulls.count).squareRoot())
    }
  }

  /// A measured variance is right on average, clipped samples or not (the reference's is 0 where a sample is
  /// clipped).
  @Test func measuredVariancesAreRightOnAverage() {
    var noise = Noise(seed: 4)
    for method in [CombineOptions.Method.mean, .wmean] {
      var frames = (0..<9).map { _ in Measured.noisy(80, 60, value: 300, sigma: 7, &noise) }
      for y in 0..<60 { frames[2].value[0, y] = 900 }
      let options = CombineOptions(
        method: method, clipping: Clipping(kappaLow: 6, kappaHigh: 6), errors: .measure)
      let result = combine(frames, options: options)
      let variances = result.measured.error.elements.doubles.map { $0 * $0 }
      let mean = variances.reduce(0, +) / Double(variances.count)
      #expect(abs(mean / (49.0 / 9) - 1) < 0.03)
      for y in 0..<60 { #expect(result.measured.error[0, y] > 0 && result.count[0, y] == 8) }
    }
  }

  @Test func clippingFindsCosmicRaysInSmallStacks() {
    var noise = Noise(seed: 8)
    var frames = (0..<5).map { _ in Measured.noisy(100, 100, value: 100, sigma: 5, &noise) }
    for y in 0..<100 { frames[y % 5].value[y, y] += 100 }
    let result = combine(frames)
    for y in 0..<100 { #expect(result.count[y, y] <= 4 && abs(result.measured.value[y, y] - 100) < 15) }
    let lost = result.count.elements.filter { $0 < 5 }.count - 100
    #expect(lost < 300, "good pixels that lost a sample")
  }

  @Test func optionsThatDoNotFitAreNamed() {
    func code(_ options: CombineOptions, _ count: Int) -> String? {
      do { try options.validate(frameCount: count) } catch { return error.code }
      return nil
    }
    #expect(code(CombineOptions(), 0) == "no-frames")
    #expect(code(CombineOptions(weights: .frames([1, 2])), 3) == "weights-count")
    #expect(code(CombineOptions(weights: .frames([1, -2])), 2) == "weights-value")
    #expect(code(CombineOptions(clipping: Clipping(kappaLow: 0)), 2) == "clip-value")
    #expect(code(CombineOptions(), 5) == nil)
  }
}

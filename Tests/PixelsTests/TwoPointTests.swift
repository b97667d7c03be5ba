import Pixels
import Testing

/// The search of `JumpOptions.Method.twoPoint` as its definition says, pixel by pixel: sixteen at a time are mostly told
/// clean without their medians, and that must change nothing.
@Suite struct TwoPointTests {
  private static let (gain, noise) = (2.0, 10.0)

  @Test(
    arguments: [[2, 4, 6, 8, 10], [3, 4, 9, 10, 11, 20], (1...16).map { 1.4 * Double($0) }] as [[Double]],
    [0, 5, 300, 20000.0])
  func agreesWithTheDefinition(times: [Double], rate: Double) {
    let (width, height) = (61, 40)
    var band = RampBand(
      samples: .simulated(
        rate: rate, gain: Self.gain, noise: Self.noise, times: times, width: width, height: height, seed: 12))
    var draw = Noise(seed: 5)
    for i in 0..<width * height where i % 7 == 0 {
      for _ in 0...i % 3 {
        let j = 1 + Int(draw.uniform() * Double(times.count - 1))
        let sigma = (rate * (times[j] - times[j - 1]) + 2 * Self.noise * Self.noise).squareRoot() / Self.gain
        let step = Float((draw.uniform() - 0.4) * 14 * sigma)
        for k in j..<times.count { band.samples[0, k, i % width, i / width] += step }
      }
    }
    var options = JumpOptions(times: [times], gain: Float(Self.gain), readNoise: Float(Self.noise))
    options.neighbours = nil
    let raw = band.samples
    detectJumps(in: &band, options: options)
    var count = 0
    for i in 0..<width * height {
      let y = times.indices.map { Double(raw[0, $0, i % width, i / width]) }
      let found = times.indices.filter { band.groupQuality[0, $0, i % width, i / width] != 0 }
      #expect(found == Self.jumps(y, times), "pixel \(i)")
      count += found.count
    }
    #expect(count > 100)
  }

  /// Takes out the worst difference as long as it is above the threshold.
  private static func jumps(_ y: [Double], _ times: [Double]) -> [Int] {
    var left = Array(1..<times.count)
    var found: [Int] = []
    while left.count >= 2 {
      func seconds(_ k: Int) -> Double { times[k] - times[k - 1] }
      func rate(_ k: Int) -> Double { (y[k] - y[k - 1]) / seconds(k) }
      let typical = clippedMedian(left.map(rate))
      func ratio(_ k: Int) -> Double {
        let away = (rate(k) - typical) * seconds(k)
        return abs(away)
          / (abs(typical) * seconds(k) / gain + 2 * (noise / gain) * (noise / gain)).squareRoot()
      }
      let threshold = left.count >= 4 ? 4.5 : left.count == 3 ? 5 : 6
      guard let worst = left.max(by: { ratio($0) < ratio($1) }), ratio(worst) > threshold else { break }
      found.append(worst)
      left.removeAll { $0 == worst }
    }
    return found.sorted()
  }

  /// The median without the largest of four or more; of all three; the smaller of two.
  private static func clippedMedian(_ rates: [Double]) -> Double {
    var sorted = rates.sorted()
    if sorted.count != 3 {
      let largest = abs(sorted[0]) > abs(sorted[sorted.count - 1]) ? 0 : sorted.count - 1
      sorted.remove(at: largest)
    }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

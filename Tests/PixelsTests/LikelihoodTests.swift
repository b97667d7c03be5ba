import Pixels
import Testing

/// The improvements of chi squared against whole matrices: leave out, fit again, subtract.
@Suite struct LikelihoodTests {
  private static let times = [2, 4, 6, 8, 11, 12, 14, 16, 18, 20.0]
  private static let (gain, noise) = (2.0, 10.0)

  /// Ramps with steps about the threshold: what is found agrees with whole matrices in every one, in lanes where most are
  /// clean as well as one by one.
  @Test(arguments: [0.5, 30, 1000])
  func agreesWithWholeMatrices(rate: Double) {
    var band = RampBand(
      samples: .simulated(
        rate: rate, gain: Self.gain, noise: Self.noise, times: Self.times, width: 60, height: 10, seed: 21))
    var draw = Noise(seed: 5)
    for i in 0..<600 {
      for _ in 0..<(i % 3) {
        let j = 1 + Int(draw.uniform() * 9)
        let sigma = (rate * 2 + 2 * Self.noise * Self.noise).squareRoot() / Self.gain
        let step = Float((draw.uniform() - 0.3) * 12 * sigma)
        let last = draw.uniform() < 0.3 ? j : 9  // a wrong read, or a jump
        for k in j...last { band.samples[0, k, i % 60, i / 60] += step }
      }
    }
    var options = JumpOptions(
      method: .likelihood, times: [Self.times], gain: Float(Self.gain), readNoise: Float(Self.noise))
    options.neighbours = nil
    let raw = band.samples
    detectJumps(in: &band, options: options)
    var count = 0
    for i in 0..<600 {
      let y = (0..<10).map { Double(raw[0, $0, i % 60, i / 60]) }
      let found = (1..<10).filter { band.groupQuality[0, $0, i % 60, i / 60] != 0 }
      #expect(found == Whole(y, Self.times, gain: Self.gain, noise: Self.noise).jumps(), "pixel \(i)")
      count += found.count
    }
    #expect(count > 50)
  }
}

/// The search of `JumpOptions.Method.likelihood` by Gauss elimination.
private struct Whole {
  let d: [Double]
  let dt: [Double]
  let covariance: [[Double]]

  init(_ y: [Double], _ t: [Double], gain: Double, noise: Double) {
    let n = y.count - 1
    let dt = (0..<n).map { t[$0 + 1] - t[$0] }
    let d = (0..<n).map { y[$0 + 1] - y[$0] }
    let rates = zip(d, dt).map { $0 / $1 }.sorted()
    let rate = max((rates[(n - 1) / 2] + rates[n / 2]) / 2, 0)
    let squared = (noise / gain) * (noise / gain)
    self.d = d
    self.dt = dt
    covariance = (0..<n).map { i in
      (0..<n).map { j in
        i == j ? rate / gain * dt[i] + 2 * squared : abs(i - j) == 1 ? -squared : 0
      }
    }
  }

  func jumps() -> [Int] {
    var kept = Array(d.indices)
    var out: [Int] = []
    while kept.count >= 3 {
      let all = chiSquared(kept)
      func gain(_ omitted: [Int]) -> Double { all - chiSquared(kept.filter { !omitted.contains($0) }) }
      let ones = kept.map { ([$0], gain([$0]) - 20.25) }
      var best = ones.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil }
      if best == nil, kept.count >= 4 {
        let pairs = zip(kept, kept.dropFirst()).filter { $0 + 1 == $1 }.map {
          ([$0, $1], gain([$0, $1]) - 23.798)
        }
        best = pairs.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil }
      }
      guard let best else { break }
      kept.removeAll { best.contains($0) }
      out += best
    }
    return out.map { $0 + 1 }.sorted()
  }

  private func chiSquared(_ kept: [Int]) -> Double {
    let c = kept.map { i in kept.map { covariance[i][$0] } }
    let u = solveLinear(c, kept.map { dt[$0] })
    let v = solveLinear(c, kept.map { d[$0] })
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let (seconds, counts) = (kept.map { dt[$0] }, kept.map { d[$0] })
    let sum = dot(seconds, v)
    return dot(counts, v) - sum * sum / dot(seconds, u)
  }
}

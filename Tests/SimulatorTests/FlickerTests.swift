import Foundation
import Pixels
import Simulator
import Testing

@Suite struct FlickerTests {
  /// `count` ticks from `start` on.
  private func noise(_ name: UInt64, rms: Double = 1, from start: Int = 0, count: Int) -> [Double] {
    let source = FlickerNoise(name: [7, name], rms: rms, frameTicks: 1 << 12, totalTicks: 1 << 16)
    var out = [Double](repeating: 0, count: count)
    out.withUnsafeMutableBufferPointer { source.add(from: start, to: $0) }
    return out
  }

  /// |Fourier transform|² by the splitting of Cooley and Tukey; a power of two of values.
  private func power(_ values: [Double]) -> [Double] {
    func transform(_ x: [Double], _ start: Int, _ step: Int, _ n: Int) -> [(re: Double, im: Double)] {
      guard n > 1 else { return [(x[start], 0)] }
      let even = transform(x, start, 2 * step, n / 2)
      let odd = transform(x, start + step, 2 * step, n / 2)
      var out = [(re: Double, im: Double)](repeating: (0, 0), count: n)
      for k in 0..<n / 2 {
        let (c, s) = (cos(2 * .pi * Double(k) / Double(n)), -sin(2 * .pi * Double(k) / Double(n)))
        let t = (re: c * odd[k].re - s * odd[k].im, im: c * odd[k].im + s * odd[k].re)
        out[k] = (even[k].re + t.re, even[k].im + t.im)
        out[k + n / 2] = (even[k].re - t.re, even[k].im - t.im)
      }
      return out
    }
    return transform(values, 0, 1, values.count).map { $0.re * $0.re + $0.im * $0.im }
  }

  @Test func `the power falls as one over the frequency`() {
    let count = 1 << 12
    var mean = [Double](repeating: 0, count: count / 2)
    for name in 0..<60 {
      let window = noise(UInt64(name), from: 5000, count: count).enumerated().map {
        $1 * (0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(count)))
      }
      for (k, p) in power(window).prefix(count / 2).enumerated() { mean[k] += p }
    }
    // Over octaves: the power in each is the same, so the mean of power times frequency is.
    var points: [(x: Double, y: Double)] = []
    var low = 8
    while low < 512 {
      let octave = mean[low..<2 * low].reduce(0, +) / Double(low)
      points.append((log(1.5 * Double(low)), log(octave)))
      low *= 2
    }
    let (mx, my) = (statistics(points.map(\.x)).mean, statistics(points.map(\.y)).mean)
    let slope =
      points.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) }
      / points.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
    // 60 spectra, octaves of 8 modes and more: sigma of the slope is 0.02.
    #expect(abs(slope + 1) < 0.1, "\(slope)")
  }

  @Test func `its root mean square within a frame is what was asked for`() {
    let variances = (0..<60).map { statistics(noise(UInt64($0) + 100, rms: 3, count: 1 << 12)).variance }
    // The slowest octaves are nearly constant in a frame and others stand for them: a quarter either way.
    #expect(abs(statistics(variances).mean.squareRoot() / 3 - 1) < 0.25)
  }

  @Test func `any part of it is the same part of the whole`() {
    let whole = noise(3, count: 5000)
    for (start, count) in [(0, 1), (17, 100), (1023, 2), (4096, 904)] {
      let part = noise(3, from: start, count: count)
      for i in 0..<count { #expect(abs(part[i] - whole[start + i]) < 1e-12) }
    }
  }

  @Test func `all outputs share one part of it, and each has another of its own`() throws {
    for (common, own, expected) in [(200.0, 0.0, 1.0), (0, 200, 0), (200, 200, 0.5)] {
      var sum = 0.0
      let rounds = 12
      for seed in 0..<rounds {
        let made = try DetailedDetector(seed: UInt64(seed), size: 128) {
          ($0.channels, $0.commonFlicker, $0.channelFlicker) = (4, common, own)
        }
        let ramp = try made.ramp(of: DetailedDetector.exposure(leak: 0, seconds: 5, reads: 2)).samples
        let difference = ramp.difference(1, 0)
        // The mean of each row in each of the four stripes, less the stripe's mean.
        let stripes = (0..<4).map { stripe -> [Double] in
          let rows = (0..<128).map { y in
            difference[y * 128 + 32 * stripe..<y * 128 + 32 * (stripe + 1)].reduce(0, +) / 32
          }
          let mean = statistics(rows).mean
          return rows.map { $0 - mean }
        }
        let variance = stripes.map { statistics($0).variance }
        for a in 0..<4 {
          for b in 0..<a {
            let product = zip(stripes[a], stripes[b]).reduce(0) { $0 + $1.0 * $1.1 } / 127
            sum += product / (variance[a] * variance[b]).squareRoot() / 6
          }
        }
      }
      #expect(abs(sum / Double(rounds) - expected) < 0.15, "\(common) \(own): \(sum / Double(rounds))")
    }
  }
}

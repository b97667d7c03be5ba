import Foundation
import Pixels

/// A small seeded generator (SplitMix64) with Gaussian and Poisson deviates, so that tests draw the same
/// numbers everywhere.
struct Noise: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  mutating func gaussian() -> Double {
    (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
  }

  /// Poisson deviates by multiplication for small means, by a rounded Gaussian above 200.
  mutating func poisson(_ mean: Double) -> Double {
    if mean > 200 { return max((mean + mean.squareRoot() * gaussian()).rounded(), 0) }
    let limit = exp(-mean)
    var product = uniform()
    var k = 0.0
    while product > limit {
      product *= uniform()
      k += 1
    }
    return k
  }
}

extension Measured {
  /// An image of `value` plus Gaussian noise of `sigma`, which is its error.
  static func noisy(_ width: Int, _ height: Int, value: Double, sigma: Double, _ noise: inout Noise)
    -> Measured
  {
    let pixels = (0..<width * height).map { _ in Float(value + sigma * noise.gaussian()) }
    return Measured(
      value: Plane(width: width, height: height, elements: pixels),
      error: Plane(width: width, height: height, repeating: Float(sigma)),
      quality: Plane(width: width, height: height, repeating: DQ.none))
  }

  /// The spread of (value - truth) / error over pixels that may be used, and the mean of it.
  func pulls(truth: Double) -> (mean: Double, std: Double, count: Int) {
    var pulls: [Double] = []
    for ((x, e), q) in zip(zip(value.elements, error.elements), quality.elements) where q & DQ.doNotUse == 0 {
      pulls.append((Double(x) - truth) / Double(e))
    }
    let mean = pulls.reduce(0, +) / Double(pulls.count)
    let square = pulls.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (square / Double(pulls.count - 1)).squareRoot(), pulls.count)
  }
}

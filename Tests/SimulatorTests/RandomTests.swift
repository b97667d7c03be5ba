import Foundation
import Pixels
import Simulator
import Testing

@Suite struct RandomTests {
  /// Mean, variance and third central moment of `count` draws.
  private func moments(_ count: Int, _ draw: (Int) -> Double) -> (
    mean: Double, variance: Double, third: Double
  ) {
    let values = (0..<count).map(draw)
    let mean = values.reduce(0, +) / Double(count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    let third = values.reduce(0) { $0 + pow($1 - mean, 3) } / Double(count)
    return (mean, variance, third)
  }

  @Test func `a stream is a function of its name`() {
    var a = RandomStream(1, 2, 3)
    var b = RandomStream(1, 2, 3)
    var c = RandomStream(1, 3, 2)
    let first = (0..<8).map { _ in a.next() }
    #expect(first == (0..<8).map { _ in b.next() })
    #expect(first != (0..<8).map { _ in c.next() })
  }

  @Test func `gaussian deviates have the moments and tails of the normal distribution`() {
    var random = RandomStream(11)
    let count = 1_000_000
    var beyond3 = 0
    var fourth = 0.0
    let found = moments(count) { _ in
      let x = normalDeviate(&random)
      if abs(x) > 3 { beyond3 += 1 }
      fourth += x * x * x * x
      return x
    }
    // Five sigmas of each estimator: 1/sqrt(n), sqrt(2/n), sqrt(15/n), sqrt(96/n).
    #expect(abs(found.mean) < 0.005)
    #expect(abs(found.variance - 1) < 0.0071)
    #expect(abs(found.third) < 0.0194)
    #expect(abs(fourth / Double(count) - 3) < 0.049)
    // P(|x| > 3) = 0.0026998; sigma of the count is 52.
    #expect(abs(Double(beyond3) - 2699.8) < 5 * 52)
  }

  @Test(arguments: [0.0, 0.02, 0.7, 3, 9.9, 10, 14.5, 80, 1000, 45_000])
  func `poisson numbers have the mean, variance and skewness of their mean`(mean: Double) {
    var random = RandomStream(12, UInt64(mean * 1000))
    let count = 400_000
    let found = moments(count) { _ in poissonDeviate(mean: mean, &random) }
    let n = Double(count)
    #expect(abs(found.mean - mean) <= 5 * (mean / n).squareRoot())
    // Var of the sample variance: (mu4 - mu2^2)/n with mu4 = mean + 3 mean^2.
    #expect(abs(found.variance - mean) <= 5 * ((mean + 2 * mean * mean) / n).squareRoot())
    // Var of the third moment, to leading orders of a Poisson distribution.
    let spread = (15 * pow(mean, 3) + 24 * mean * mean + mean) / n
    #expect(abs(found.third - mean) <= 6 * spread.squareRoot())
  }

  @Test func `poisson frequencies follow the distribution on both sides of the switch of methods`() {
    for mean in [9.5, 10.5] {
      var random = RandomStream(13, UInt64(mean * 10))
      let draws = 200_000
      var counts = [Int](repeating: 0, count: 60)
      for _ in 0..<draws { counts[min(Int(poissonDeviate(mean: mean, &random)), 59)] += 1 }
      var chi2 = 0.0
      var bins = 0
      for k in 0..<40 {
        let expected = Double(draws) * exp(Double(k) * log(mean) - mean - lgamma(Double(k) + 1))
        guard expected > 20 else { continue }
        chi2 += pow(Double(counts[k]) - expected, 2) / expected
        bins += 1
      }
      #expect(chi2 < Double(bins) + 5 * (2 * Double(bins)).squareRoot())
    }
  }
}

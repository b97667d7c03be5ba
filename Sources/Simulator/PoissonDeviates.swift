import Glibc

/// Draws exact Poisson numbers of one mean: by multiplication (Knuth 1969) below 10, by transformed rejection
/// with squeeze (PTRS, Hörmann 1993, Insurance: Mathematics and Economics 12, 39) from 10 on.
struct PoissonDeviates {
  private let mean: Double
  private let limit: Double
  private let a: Double
  private let b: Double
  private let squeeze: Double

  /// Prepares draws of mean `mean`; a mean that is not above 0 gives zeros.
  @inline(__always) init(mean: Double) {
    self.mean = mean
    if mean < 10 {
      limit = mean > 0 ? exp(-mean) : 1
      a = 0
      b = 0
      squeeze = 0
    } else {
      limit = 0
      b = 0.931 + 2.53 * mean.squareRoot()
      a = -0.059 + 0.02483 * b
      squeeze = 0.9277 - 3.6224 / (b - 2)
    }
  }

  /// The next number.
  @inline(__always) func next(_ random: inout RandomStream) -> Double {
    mean < 10 ? byMultiplication(&random) : byRejection(&random)
  }

  @inline(__always) private func byMultiplication(_ random: inout RandomStream) -> Double {
    var count = 0.0
    var product = random.uniform()
    // uniform() is below 1, so a mean of zero (limit 1) ends at once.
    while product >= limit {
      count += 1
      product *= random.uniform()
    }
    return count
  }

  @inline(__always) private func byRejection(_ random: inout RandomStream) -> Double {
    while true {
      let u = random.uniform() - 0.5
      let v = 1 - random.uniform()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07 && v <= squeeze { return k }
      if k < 0 || (us < 0.013 && v > us) { continue }
      if accepts(k: k, us: us, v: v) { return k }
    }
  }

  @inline(never) private func accepts(k: Double, us: Double, v: Double) -> Bool {
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let left = log(v * inverseAlpha / (a / (us * us) + b))
    return left <= k * log(mean) - mean - Double.logFactorial(k)
  }
}

/// One Poisson number of mean `mean`.
package func poissonDeviate(mean: Double, _ random: inout RandomStream) -> Double {
  PoissonDeviates(mean: mean).next(&random)
}

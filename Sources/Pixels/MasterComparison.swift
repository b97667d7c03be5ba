import Synchronization

/// How a new master differs from the one before it.
public struct MasterComparison: Sendable, Equatable {
  /// Pixels that are good (no `DO_NOT_USE`, finite value and error) in both.
  public let compared: Int
  /// Fraction of them that are off by more than `sigmas` times the combined error; NaN when there are none.
  public let fractionOff: Double
  /// Medians of the compared pixels.
  public let level: Double
  public let previousLevel: Double
  /// Median of new - previous, and one standard error of that median.
  public let levelDifference: Double
  public let levelDifferenceError: Double
  /// Median errors of the compared pixels.
  public let noise: Double
  public let previousNoise: Double

  /// Compares two masters of one shape and unit.
  ///
  /// Every pixel counts for ``fractionOff``; medians are of an even sample of about `samples` pixels. The error of a
  /// median of n Gaussian samples is `sqrt(pi / 2) sigma / sqrt(n)`, with sigma from the MAD.
  /// - Precondition: the shapes agree.
  public init(_ new: Measured, previous: Measured, sigmas: Float = 6, samples: Int = 1 << 16) {
    precondition(new.hasShape(of: previous), "masters of different shapes")
    let counts = Self.count(new, previous, sigmas)
    compared = counts.good
    fractionOff = counts.good == 0 ? .nan : Double(counts.off) / Double(counts.good)
    let sample = Sample(new, previous, stride: SampleStride.of(new.count, width: new.width, samples: samples))
    level = SampleStatistics.median(sample.new)
    previousLevel = SampleStatistics.median(sample.previous)
    noise = SampleStatistics.median(sample.newErrors)
    previousNoise = SampleStatistics.median(sample.previousErrors)
    let differences = zip(sample.new, sample.previous).map { $0 - $1 }
    let center = SampleStatistics.median(differences)
    levelDifference = center
    let sigma = madToSigma * SampleStatistics.medianAbsoluteDeviation(differences, center: center)
    levelDifferenceError = (Double.pi / 2 / Double(differences.count)).squareRoot() * sigma
  }

  private static func count(
    _ new: Measured, _ previous: Measured, _ sigmas: Float
  ) -> (good: Int, off: Int) {
    let total = Mutex((good: 0, off: 0))
    forEachRowBand(height: new.height, width: new.width) { rows in
      let range = rows.lowerBound * new.width..<rows.upperBound * new.width
      var (good, off) = (0, 0)
      Pair.withBuffers(new, previous) { pair in
        for i in range where pair.isGood(i) {
          good += 1
          let (a, b) = (pair.newErrors[i], pair.previousErrors[i])
          let limit = sigmas * (a * a + b * b).squareRoot()
          if abs(pair.new[i] - pair.previous[i]) > limit { off += 1 }
        }
      }
      total.withLock { $0 = ($0.good + good, $0.off + off) }
    }
    return total.withLock { $0 }
  }
}

/// Samples spread evenly over an image without falling into step with its columns.
package enum SampleStride {
  /// A step that takes about `samples` of `count` pixels and has no factor in common with `width`.
  package static func of(_ count: Int, width: Int, samples: Int) -> Int {
    var stride = max(1, count / max(1, samples))
    while stride > 1, divisor(stride, width) != 1 { stride += 1 }
    return stride
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
}

/// The planes of two masters, side by side.
private struct Pair {
  let new: UnsafeBufferPointer<Float>
  let newErrors: UnsafeBufferPointer<Float>
  let newFlags: UnsafeBufferPointer<UInt32>
  let previous: UnsafeBufferPointer<Float>
  let previousErrors: UnsafeBufferPointer<Float>
  let previousFlags: UnsafeBufferPointer<UInt32>

  static func withBuffers(_ new: Measured, _ previous: Measured, _ body: (Pair) -> Void) {
    new.value.withUnsafeBuffer { a in
      new.error.withUnsafeBuffer { b in
        new.quality.withUnsafeBuffer { c in
          previous.value.withUnsafeBuffer { d in
            previous.error.withUnsafeBuffer { e in
              previous.quality.withUnsafeBuffer { f in
                body(
                  Pair(
                    new: a, newErrors: b, newFlags: c, previous: d, previousErrors: e, previousFlags: f))
              }
            }
          }
        }
      }
    }
  }

  @inline(__always) func isGood(_ i: Int) -> Bool {
    (newFlags[i] | previousFlags[i]) & DQ.doNotUse == 0
      && (new[i] - previous[i]).isFinite && (newErrors[i] + previousErrors[i]).isFinite
  }
}

/// Some of the pixels that are good in both.
private struct Sample {
  var new: [Double] = []
  var previous: [Double] = []
  var newErrors: [Double] = []
  var previousErrors: [Double] = []

  init(_ new: Measured, _ previous: Measured, stride step: Int) {
    Pair.withBuffers(new, previous) { pair in
      for i in stride(from: 0, to: new.count, by: step) where pair.isGood(i) {
        self.new.append(Double(pair.new[i]))
        self.previous.append(Double(pair.previous[i]))
        newErrors.append(Double(pair.newErrors[i]))
        previousErrors.append(Double(pair.previousErrors[i]))
      }
    }
  }
}

import Dispatch
import Foundation
import Synchronization

extension GoodSamples {
  /// Samples within these bounds count; both ends are inside.
  struct Bounds: Sendable {
    var low = -Float.greatestFiniteMagnitude
    var high = Float.greatestFiniteMagnitude
  }

  /// The median of the samples within bounds, `count` of them; of their distances from `center` if one is
  /// given.
  func median(_ bounds: Bounds, count: Int, from center: Float? = nil) -> Float {
    guard count > 0 else { return .nan }
    let (lower, upper) = middle(count, bounds, center)
    return count % 2 == 1 ? upper : 0.5 * lower + 0.5 * upper
  }

  /// The smallest sample that at least `share` (0…1) of them do not exceed; NaN without a sample.
  func quantile(_ share: Double) -> Float {
    guard count > 0 else { return .nan }
    let rank = min(max(Int((share * Double(count)).rounded(.up)) - 1, 0), count - 1)
    let coarse = Self.bucket(of: rank, in: histogram(Bounds(), nil, within: nil))
    let fine = histogram(Bounds(), nil, within: coarse.index)
    return Self.value(coarse.index, Self.bucket(of: coarse.rest, in: fine).index)
  }

  /// Samples of at least `fraction` of the bright ones (the 90th percentile) are illuminated; all where there is no light.
  ///
  /// A share of the median would fail where less than half of the pixels are lit (slicers).
  func illuminated(_ fraction: Float) -> (bounds: Bounds, count: Int) {
    var bounds = Bounds()
    let bright = fraction > 0 ? quantile(0.9) : 0
    guard bright > 0 else { return (bounds, count) }
    bounds.low = fraction * bright
    return (bounds, count(within: bounds))
  }

  /// The samples of rank (count - 1) / 2 and count / 2, by two histograms of 16 bits each: exact, without a
  /// copy.
  private func middle(_ count: Int, _ bounds: Bounds, _ center: Float?) -> (Float, Float) {
    let coarse = histogram(bounds, center, within: nil)
    let lower = Self.bucket(of: (count - 1) / 2, in: coarse)
    let upper = Self.bucket(of: count / 2, in: coarse)
    var fine = histogram(bounds, center, within: lower.index)
    let first = Self.value(lower.index, Self.bucket(of: lower.rest, in: fine).index)
    if upper.index != lower.index { fine = histogram(bounds, center, within: upper.index) }
    return (first, Self.value(upper.index, Self.bucket(of: upper.rest, in: fine).index))
  }

  /// The bucket that holds a rank, and the rank inside it.
  private static func bucket(of rank: Int, in histogram: [UInt32]) -> (index: Int, rest: Int) {
    var rest = rank
    for (index, count) in histogram.enumerated() {
      if rest < Int(count) { return (index, rest) }
      rest -= Int(count)
    }
    return (histogram.count - 1, 0)
  }

  /// The float of a key's two halves.
  private static func value(_ high: Int, _ low: Int) -> Float {
    FloatOrder.value(UInt32(high) << 16 | UInt32(low))
  }

  /// How many samples fall in each bucket of the upper 16 bits of their keys, or, given those, of the lower.
  private func histogram(_ bounds: Bounds, _ center: Float?, within prefix: Int?) -> [UInt32] {
    let parts = count < 1 << 18 ? 1 : 2 * ProcessInfo.processInfo.activeProcessorCount
    let tables = PixelStorage<UInt32>(uninitialized: parts * 65536)
    let target = FilledPixels(base: tables.base)
    let samples = base
    let count = count
    withExtendedLifetime(self) {
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let table = target.base + part * 65536
        table.update(repeating: 0, count: 65536)
        let range = count * part / parts..<count * (part + 1) / parts
        Self.fill(table, samples.base, range, bounds, center, prefix)
      }
    }
    var sum = [UInt32](repeating: 0, count: 65536)
    for part in 0..<parts {
      for i in 0..<65536 { sum[i] &+= tables.base[part * 65536 + i] }
    }
    return sum
  }

  private static func fill(
    _ table: UnsafeMutablePointer<UInt32>, _ samples: UnsafePointer<Float>, _ range: Range<Int>,
    _ bounds: Bounds, _ center: Float?, _ prefix: Int?
  ) {
    // Distances are positive, so that taking them from 0 of |x| or of x itself needs no branch per sample.
    let origin = center ?? 0
    let signBit: UInt32 = center == nil ? 0 : 0x8000_0000
    let (low, high) = (bounds.low, bounds.high)
    @inline(__always) func key(_ x: Float) -> UInt32 {
      FloatOrder.key(Float(bitPattern: (x - origin).bitPattern & ~signBit))
    }
    if let prefix {
      let wanted = UInt32(prefix)
      for i in range {
        let x = samples[i]
        let k = key(x)
        if k >> 16 == wanted && x >= low && x <= high { table[Int(k & 0xffff)] &+= 1 }
      }
    } else {
      for i in range {
        let x = samples[i]
        if x >= low && x <= high { table[Int(key(x) >> 16)] &+= 1 }
      }
    }
  }

  /// Number, mean and standard deviation (n - 1) of the samples within bounds, in double precision.
  func moments(_ bounds: Bounds) -> (count: Int, mean: Double, std: Double) {
    let (count, sum) = sums(bounds) { Double($0) }
    guard count > 0 else { return (0, .nan, .nan) }
    let mean = sum / Double(count)
    let square = sums(bounds) { (Double($0) - mean) * (Double($0) - mean) }.sum
    return (count, mean, count > 1 ? (square / Double(count - 1)).squareRoot() : .nan)
  }

  /// How many samples lie within bounds.
  func count(within bounds: Bounds) -> Int {
    let samples = base
    let total = Mutex(0)
    let (low, high) = (Lanes(repeating: bounds.low), Lanes(repeating: bounds.high))
    withExtendedLifetime(self) {
      forEachPixelBand(count: count, length: 1 << 18) { band in
        var inside = SIMD16<Int32>.zero
        let whole = band.lowerBound + band.count / 16 * 16
        for i in stride(from: band.lowerBound, to: whole, by: 16) {
          let x = samples.base.lanes(i)
          inside.replace(with: inside &+ 1, where: (x .>= low) .& (x .<= high))
        }
        let rest = (whole..<band.upperBound).count {
          samples.base[$0] >= bounds.low && samples.base[$0] <= bounds.high
        }
        let found = Int(inside.wrappedSum()) + rest
        total.withLock { $0 += found }
      }
    }
    return total.withLock { $0 }
  }

  /// How many samples lie within bounds, and the sum of `term` over them; bands are added in order.
  func sums(_ bounds: Bounds, _ term: @Sendable (Float) -> Double) -> (count: Int, sum: Double) {
    let length = 1 << 16
    let bands = (count + length - 1) / length
    let samples = base
    let count = count
    let partial = PixelStorage<Double>(uninitialized: 2 * bands)
    let target = FilledPixels(base: partial.base)
    withExtendedLifetime(self) {
      forEachPixelBand(count: count, length: length) { band in
        var sum = 0.0
        var found = 0
        for i in band {
          let x = samples.base[i]
          let inside = x >= bounds.low && x <= bounds.high
          sum += inside ? term(x) : 0
          found += inside ? 1 : 0
        }
        target.base[band.lowerBound / length * 2] = sum
        target.base[band.lowerBound / length * 2 + 1] = Double(found)
      }
    }
    var total = 0.0
    var found = 0
    for band in 0..<bands {
      total += partial.base[2 * band]
      found += Int(partial.base[2 * band + 1])
    }
    return (found, total)
  }
}

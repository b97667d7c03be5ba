import Dispatch

extension GoodSamples {
  /// Samples within these bounds count; both ends are inside.
  struct Bounds: Sendable {
    var low = -Float.greatestFiniteMagnitude
    var high = Float.greatestFiniteMagnitude
  }

  /// The median of the samples within bounds, `count` of them; of their distances from `center` if one is given.
  func median(_ bounds: Bounds, count: Int, from center: Float? = nil) -> Float {
    guard count > 0 else { return .nan }
    let upper = select(count / 2, bounds, center)
    if count % 2 == 1 { return upper }
    return 0.5 * select(count / 2 - 1, bounds, center) + 0.5 * upper
  }

  /// The sample of rank `rank` (from 0), by two histograms of 16 bits each: exact, without a copy.
  private func select(_ rank: Int, _ bounds: Bounds, _ center: Float?) -> Float {
    var rest = rank
    let high = bucket(&rest, bounds, center, within: nil)
    let low = bucket(&rest, bounds, center, within: high)
    let key = UInt32(high) << 16 | UInt32(low)
    return Float(bitPattern: key & 0x8000_0000 != 0 ? key ^ 0x8000_0000 : ~key)
  }

  /// The bucket that holds rank `rest`, which becomes the rank inside it.
  private func bucket(_ rest: inout Int, _ bounds: Bounds, _ center: Float?, within prefix: Int?) -> Int {
    let histogram = histogram(bounds, center, within: prefix)
    for (index, count) in histogram.enumerated() {
      if rest < Int(count) { return index }
      rest -= Int(count)
    }
    return 65535
  }

  /// How many samples fall in each bucket of the upper 16 bits of their keys, or, given those, of the lower.
  private func histogram(_ bounds: Bounds, _ center: Float?, within prefix: Int?) -> [UInt32] {
    let parts = count < 1 << 18 ? 1 : 8
    let samples = base
    let count = count
    let tables = PixelStorage<UInt32>(uninitialized: parts * 65536)
    let target = FilledPixels(base: tables.base)
    target.base.update(repeating: 0, count: parts * 65536)
    let wanted = prefix.map { UInt32($0) }
    withExtendedLifetime(self) {
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let table = target.base + part * 65536
        for i in count * part / parts..<count * (part + 1) / parts {
          let x = samples.base[i]
          guard x >= bounds.low && x <= bounds.high else { continue }
          let bits = (center.map { abs(x - $0) } ?? x).bitPattern
          // Maps the order of floats to the order of unsigned integers.
          let key = bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000)
          if let wanted {
            if key >> 16 == wanted { table[Int(key & 0xffff)] &+= 1 }
          } else {
            table[Int(key >> 16)] &+= 1
          }
        }
      }
    }
    var sum = [UInt32](repeating: 0, count: 65536)
    for part in 0..<parts {
      for i in 0..<65536 { sum[i] &+= tables.base[part * 65536 + i] }
    }
    return sum
  }

  /// Number, mean and standard deviation (n - 1) of the samples within bounds, in double precision.
  func moments(_ bounds: Bounds) -> (count: Int, mean: Double, std: Double) {
    let (count, sum) = sums(bounds) { Double($0) }
    guard count > 0 else { return (0, .nan, .nan) }
    let mean = sum / Double(count)
    let square = sums(bounds) { (Double($0) - mean) * (Double($0) - mean) }.sum
    return (count, mean, count > 1 ? (square / Double(count - 1)).squareRoot() : .nan)
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

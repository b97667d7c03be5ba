import Pixels

/// The level of an image: one number from its good pixels (without `DO_NOT_USE`, finite).
///
/// The median is exact for any size: two passes over a histogram of the ordered bit patterns, no copy of the image.
public struct ImageLevel: Sendable {
  public enum Method: String, Sendable {
    case median, mean
    /// The half-sample mode (Robertson & Cryer 1974; Bickel 2002): the densest place of the distribution.
    case mode
  }

  public let method: Method

  public init(method: Method) { self.method = method }

  /// The level; NaN when there is no good pixel.
  public func value(of image: Measured) -> Double {
    image.value.withUnsafeBuffer { values in
      image.quality.withUnsafeBuffer { flags in
        switch method {
        case .median: median(values, flags)
        case .mean: mean(values, flags)
        case .mode: mode(values, flags)
        }
      }
    }
  }

  private func mean(_ values: UnsafeBufferPointer<Float>, _ flags: UnsafeBufferPointer<UInt32>) -> Double {
    var sum = 0.0
    var count = 0
    for i in values.indices where flags[i] & DQ.doNotUse == 0 && values[i].isFinite {
      sum += Double(values[i])
      count += 1
    }
    return count == 0 ? .nan : sum / Double(count)
  }

  private func median(_ values: UnsafeBufferPointer<Float>, _ flags: UnsafeBufferPointer<UInt32>) -> Double {
    var high = [Int](repeating: 0, count: 1 << 16)
    var count = 0
    for i in values.indices where flags[i] & DQ.doNotUse == 0 && values[i].isFinite {
      high[Int(Self.key(values[i]) >> 16)] += 1
      count += 1
    }
    guard count > 0 else { return .nan }
    let upper = Self.value(rank: count / 2, high: high, values, flags)
    if count % 2 == 1 { return Double(upper) }
    return (Double(Self.value(rank: count / 2 - 1, high: high, values, flags)) + Double(upper)) / 2
  }

  /// The value of a rank (from 0), by the high halves of the keys and then the low halves within one bin.
  private static func value(
    rank: Int, high: [Int], _ values: UnsafeBufferPointer<Float>, _ flags: UnsafeBufferPointer<UInt32>
  ) -> Float {
    let (top, rest) = bin(of: rank, in: high)
    var low = [Int](repeating: 0, count: 1 << 16)
    for i in values.indices where flags[i] & DQ.doNotUse == 0 && values[i].isFinite {
      let key = key(values[i])
      if Int(key >> 16) == top { low[Int(key & 0xffff)] += 1 }
    }
    let (bottom, _) = bin(of: rest, in: low)
    return float(UInt32(top) << 16 | UInt32(bottom))
  }

  private static func bin(of rank: Int, in counts: [Int]) -> (bin: Int, rest: Int) {
    var rest = rank
    for (index, count) in counts.enumerated() {
      if rest < count { return (index, rest) }
      rest -= count
    }
    return (counts.count - 1, 0)
  }

  /// The bit pattern made to rise with the value.
  @inline(__always) private static func key(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  private static func float(_ key: UInt32) -> Float {
    Float(bitPattern: key & 0x8000_0000 != 0 ? key & 0x7fff_ffff : ~key)
  }

  private func mode(_ values: UnsafeBufferPointer<Float>, _ flags: UnsafeBufferPointer<UInt32>) -> Double {
    let step = max(1, values.count >> 20)
    var sample: [Float] = []
    for i in stride(from: 0, to: values.count, by: step)
    where flags[i] & DQ.doNotUse == 0 && values[i].isFinite { sample.append(values[i]) }
    sample.sort()
    var part = sample[...]
    while part.count > 3 { part = Self.densestHalf(part) }
    guard let first = part.first, let last = part.last else { return .nan }
    if part.count < 3 { return (Double(first) + Double(last)) / 2 }
    let middle = part[part.startIndex + 1]
    let isLower = middle - first <= last - middle
    return (Double(middle) + Double(isLower ? first : last)) / 2
  }

  /// The half of a sorted sample that spans the least.
  private static func densestHalf(_ part: ArraySlice<Float>) -> ArraySlice<Float> {
    let half = (part.count + 1) / 2
    var best = part.startIndex
    for start in part.startIndex...(part.endIndex - half)
    where part[start + half - 1] - part[start] < part[best + half - 1] - part[best] { best = start }
    return part[best..<best + half]
  }
}

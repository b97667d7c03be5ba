/// How a local median is taken.
public struct LocalMedianOptions: Sendable, Equatable {
  /// The window is `2 radius + 1` pixels square, cut off at the image's edges.
  public var radius: Int
  /// Values are told apart in this many equal steps over the range; the result is the middle of a step.
  public var bins: Int
  /// Pixels with any of these flags do not count (nor do NaN and infinite ones).
  public var excludedFlags: UInt32

  /// A window of 31 pixels and 4096 steps.
  public init(radius: Int = 15, bins: Int = 4096, excludedFlags: UInt32 = DQ.doNotUse) {
    self.radius = radius
    self.bins = bins
    self.excludedFlags = excludedFlags
  }
}

/// The median of the good pixels in a square around each pixel; NaN where there is none.
///
/// Exact but for the steps: a histogram slides along each row and the median is followed in it (Huang, Yang & Tang
/// 1979), so the cost per pixel grows with the window's side, not with its area. Of an even number of pixels the lower
/// middle one. Values outside `range` count as its ends.
/// - Precondition: `range` is not empty, `1...65534` bins, and `quality` has the plane's shape.
public func localMedian(
  of plane: Plane<Float>, quality: Plane<UInt32>? = nil, range: ClosedRange<Float>,
  options: LocalMedianOptions = LocalMedianOptions()
) -> Plane<Float> {
  precondition(range.upperBound > range.lowerBound && (1..<65535).contains(options.bins), "nothing to bin by")
  precondition(quality.map { $0.width == plane.width && $0.height == plane.height } ?? true, "other shapes")
  let keys = binKeys(of: plane, quality, range, options)
  let step = (range.upperBound - range.lowerBound) / Float(options.bins)
  let (width, height) = (plane.width, plane.height)
  return keys.withUnsafeBuffer { keys in
    Plane(uninitializedWidth: width, height: height) { out in
      // Bands are disjoint, so no two threads write the same pixel.
      nonisolated(unsafe) let (keys, out) = (keys, out)
      forEachRowBand(height: height, width: width) { rows in
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: options.bins + 1) { table in
          var window = MedianWindow(bins: options.bins, table: table)
          for y in rows {
            window.slide(
              along: y, keys: keys, width: width, height: height, radius: options.radius
            ) { x, bin in
              out[y * width + x] = bin < 0 ? .nan : range.lowerBound + (Float(bin) + 0.5) * step
            }
          }
        }
      }
    }
  }
}

/// The step of each pixel; the number of steps for pixels that do not count.
private func binKeys(
  of plane: Plane<Float>, _ quality: Plane<UInt32>?, _ range: ClosedRange<Float>,
  _ options: LocalMedianOptions
) -> Plane<UInt16> {
  let low = range.lowerBound
  let scale = Float(options.bins) / (range.upperBound - low)
  let top = Float(options.bins - 1)
  let none = UInt16(options.bins)
  let flags = quality ?? Plane(width: plane.width, height: plane.height, repeating: 0)
  return Plane(uninitializedWidth: plane.width, height: plane.height) { keys in
    plane.withUnsafeBuffer { values in
      flags.withUnsafeBuffer { flags in
        nonisolated(unsafe) let (keys, values, flags) = (keys, values, flags)
        forEachPixelBand(count: values.count) { band in
          for i in band {
            let isGood = values[i].isFinite && flags[i] & options.excludedFlags == 0
            keys[i] = isGood ? UInt16(min(max((values[i] - low) * scale, 0), top)) : none
          }
        }
      }
    }
  }
}

/// A histogram of a window's pixels that knows where its median is.
private struct MedianWindow {
  private let bins: Int
  private let table: UnsafeMutableBufferPointer<UInt16>
  /// Pixels that count, and those of them below the bin `middle`.
  private var total = 0
  private var below = 0
  private var middle = 0

  /// - Parameter table: room for `bins + 1` counts; the last is of pixels that do not count.
  init(bins: Int, table: UnsafeMutableBufferPointer<UInt16>) {
    self.bins = bins
    self.table = table
  }

  /// Moves the window along row `y` and tells the median's bin at every x; -1 for an empty window.
  mutating func slide(
    along y: Int, keys: UnsafeBufferPointer<UInt16>, width: Int, height: Int, radius: Int,
    _ found: (_ x: Int, _ bin: Int) -> Void
  ) {
    let rows = max(0, y - radius)...min(height - 1, y + radius)
    (total, below, middle) = (0, 0, 0)
    table.update(repeating: 0)
    for x in 0..<min(radius, width) { add(x, rows, keys, width) }
    for x in 0..<width {
      if x + radius < width { add(x + radius, rows, keys, width) }
      if x > radius { remove(x - radius - 1, rows, keys, width) }
      found(x, median())
    }
  }

  @inline(__always) private mutating func add(
    _ x: Int, _ rows: ClosedRange<Int>, _ keys: UnsafeBufferPointer<UInt16>, _ width: Int
  ) {
    var i = rows.lowerBound * width + x
    for _ in rows {
      let bin = Int(keys[i])
      table[bin] &+= 1
      below &+= bin < middle ? 1 : 0
      total &+= bin < bins ? 1 : 0
      i &+= width
    }
  }

  @inline(__always) private mutating func remove(
    _ x: Int, _ rows: ClosedRange<Int>, _ keys: UnsafeBufferPointer<UInt16>, _ width: Int
  ) {
    var i = rows.lowerBound * width + x
    for _ in rows {
      let bin = Int(keys[i])
      table[bin] &-= 1
      below &-= bin < middle ? 1 : 0
      total &-= bin < bins ? 1 : 0
      i &+= width
    }
  }

  /// Walks from where the median was to where it is.
  @inline(__always) private mutating func median() -> Int {
    guard total > 0 else { return -1 }
    let rank = (total - 1) / 2
    while below > rank {
      middle -= 1
      below -= Int(table[middle])
    }
    while below + Int(table[middle]) <= rank {
      below += Int(table[middle])
      middle += 1
    }
    return middle
  }
}

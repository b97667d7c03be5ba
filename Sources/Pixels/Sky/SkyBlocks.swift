/// A frame's sky in square blocks: the median of the good pixels of each.
public struct SkyBlocks: Sendable, Equatable {
  /// Pixels along the side of a block.
  public let size: Int
  /// Blocks in a row; pixels that fill no block at the right are in none.
  public let columns: Int
  /// Rows of blocks.
  public let rows: Int
  /// The medians, row by row; NaN where fewer than half of the pixels are good.
  public private(set) var medians: [Float]

  /// The blocks of a frame, read in bands of rows.
  ///
  /// - Parameters:
  ///   - width: pixels in a row.
  ///   - height: rows.
  ///   - size: pixels along the side; smaller where the frame would have fewer than four blocks along a side.
  ///   - flags: pixels with any of these are not good, nor are those that are not finite.
  ///   - read: gives rows of the frame.
  public init(
    width: Int, height: Int, size wanted: Int = 32, excluding flags: UInt32 = DQ.doNotUse,
    reading read: (_ rows: Range<Int>) throws -> Measured
  ) rethrows {
    size = max(1, min(wanted, min(width, height) / 4))
    columns = width / size
    rows = height / size
    medians = []
    medians.reserveCapacity(columns * rows)
    let together = max(1, 128 / size)
    for first in stride(from: 0, to: rows, by: together) {
      let last = min(first + together, rows)
      let band = try read(first * size..<last * size)
      medians += Self.medians(of: band, columns: columns, rows: last - first, size: size, flags)
    }
  }

  /// The blocks of the same frame with all of its pixels divided by a positive factor.
  public func divided(by factor: Float) -> SkyBlocks {
    var result = self
    result.medians = medians.map { $0 / factor }
    return result
  }

  private static func medians(
    of band: Measured, columns: Int, rows: Int, size: Int, _ flags: UInt32
  ) -> [Float] {
    let (values, marks) = (band.value.laneBase, band.quality.laneBase)
    let width = band.width
    return withExtendedLifetime(band) {
      [Float](unsafeUninitializedCapacity: columns * rows) { buffer, count in
        // Blocks are disjoint, so no two threads write the same one.
        nonisolated(unsafe) let out = buffer
        forEachRowBand(height: columns * rows, width: size * size) { blocks in
          var good: [Float] = []
          good.reserveCapacity(size * size)
          for block in blocks {
            good.removeAll(keepingCapacity: true)
            let corner = block / columns * size * width + block % columns * size
            for y in 0..<size {
              for i in corner + y * width..<corner + y * width + size
              where marks.base[i] & flags == 0 && values.base[i].isFinite { good.append(values.base[i]) }
            }
            out.initializeElement(at: block, to: 2 * good.count >= size * size ? good.selectMedian() : .nan)
          }
        }
        count = columns * rows
      }
    }
  }

  /// The centre of a block in pixels of the frame, 0 at the centre of the first.
  public func center(ofBlock k: Int) -> SIMD2<Double> {
    let side = Double(size)
    return SIMD2(Double(k % columns), Double(k / columns)) * side + (side - 1) / 2
  }

  /// The centres of all blocks.
  public var centers: [SIMD2<Double>] { medians.indices.map(center(ofBlock:)) }

  /// The sky at a place of the frame, bilinear between the four blocks about it; NaN outside of their centres, and where
  /// one of them has none.
  public func value(at place: SIMD2<Double>) -> Float {
    let u = (place - Double(size - 1) / 2) / Double(size)
    guard u.x >= 0, u.y >= 0, u.x <= Double(columns - 1), u.y <= Double(rows - 1) else { return .nan }
    let (x, y) = (min(Int(u.x), max(columns - 2, 0)), min(Int(u.y), max(rows - 2, 0)))
    let (fx, fy) = (Float(u.x - Double(x)), Float(u.y - Double(y)))
    let (right, up) = (min(x + 1, columns - 1), min(y + 1, rows - 1))
    let low = (1 - fx) * medians[y * columns + x] + fx * medians[y * columns + right]
    let high = (1 - fx) * medians[up * columns + x] + fx * medians[up * columns + right]
    return (1 - fy) * low + fy * high
  }
}

extension [Float] {
  /// The median (the mean of the middle two of an even number), NaN of nothing; the order of the values is lost.
  ///
  /// Hoare's selection: on average a few passes, where sorting takes a dozen.
  fileprivate mutating func selectMedian() -> Float {
    guard let last = indices.last else { return .nan }
    let middle = count / 2
    var (low, high) = (0, last)
    while low < high {
      let pivot = self[(low + high) / 2]
      var (i, j) = (low, high)
      while i <= j {
        while self[i] < pivot { i += 1 }
        while self[j] > pivot { j -= 1 }
        if i <= j {
          swapAt(i, j)
          (i, j) = (i + 1, j - 1)
        }
      }
      if middle <= j { high = j } else if middle >= i { low = i } else { break }
    }
    guard count % 2 == 0 else { return self[middle] }
    return 0.5 * (self[middle] + (self[..<middle].max() ?? self[middle]))
  }
}

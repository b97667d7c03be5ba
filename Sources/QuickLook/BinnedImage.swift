import Pixels

/// An image averaged down to what a screen shows, with what is needed to sample the whole of it.
struct BinnedImage {
  let width: Int
  let height: Int
  /// Pixels of the image along each side of one of these.
  let binning: Int
  /// Means of the good pixels, row by row from y = 0; NaN where none is good.
  let means: [Float]
  /// Good pixels of each row of the image.
  private let goodInRow: [Int32]
  private let value: Plane<Float>
  private let quality: Plane<UInt32>?

  /// - Parameters:
  ///   - quality: pixels with `DO_NOT_USE` are left out, as are NaN and infinite ones.
  ///   - side: the most pixels along a side.
  init(_ value: Plane<Float>, quality: Plane<UInt32>?, side: Int) {
    let binning = max(1, (max(value.width, value.height) + side - 1) / side)
    let width = (value.width + binning - 1) / binning
    let height = (value.height + binning - 1) / binning
    var goodInRow = [Int32](repeating: 0, count: value.height)
    means = [Float](unsafeUninitializedCapacity: width * height) { means, count in
      goodInRow.withUnsafeMutableBufferPointer { good in
        // Bands write disjoint rows of both.
        nonisolated(unsafe) let (means, good) = (means, good)
        forEachRowBand(height: height, width: value.width * binning) { rows in
          var band = Band(value, quality, binning)
          for row in rows {
            band.average(row: row, into: .init(rebasing: means[row * width..<(row + 1) * width]), good: good)
          }
        }
      }
      count = width * height
    }
    (self.width, self.height, self.binning) = (width, height, binning)
    (self.goodInRow, self.value, self.quality) = (goodInRow, value, quality)
  }

  /// Good pixels of the whole image.
  var goodCount: Int { goodInRow.reduce(0) { $0 + Int($1) } }

  /// Every `goodCount / wanted`-th good pixel in storage order, `wanted` of them at most.
  func sample(_ wanted: Int) -> [Float] {
    let stride = max(1, goodCount / wanted)
    var result: [Float] = []
    var next = 0
    var passed = 0
    for y in 0..<value.height where result.count < wanted {
      let good = Int(goodInRow[y])
      if next < passed + good { append(row: y, from: &next, passed: passed, stride, wanted, to: &result) }
      passed += good
    }
    return result
  }

  private func append(
    row y: Int, from next: inout Int, passed: Int, _ stride: Int, _ wanted: Int, to result: inout [Float]
  ) {
    let range = y * value.width..<(y + 1) * value.width
    value.withUnsafeBuffer { values in
      let isWhole = Int(goodInRow[y]) == value.width
      var (x, seen) = (0, passed)
      while result.count < wanted, next < passed + Int(goodInRow[y]) {
        if isWhole {
          x = next - passed
        } else {
          while !isGood(values, range.lowerBound + x) || seen < next {
            if isGood(values, range.lowerBound + x) { seen += 1 }
            x += 1
          }
        }
        result.append(values[range.lowerBound + x])
        next += stride
      }
    }
  }

  private func isGood(_ values: UnsafeBufferPointer<Float>, _ index: Int) -> Bool {
    guard values[index].isFinite else { return false }
    return quality?.withUnsafeBuffer { $0[index] & DQ.doNotUse == 0 } ?? true
  }
}

/// Averages rows of one band; its sums over the rows of a bin are reused from bin to bin.
private struct Band {
  let value: Plane<Float>
  let quality: Plane<UInt32>?
  let binning: Int
  private var sums: [Float]
  private var counts: [Int32]

  init(_ value: Plane<Float>, _ quality: Plane<UInt32>?, _ binning: Int) {
    (self.value, self.quality, self.binning) = (value, quality, binning)
    sums = [Float](repeating: 0, count: value.width)
    counts = [Int32](repeating: 0, count: value.width)
  }

  mutating func average(
    row: Int, into means: UnsafeMutableBufferPointer<Float>, good: UnsafeMutableBufferPointer<Int32>
  ) {
    let rows = row * binning..<min((row + 1) * binning, value.height)
    let (value, quality, binning) = (value, quality, binning)
    sums.withUnsafeMutableBufferPointer { sums in
      counts.withUnsafeMutableBufferPointer { counts in
        sums.update(repeating: 0)
        counts.update(repeating: 0)
        for y in rows { good[y] = Self.add(value, quality, y, sums, counts) }
        for bin in means.indices {
          var (sum, count) = (Float(0), Int32(0))
          for x in bin * binning..<min((bin + 1) * binning, sums.count) {
            sum += sums[x]
            count &+= counts[x]
          }
          means[bin] = count > 0 ? sum / Float(count) : .nan
        }
      }
    }
  }

  /// Adds a row of the image to the sums. Returns how many of its pixels are good.
  private static func add(
    _ value: Plane<Float>, _ quality: Plane<UInt32>?, _ y: Int, _ sums: UnsafeMutableBufferPointer<Float>,
    _ counts: UnsafeMutableBufferPointer<Int32>
  ) -> Int32 {
    let range = y * value.width..<(y + 1) * value.width
    return value.withUnsafeBuffer { values in
      let values = UnsafeBufferPointer(rebasing: values[range])
      guard let quality else { return add(values, nil, sums, counts) }
      return quality.withUnsafeBuffer { add(values, .init(rebasing: $0[range]), sums, counts) }
    }
  }

  // Masks instead of branches, so that the compiler makes vectors of both loops.
  private static func add(
    _ values: UnsafeBufferPointer<Float>, _ flags: UnsafeBufferPointer<UInt32>?,
    _ sums: UnsafeMutableBufferPointer<Float>, _ counts: UnsafeMutableBufferPointer<Int32>
  ) -> Int32 {
    let width = values.count
    guard let values = values.baseAddress, let sums = sums.baseAddress, let counts = counts.baseAddress else {
      return 0
    }
    var good: Int32 = 0
    if let flags = flags?.baseAddress {
      for x in 0..<width {
        let bits = values[x].bitPattern
        let mask = Self.mask(bits) & ((flags[x] & DQ.doNotUse) &- 1)
        sums[x] += Float(bitPattern: bits & mask)
        counts[x] &-= Int32(bitPattern: mask)
        good &-= Int32(bitPattern: mask)
      }
    } else {
      for x in 0..<width {
        let bits = values[x].bitPattern
        let mask = Self.mask(bits)
        sums[x] += Float(bitPattern: bits & mask)
        counts[x] &-= Int32(bitPattern: mask)
        good &-= Int32(bitPattern: mask)
      }
    }
    return good
  }

  /// All bits set for a finite number, none for NaN and infinity.
  @inline(__always) private static func mask(_ bits: UInt32) -> UInt32 {
    bits & 0x7f80_0000 != 0x7f80_0000 ? .max : 0
  }
}

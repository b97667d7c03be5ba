/// A set of pixels of an image, kept as runs along its rows: what a mask of sources costs in memory grows with
/// the sources, not with the image.
public struct PixelMask: Sendable, Equatable {
  /// Pixels in a row of the image.
  public let width: Int
  /// Rows of the image.
  public let height: Int
  /// Index of the first run of each row, and the number of runs at the end.
  private let rowStarts: [Int]
  private let runs: [Run]

  /// Neighbouring pixels of one row, `low..<high`.
  private struct Run: Sendable, Equatable {
    var low: Int32
    var high: Int32
  }

  /// A mask without any pixel.
  public init(width: Int, height: Int) {
    self.init(width: width, height: height, rows: [[Run]](repeating: [], count: height))
  }

  /// The pixels where `plane` is not 0.
  public init<T: PixelScalar>(nonZero plane: Plane<T>) {
    self.init(width: plane.width, height: plane.height, of: plane) { $0[$1] != 0 }
  }

  /// The pixels that no statistic may use: those with any of `flags`, and those whose value is not finite.
  public init(unusable image: Measured, flags: UInt32 = DQ.doNotUse) {
    let marks = image.quality.laneBase
    self = withExtendedLifetime(image) {
      PixelMask(width: image.width, height: image.height, of: image.value) { values, i in
        marks.base[i] & flags != 0 || !values[i].isFinite
      }
    }
  }

  private init<T: PixelScalar>(
    width: Int, height: Int, of plane: Plane<T>,
    where isInside: @Sendable (UnsafePointer<T>, Int) -> Bool
  ) {
    let source = plane.laneBase
    let rows = withExtendedLifetime(plane) {
      rowsInParallel(width: width, height: height) { y in
        var runs: [Run] = []
        var low = -1
        for x in 0..<width {
          let inside = isInside(source.base, y * width + x)
          if inside, low < 0 { low = x }
          if !inside, low >= 0 {
            runs.append(Run(low: Int32(low), high: Int32(x)))
            low = -1
          }
        }
        if low >= 0 { runs.append(Run(low: Int32(low), high: Int32(width))) }
        return runs
      }
    }
    self.init(width: width, height: height, rows: rows)
  }

  private init(width: Int, height: Int, rows: [[Run]]) {
    self.width = width
    self.height = height
    var starts = [0]
    starts.reserveCapacity(height + 1)
    for row in rows { starts.append((starts.last ?? 0) + row.count) }
    rowStarts = starts
    runs = Array(rows.joined())
  }

  /// The number of pixels.
  public var count: Int { runs.reduce(0) { $0 + Int($1.high - $1.low) } }

  /// Whether there is none.
  public var isEmpty: Bool { runs.isEmpty }

  /// Whether the pixel is inside.
  public func contains(x: Int, y: Int) -> Bool {
    guard y >= 0, y < height else { return false }
    return row(y).contains { x >= Int($0.low) && x < Int($0.high) }
  }

  private func row(_ y: Int) -> ArraySlice<Run> { runs[rowStarts[y]..<rowStarts[y + 1]] }

  /// All pixels whose centre lies within `radius` pixels of the centre of one that is inside (a disc).
  public func dilated(by radius: Double) -> PixelMask {
    guard radius >= 1, !isEmpty else { return self }
    let reach = Int(radius)
    let halfWidths = (0...reach).map { dy in
      Int32((radius * radius - Double(dy * dy)).squareRoot().rounded(.down))
    }
    let rows = rowsInParallel(width: width, height: height) { y in
      var grown: [Run] = []
      for source in max(0, y - reach)...min(height - 1, y + reach) {
        let half = halfWidths[abs(source - y)]
        for run in row(source) {
          grown.append(Run(low: max(0, run.low - half), high: min(Int32(width), run.high + half)))
        }
      }
      return Self.merged(grown)
    }
    return PixelMask(width: width, height: height, rows: rows)
  }

  /// The mask of an image of twice the size: each pixel inside is four; a last odd row or column is outside.
  ///
  /// - Precondition: the mask is of half of that size, rounded down.
  public func doubled(width: Int, height: Int) -> PixelMask {
    precondition(width / 2 == self.width && height / 2 == self.height, "a mask of half the size")
    let rows = (0..<height).map { y -> [Run] in
      y / 2 < self.height ? row(y / 2).map { Run(low: 2 * $0.low, high: 2 * $0.high) } : []
    }
    return PixelMask(width: width, height: height, rows: rows)
  }

  /// The pixels with any of `flags`.
  public init(anyOf flags: UInt32, in quality: Plane<UInt32>) {
    self.init(width: quality.width, height: quality.height, of: quality) { $0[$1] & flags != 0 }
  }

  /// The pixels inside this mask or inside `other`.
  ///
  /// - Precondition: both are of one shape.
  public func union(_ other: PixelMask) -> PixelMask {
    precondition(other.width == width && other.height == height, "masks of different shapes")
    if other.isEmpty { return self }
    if isEmpty { return other }
    let rows = (0..<height).map { Self.merged(Array(row($0)) + other.row($0)) }
    return PixelMask(width: width, height: height, rows: rows)
  }

  /// The part of a mask of one window of a detector that lies in another window, counted there.
  package func moved(from old: PixelWindow, to new: PixelWindow) -> PixelMask {
    if old == new { return self }
    let shift = Int32(old.x0 - new.x0)
    let rows = (0..<new.height).map { y -> [Run] in
      let source = new.y0 + y - old.y0
      guard (0..<height).contains(source) else { return [] }
      return row(source).compactMap { run in
        let low = max(0, run.low + shift)
        let high = min(Int32(new.width), run.high + shift)
        return low < high ? Run(low: low, high: high) : nil
      }
    }
    return PixelMask(width: new.width, height: new.height, rows: rows)
  }

  private static func merged(_ runs: [Run]) -> [Run] {
    guard runs.count > 1 else { return runs }
    var result: [Run] = []
    for run in runs.sorted(by: { $0.low < $1.low }) {
      if let last = result.last, run.low <= last.high {
        result[result.count - 1].high = max(last.high, run.high)
      } else {
        result.append(run)
      }
    }
    return result
  }

  /// Raises `flags` at the mask's pixels in a band of rows of the image.
  ///
  /// - Precondition: `quality` has the mask's width and `rows.count` rows.
  public func raise(_ flags: UInt32, in quality: inout Plane<UInt32>, rows: Range<Int>) {
    precondition(quality.width == width && quality.height == rows.count, "flags of another shape")
    quality.withUnsafeMutableBuffer { pixels in
      for y in rows {
        for run in row(y) {
          let start = (y - rows.lowerBound) * width
          for i in start + Int(run.low)..<start + Int(run.high) { pixels[i] |= flags }
        }
      }
    }
  }

  /// The mask as an image: 1 inside, 0 elsewhere.
  public var plane: Plane<UInt8> {
    var plane = Plane<UInt8>(width: width, height: height, repeating: 0)
    plane.withUnsafeMutableBuffer { pixels in
      guard let base = pixels.baseAddress else { return }
      for y in 0..<height {
        for run in row(y) {
          (base + y * width + Int(run.low)).update(repeating: 1, count: Int(run.high - run.low))
        }
      }
    }
    return plane
  }
}

/// `make(y)` for every row, in bands on all cores.
private func rowsInParallel<T: Sendable>(
  width: Int, height: Int, _ make: @Sendable (Int) -> [T]
) -> [[T]] {
  [[T]](unsafeUninitializedCapacity: height) { buffer, count in
    guard let start = buffer.baseAddress else { return }
    let target = FilledPixels(base: start)
    forEachRowBand(height: height, width: width) { rows in
      for y in rows { (target.base + y).initialize(to: make(y)) }
    }
    count = height
  }
}

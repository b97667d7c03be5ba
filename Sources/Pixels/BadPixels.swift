/// What makes a pixel bad.
public struct BadPixelOptions: Sendable, Equatable {
  /// Farther than this many sigmas (of the MAD) from the dark's median: `HOT` above, `OTHER_BAD_PIXEL` below.
  public var darkKappa: Float
  /// `TELEGRAPH` where the frames scatter this many times more than their errors say.
  public var noiseFactor: Float
  /// `LOW_QE` below, `OTHER_BAD_PIXEL` above this share of the local median of the flat.
  public var flatLow: Float
  public var flatHigh: Float
  /// `DEAD` below this share.
  public var deadLevel: Float
  /// `OPEN` below `openCenter` where the four neighbours are at `openNeighbour` or more on average: `ADJ_OPEN`.
  public var openCenter: Float
  public var openNeighbour: Float
  /// Half the side of the window of the local median, less a half.
  public var radius: Int
  /// Places whose local median is below this share of the flat's level (the median of its
  /// illuminated pixels) are not illuminated, and not judged.
  public var illuminatedFraction: Float

  /// Options with the house's defaults (31-pixel window, 0.8 … 1.25, kappa 10).
  public init(
    darkKappa: Float = 10, noiseFactor: Float = 3, flatLow: Float = 0.8, flatHigh: Float = 1.25,
    deadLevel: Float = 0.1, openCenter: Float = 0.5, openNeighbour: Float = 1.05, radius: Int = 15,
    illuminatedFraction: Float = 0.3
  ) {
    self.darkKappa = darkKappa
    self.noiseFactor = noiseFactor
    self.flatLow = flatLow
    self.flatHigh = flatHigh
    self.deadLevel = deadLevel
    self.openCenter = openCenter
    self.openNeighbour = openNeighbour
    self.radius = radius
    self.illuminatedFraction = illuminatedFraction
  }
}

/// Flags of a dark: `HOT` above `median + kappa sigma`, `OTHER_BAD_PIXEL` below `median - kappa sigma` and where no frame
/// had a value; a pixel that saturates in the dark is `HOT`.
public func badPixels(inDark dark: Measured, options: BadPixelOptions = BadPixelOptions()) -> Plane<UInt32> {
  let statistics = clippedStatistics(of: dark.value, quality: dark.quality)
  let reach = options.darkKappa * Float(statistics.madSigma)
  let (low, high) = (Float(statistics.median) - reach, Float(statistics.median) + reach)
  return dark.value.withUnsafeBuffer { value in
    dark.quality.withUnsafeBuffer { quality in
      Plane(uninitializedWidth: dark.width, height: dark.height) { out in
        for i in 0..<value.count {
          let flags: UInt32
          if quality[i] & DQ.saturated != 0 || value[i] > high {
            flags = DQ.hot
          } else {
            flags = value[i] >= low ? 0 : DQ.otherBadPixel
          }
          out.initializeElement(at: i, to: flags)
        }
      }
    }
  }
}

/// Flags of a noise map (`stackNoise`): `TELEGRAPH` where the variance is more than `noiseFactor²` times the expected.
///
/// Should the whole detector be noisier than its errors say, the expected is the map's median.
public func badPixels(inNoise noise: Plane<Float>, options: BadPixelOptions = BadPixelOptions()) -> Plane<
  UInt32
> {
  let usual = max(median(of: noise), 1)
  let limit = options.noiseFactor * options.noiseFactor * (usual.isFinite ? usual : 1)
  return noise.map { $0 > limit ? DQ.telegraph : 0 }
}

/// Flags of a flat, judged against the median of the pixels around each: `DEAD`, `LOW_QE`, `OTHER_BAD_PIXEL` (too bright,
/// saturated or without a value), and crosses of `OPEN` and `ADJ_OPEN`.
///
/// An open pixel loses its counts to its four neighbours: it is dim, and they are bright together. Rows without light
/// (gaps between slices) and places with less than `illuminatedFraction` of the usual light are not judged.
public func badPixels(inFlat flat: Measured, options: BadPixelOptions = BadPixelOptions()) -> Plane<UInt32> {
  let level = illuminatedMedian(of: flat.value, quality: flat.quality, fraction: options.illuminatedFraction)
  let nothing = Plane<UInt32>(width: flat.width, height: flat.height, repeating: 0)
  guard level > 0, level.isFinite else { return nothing }
  let around = localMedian(
    of: flat.value, quality: flat.quality, range: 0...4 * level,
    options: LocalMedianOptions(radius: options.radius, bins: 8192))
  let judge = FlatJudge(flat: flat, around: around, level: level, options: options)
  return judge.crosses(judge.flags())
}

/// Judges the pixels of a flat.
private struct FlatJudge: Sendable {
  let flat: Measured
  let around: Plane<Float>
  let level: Float
  let options: BadPixelOptions
  private let profile: BlockProfile

  init(flat: Measured, around: Plane<Float>, level: Float, options: BadPixelOptions) {
    self.flat = flat
    self.around = around
    self.level = level
    self.options = options
    profile = BlockProfile(flat, blockColumns: 2 * options.radius + 2)
  }

  func flags() -> Plane<UInt32> {
    let (width, height) = (flat.width, flat.height)
    var result = Plane<UInt32>(width: width, height: height, repeating: 0)
    result.withUnsafeMutableBuffer { out in
      flat.value.withUnsafeBuffer { value in
        flat.quality.withUnsafeBuffer { quality in
          around.withUnsafeBuffer { around in
            nonisolated(unsafe) let (out, value, quality, around) = (out, value, quality, around)
            forEachRowBand(height: height, width: width) { rows in
              for y in rows {
                for x in 0..<width {
                  let i = y * width + x
                  guard isIlluminated(x, y, around[i]) else { continue }
                  out[i] = flags(share: value[i] / around[i], quality[i])
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  @inline(__always)
  private func isIlluminated(_ x: Int, _ y: Int, _ around: Float) -> Bool {
    let row = profile[row: y, column: x]
    return around >= options.illuminatedFraction * level
      && !(row < options.illuminatedFraction * around)
  }

  @inline(__always)
  private func flags(share: Float, _ quality: UInt32) -> UInt32 {
    if quality & DQ.saturated != 0 || !share.isFinite { return DQ.otherBadPixel }
    if share < options.deadLevel { return DQ.dead }
    if share < options.flatLow { return DQ.lowQe }
    return share > options.flatHigh ? DQ.otherBadPixel : 0
  }

  /// Finds open pixels among the dim ones and grows them into crosses.
  func crosses(_ flags: Plane<UInt32>) -> Plane<UInt32> {
    let (width, height) = (flat.width, flat.height)
    var result = flags
    let dim = flags.withUnsafeBuffer { all in all.indices.filter { all[$0] & (DQ.dead | DQ.lowQe) != 0 } }
    for i in dim {
      let (x, y) = (i % width, i / width)
      guard share(x, y) < options.openCenter else { continue }
      let neighbours = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
        .filter { $0.0 >= 0 && $0.0 < width && $0.1 >= 0 && $0.1 < height }
      let shares = neighbours.map { share($0.0, $0.1) }
      guard shares.reduce(0, +) / Float(shares.count) >= options.openNeighbour else { continue }
      result[x, y] = DQ.open
      for (nx, ny) in neighbours where result[nx, ny] & DQ.open == 0 { result[nx, ny] = DQ.adjOpen }
    }
    return result
  }

  private func share(_ x: Int, _ y: Int) -> Float { flat.value[x, y] / around[x, y] }
}

/// The median of each row in blocks of columns: where a detector is lit.
struct BlockProfile: Sendable {
  let blockColumns: Int
  let blocks: Int
  let rows: Int
  private let medians: [Float]

  /// - Parameter blockColumns: columns of a block; the last block takes the rest.
  init(_ flat: Measured, blockColumns: Int, excluding flags: UInt32 = DQ.doNotUse) {
    let (width, height) = (flat.width, flat.height)
    let columns = max(1, min(blockColumns, width))
    let blocks = max(1, width / columns)
    self.blockColumns = columns
    self.blocks = blocks
    rows = height
    medians = [Float](unsafeUninitializedCapacity: blocks * height) { out, count in
      count = blocks * height
      flat.value.withUnsafeBuffer { value in
        flat.quality.withUnsafeBuffer { quality in
          nonisolated(unsafe) let (out, value, quality) = (out, value, quality)
          forEachRowBand(height: height, width: width) { rows in
            var good: [Float] = []
            for y in rows {
              for block in 0..<blocks {
                let last = block == blocks - 1 ? width : (block + 1) * columns
                good.removeAll(keepingCapacity: true)
                for i in y * width + block * columns..<y * width + last
                where value[i].isFinite && quality[i] & flags == 0 { good.append(value[i]) }
                good.sort()
                out[block * height + y] = good.isEmpty ? .nan : good[good.count / 2]
              }
            }
          }
        }
      }
    }
  }

  /// The block that a column is in.
  @inline(__always) func block(ofColumn x: Int) -> Int { min(x / blockColumns, blocks - 1) }

  /// The median of a row in a block; NaN without a good pixel.
  @inline(__always) subscript(row row: Int, block block: Int) -> Float { medians[block * rows + row] }

  /// The median of a row in the block of a column.
  @inline(__always) subscript(row row: Int, column x: Int) -> Float {
    self[row: row, block: block(ofColumn: x)]
  }
}

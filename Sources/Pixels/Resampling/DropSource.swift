/// Rows of an input in memory.
struct LoadedInput {
  /// Its number among the inputs.
  let index: Int
  let input: ResampleInput
  let pixels: Measured
  /// The input's row that is the first of `pixels`.
  let firstRow: Int
  /// The same with a border, for kernels that gather.
  let padded: PaddedInput?
}

/// The pixels of an input that may reach a band of the output, and what each brings.
struct DropSource {
  let loaded: LoadedInput
  let excludedFlags: UInt32
  /// First row of `columns`.
  private let firstRow: Int
  /// By row: the pixels that may reach the band.
  private let columns: [Range<Int>]

  var input: ResampleInput { loaded.input }

  /// - Parameters:
  ///   - rows: rows of the input that may reach the band, all in memory.
  ///   - reach: how far a drop reaches from its centre in y.
  init(_ loaded: LoadedInput, rows: Range<Int>, reach: Double, _ band: MosaicBand, excludedFlags: UInt32) {
    self.loaded = loaded
    self.excludedFlags = excludedFlags
    firstRow = rows.lowerBound
    let wanted = Double(band.firstRow) - reach...Double(band.firstRow + band.height - 1) + reach
    columns = rows.map { loaded.input.map.columns(of: $0, width: loaded.input.width, within: wanted) }
  }

  /// The pixels of a row that may reach the band, with those of its neighbours that the drops' sides follow from.
  func columnsAround(_ row: Int) -> Range<Int> {
    var (low, high) = (Int.max, 0)
    for neighbour in row - 1...row + 1 where columns.indices.contains(neighbour - firstRow) {
      let range = columns[neighbour - firstRow]
      guard !range.isEmpty else { continue }
      (low, high) = (min(low, range.lowerBound), max(high, range.upperBound))
    }
    return low < high ? max(low - 1, 0)..<min(high + 5, input.width) : 0..<0
  }

  /// Calls `body` for every row with the pixels that may reach the band and pointers to the row's first value, error,
  /// flags and weight (nil: 1).
  func forEachRow(
    _ body: (
      _ row: Int, _ columns: Range<Int>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<UInt32>,
      UnsafePointer<Float>?
    ) -> Void
  ) {
    let (width, pixels) = (input.width, loaded.pixels)
    withExtendedLifetime((pixels, input)) {
      let (value, error) = (pixels.value.laneBase.base, pixels.error.laneBase.base)
      let (quality, weights) = (pixels.quality.laneBase.base, input.pixelWeights?.laneBase.base)
      for (k, range) in columns.enumerated() where !range.isEmpty {
        let row = firstRow + k
        let offset = (row - loaded.firstRow) * width
        body(row, range, value + offset, error + offset, quality + offset, weights.map { $0 + row * width })
      }
    }
  }

  /// The weight of a pixel, 0 when it cannot be used.
  @inline(__always)
  func weight(_ value: Float, _ flags: UInt32, _ weights: UnsafePointer<Float>?, _ x: Int) -> Double {
    guard flags & excludedFlags == 0, (value - value) == 0 else { return 0 }
    guard let weights else { return input.weight }
    let factor = weights[x]
    return factor > 0 ? input.weight * Double(factor) : 0
  }
}

/// Adding this to a number of magnitude below 2^31 leaves the nearest whole number in the low bits of the sum: rounding
/// without a call and without a branch.
private let roundingBias = 0x1.8p52

/// The nearest whole number, halves to even.
@inline(__always) func nearestWhole(_ x: SIMD4<Double>) -> SIMD4<Double> { (x + roundingBias) - roundingBias }

/// The nearest whole number; for magnitudes below 2^31.
@inline(__always) func nearestIndex(_ x: Double) -> Int {
  Int(Int32(truncatingIfNeeded: (x + roundingBias).bitPattern))
}

/// Positions beyond this are nowhere near an image (and NaN is not below it).
let farthestPosition = 1e9

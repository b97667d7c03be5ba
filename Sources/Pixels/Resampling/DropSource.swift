/// Rows of an input that are dropped onto a band of the output, and what each pixel brings.
struct DropSource {
  let input: ResampleInput
  let pixels: Measured
  let rows: Range<Int>
  let excludedFlags: UInt32

  /// Calls `body` for every row with pointers to the first pixel's value, error, flags and weight (nil: 1).
  func forEachRow(
    _ body: (
      _ row: Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<UInt32>, UnsafePointer<Float>?
    ) -> Void
  ) {
    let width = input.width
    withExtendedLifetime((pixels, input)) {
      let (value, error) = (pixels.value.laneBase.base, pixels.error.laneBase.base)
      let (quality, weights) = (pixels.quality.laneBase.base, input.pixelWeights?.laneBase.base)
      for row in rows {
        let offset = (row - rows.lowerBound) * width
        body(row, value + offset, error + offset, quality + offset, weights.map { $0 + row * width })
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

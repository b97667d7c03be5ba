/// Rows of an image with a border of pixels that cannot be used, so that 6 x 6 windows need no test of the edges.
final class PaddedInput {
  /// Pixels on each side.
  static let border = 8
  /// Pixels in a row with both borders.
  let stride: Int
  /// Values times the scale, 0 where unusable.
  private let values: UnsafeMutablePointer<Float>
  /// Variances of these.
  private let variances: UnsafeMutablePointer<Float>
  /// Flags of usable pixels; bit 0 where unusable.
  private let flags: UnsafeMutablePointer<UInt32>
  /// The OR of 6 flags to the right.
  private let wide: UnsafeMutablePointer<UInt32>
  private let count: Int
  private static let hole: UInt32 = 1

  init(_ pixels: Measured, scale: Float, excludedFlags: UInt32) {
    stride = pixels.width + 2 * Self.border
    count = stride * (pixels.height + 2 * Self.border)
    values = .allocate(capacity: count)
    variances = .allocate(capacity: count)
    flags = .allocate(capacity: count)
    wide = .allocate(capacity: count)
    values.initialize(repeating: 0, count: count)
    variances.initialize(repeating: 0, count: count)
    flags.initialize(repeating: Self.hole, count: count)
    wide.initialize(repeating: Self.hole, count: count)
    fill(pixels, scale: scale, excludedFlags: excludedFlags)
    for i in 0..<max(count - 16, 0) {
      wide[i] = flags[i] | flags[i + 1] | flags[i + 2] | flags[i + 3] | flags[i + 4] | flags[i + 5]
    }
  }

  deinit {
    values.deallocate()
    variances.deallocate()
    flags.deallocate()
    wide.deallocate()
  }

  private func fill(_ pixels: Measured, scale: Float, excludedFlags: UInt32) {
    withExtendedLifetime(pixels) {
      let (value, error) = (pixels.value.laneBase.base, pixels.error.laneBase.base)
      let quality = pixels.quality.laneBase.base
      for y in 0..<pixels.height {
        let target = (y + Self.border) * stride + Self.border
        let source = y * pixels.width
        for x in 0..<pixels.width {
          let (v, q) = (value[source + x], quality[source + x])
          guard q & excludedFlags == 0, (v - v) == 0 else { continue }
          let sigma = error[source + x] * scale
          values[target + x] = v * scale
          // Weights of 0 would spread an error that is not known: it is flagged where it counts, and adds nothing.
          let isKnown = (sigma - sigma) == 0
          variances[target + x] = isKnown ? sigma * sigma : 0
          // Bit 0 is free here unless it does not exclude; then it would be taken for a hole.
          flags[target + x] = (q | (isKnown ? 0 : DQ.unreliableError)) & ~Self.hole
        }
      }
    }
  }

  /// The flags of the usable ones of 36 pixels, and whether any is unusable.
  @inline(__always)
  func marks(_ corner: Int) -> (UInt32, Bool) {
    var marks: UInt32 = 0
    for j in 0..<6 { marks |= wide[corner + j * stride] }
    return (marks & ~Self.hole, marks & Self.hole != 0)
  }

  @inline(__always)
  private func eight(_ pixels: UnsafeMutablePointer<Float>, _ i: Int) -> SIMD8<Float> {
    UnsafeRawPointer(pixels + i).loadUnaligned(as: SIMD8<Float>.self)
  }

  /// The interpolated value and its variance, where all 36 pixels can be used.
  @inline(__always)
  func sums(_ corner: Int, _ wx: SIMD8<Float>, _ wy: SIMD8<Float>) -> (Float, Float) {
    var (value, variance) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    for j in 0..<6 {
      let w = wy[j]
      value += w * eight(values, corner + j * stride)
      variance += (w * w) * eight(variances, corner + j * stride)
    }
    return ((value * wx).sum(), (variance * (wx * wx)).sum())
  }

  /// The same around pixels that cannot be used; nil when the nearest is one of them or too few are left.
  func sumsAroundHoles(
    _ corner: Int, _ wx: SIMD8<Float>, _ wy: SIMD8<Float>, nearRight: Bool, nearUp: Bool
  ) -> (Float, Float)? {
    let nearest = corner + (nearUp ? 3 : 2) * stride + (nearRight ? 3 : 2)
    guard flags[nearest] & Self.hole == 0 else { return nil }
    var (value, variance, sum): (Float, Float, Float) = (0, 0, 0)
    for j in 0..<6 {
      for i in 0..<6 {
        let pixel = corner + j * stride + i
        guard flags[pixel] & Self.hole == 0 else { continue }
        let w = wx[i] * wy[j]
        value += w * values[pixel]
        variance += w * w * variances[pixel]
        sum += w
      }
    }
    guard sum >= LanczosGather.leastSum else { return nil }
    return (value / sum, variance / (sum * sum))
  }
}

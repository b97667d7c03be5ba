import Pixels

/// Takes `share` x a master dark out of an image, in place.
///
/// `value -= share * dark`, `var += (share * dark error)²`, flags OR-ed. A dark that is not finite subtracts 0 and
/// raises `UNRELIABLE_DARK`; an error of the dark that is not finite adds nothing and raises `UNRELIABLE_ERROR`. A
/// science value that is not finite leaves as NaN with `DO_NOT_USE`, an error that is not with `UNRELIABLE_ERROR`.
/// With `share` 0 (the same
/// master was in the science and in the sky subtracted with k = 1) only the flags change. Computed in float32: one
/// subtraction and one sum of squares per pixel.
/// - Parameters:
///   - dark: of the image's shape, rates in the same unit.
///   - addingError: whether the dark's error is added; false where several frames share it and it is kept apart.
package func subtractDark(
  _ dark: Measured, share: Float, from image: inout Measured, addingError: Bool = true
) {
  let width = image.width
  let height = image.height
  image.value.withUnsafeMutableBuffer { value in
    image.error.withUnsafeMutableBuffer { error in
      image.quality.withUnsafeMutableBuffer { quality in
        dark.value.withUnsafeBuffer { darkValue in
          dark.error.withUnsafeBuffer { darkError in
            dark.quality.withUnsafeBuffer { darkQuality in
              // Bands are disjoint, so no two threads write the same pixel.
              nonisolated(unsafe) let out = (value, error, quality)
              nonisolated(unsafe) let source = (darkValue, darkError, darkQuality)
              forEachRowBand(height: height, width: width) { rows in
                let pixels = rows.lowerBound * width..<rows.upperBound * width
                subtractDark(source, share, addingError ? share : 0, from: out, pixels)
              }
            }
          }
        }
      }
    }
  }
}

@inline(__always)
private func subtractDark(
  _ dark: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Float>, UnsafeBufferPointer<UInt32>),
  _ share: Float, _ errorShare: Float,
  from out: (
    UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<UInt32>
  ), _ pixels: Range<Int>
) {
  let (values, errors, flags) = dark
  for i in pixels {
    let isBad = !values[i].isFinite
    let known = errors[i].isFinite && !isBad
    let level = isBad ? 0 : values[i] * share
    let sigma = known ? errors[i] * errorShare : 0
    out.0[i] -= level
    out.1[i] = (out.1[i] * out.1[i] + sigma * sigma).squareRoot()
    let unknown: UInt32 = !known && !isBad && share != 0 ? DQ.unreliableError : 0
    let isLost = !out.0[i].isFinite
    if isLost { (out.0[i], out.1[i]) = (.nan, .nan) }
    // A pixel that is lost has no error to be unsure of.
    let lost = isLost ? DQ.doNotUse : out.1[i].isFinite ? 0 : DQ.unreliableError
    out.2[i] |= flags[i] | (isBad ? DQ.unreliableDark : 0) | unknown | lost
  }
}

import Pixels

/// What turns DN into electrons.
package enum Gain: Sendable {
  /// One number for the whole detector, e-/DN.
  case scalar(Float)
  /// An image with its own errors and flags, e-/DN, of the frame's shape.
  case image(Measured)

  /// The number, or the median of the image's good pixels.
  var typical: Float {
    switch self {
    case .scalar(let value): value
    case .image(let image): median(of: image.value, quality: image.quality)
    }
  }
}

/// Multiplies an image by the gain: `out = g x`, `variance = g² variance + x² variance of g`, flags OR-ed.
///
/// Where a gain image is NaN, infinite, zero or negative the typical gain serves, so that the unit is one everywhere, and
/// the pixel gets `NO_GAIN_VALUE | DO_NOT_USE`. An error of the gain that is not finite adds nothing.
/// - Parameters:
///   - typical: `gain.typical`, found once for all bands of rows.
///   - rows: which rows of the gain's image `pixels` are.
package func scale(_ pixels: inout Measured, by gain: Gain, typical: Float, rows: Range<Int>) {
  guard case .image(let image) = gain else {
    pixels = pixels.divided(by: 1 / typical)
    return
  }
  let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: pixels.width, height: rows.count)
  let part = image.cropped(to: window)
  let (width, height) = (pixels.width, pixels.height)
  pixels.value.withUnsafeMutableBuffer { value in
    pixels.error.withUnsafeMutableBuffer { error in
      pixels.quality.withUnsafeMutableBuffer { quality in
        part.value.withUnsafeBuffer { gain in
          part.error.withUnsafeBuffer { gainError in
            part.quality.withUnsafeBuffer { gainFlags in
              // Bands are disjoint, so no two threads write the same pixel.
              nonisolated(unsafe) let (value, error, quality) = (value, error, quality)
              nonisolated(unsafe) let (gain, gainError, gainFlags) = (gain, gainError, gainFlags)
              forEachRowBand(height: height, width: width) { rows in
                for i in rows.lowerBound * width..<rows.upperBound * width {
                  let isKnown = gain[i] > 0 && gain[i].isFinite
                  let g = isKnown ? gain[i] : typical
                  let added = isKnown && gainError[i].isFinite ? value[i] * gainError[i] : 0
                  error[i] = (g * error[i] * (g * error[i]) + added * added).squareRoot()
                  value[i] *= g
                  quality[i] |= gainFlags[i] | (isKnown ? 0 : DQ.noGainValue | DQ.doNotUse)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// Multiplies a variance by the square of the gain that its pixel was scaled by.
package func scaledVariance(_ variance: Plane<Float>, by gain: Gain, typical: Float) -> Plane<Float> {
  guard case .image(let image) = gain else { return variance.map { $0 * typical * typical } }
  var result = variance
  result.withUnsafeMutableBuffer { out in
    image.value.withUnsafeBuffer { gain in
      for i in out.indices {
        let g = gain[i] > 0 && gain[i].isFinite ? gain[i] : typical
        out[i] *= g * g
      }
    }
  }
  return result
}

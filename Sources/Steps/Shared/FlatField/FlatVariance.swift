import Pixels

/// The variance that the flat's own error adds to a divided image: `(out / f)² sigma_f²`, with `out = science / f`.
///
/// 0 where the flat cannot serve (see `divideFlat`): the pixel was divided by 1.
/// - Parameters:
///   - out: the divided image.
///   - flat: of its shape.
package func flatVariance(of out: Plane<Float>, flat: Measured) -> Plane<Float> {
  combined(out, flat) { out, f, sigma, isUsable in
    let term = out / f * sigma
    return isUsable ? term * term : 0
  }
}

/// A variance of the science image after division by the flat: `variance / f²`.
package func flatScaled(_ variance: Plane<Float>, by flat: Measured) -> Plane<Float> {
  combined(variance, flat) { variance, f, _, isUsable in isUsable ? variance / (f * f) : variance }
}

private func combined(
  _ plane: Plane<Float>, _ flat: Measured,
  _ term: @Sendable (_ x: Float, _ f: Float, _ sigma: Float, _ isUsable: Bool) -> Float
) -> Plane<Float> {
  let (width, height) = (plane.width, plane.height)
  return Plane(uninitializedWidth: width, height: height) { out in
    plane.withUnsafeBuffer { x in
      flat.value.withUnsafeBuffer { f in
        flat.error.withUnsafeBuffer { sigma in
          flat.quality.withUnsafeBuffer { quality in
            // Bands are disjoint, so no two threads write the same pixel.
            nonisolated(unsafe) let (out, x, f, sigma, quality) = (out, x, f, sigma, quality)
            forEachRowBand(height: height, width: width) { rows in
              for i in rows.lowerBound * width..<rows.upperBound * width {
                let isUsable = f[i] > 0 && f[i].isFinite && quality[i] & DQ.noFlatField == 0
                out[i] = term(x[i], f[i], sigma[i], isUsable)
              }
            }
          }
        }
      }
    }
  }
}

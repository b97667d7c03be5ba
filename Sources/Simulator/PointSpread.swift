import Glibc
import Pixels

/// A round Moffat profile of the imager, normalised to a total of 1 over the plane.
struct PointSpread: Sendable {
  /// Full width at half maximum in pixels, and the exponent.
  let fwhm: Double
  let beta: Double
  /// Pixels from the centre beyond which the profile is cut.
  let radius: Int

  private var alphaSquared: Double {
    let ratio = 2 * (pow(2, 1 / beta) - 1).squareRoot()
    return (fwhm / ratio) * (fwhm / ratio)
  }

  /// Adds `source` to the rates `plane`, sampled at pixel centres.
  func add(_ source: Source, to plane: inout Plane<Float>) {
    let (cx, cy) = (source.x - 1, source.y - 1)
    let (xMin, xMax) = (max(Int(cx.rounded()) - radius, 0), min(Int(cx.rounded()) + radius, plane.width - 1))
    let (yMin, yMax) = (max(Int(cy.rounded()) - radius, 0), min(Int(cy.rounded()) + radius, plane.height - 1))
    guard xMin <= xMax, yMin <= yMax else { return }
    let width = plane.width
    let scale = alphaSquared
    let peak = source.flux * (beta - 1) / (Double.pi * scale)
    plane.withUnsafeMutableBuffer { pixels in
      for y in yMin...yMax {
        let dy = Double(y) - cy
        for x in xMin...xMax {
          let dx = Double(x) - cx
          pixels[y * width + x] += Float(peak * pow(1 + (dx * dx + dy * dy) / scale, -beta))
        }
      }
    }
  }
}

import Foundation
import PipelineEngine

/// What the catalog's fluxes are in, and how they become magnitudes.
struct CatalogPhotometry {
  /// Unit of fluxes as FITS writes it.
  let unit: String
  /// Fluxes of the image are multiplied by this.
  let factor: Double
  /// AB magnitude of a flux of 1; nil where the image is not calibrated.
  let ab: Double?
  /// Vega magnitude of it.
  let vega: Double?
  /// One standard deviation of the zero points, mag.
  let zeroError: Double

  /// By the header that `photom` wrote (`ZPAB`, `ZPVEGA`, `ZPERR`, for `ZPUNIT`); an image in MJy/sr gives fluxes in µJy.
  init(_ frame: Frame) {
    let stated = frame.statedZeroPoint
    zeroError = stated?.error ?? 0
    if frame.unit == "MJy/sr", let area = PhotomStep.pixelArea(of: frame) {
      unit = "uJy"
      factor = area * 1e12
      // 1 µJy: -2.5 log10(1e-6 x 1e-23) - 48.6.
      let microjansky = -2.5 * log10(1e-29) - 48.6
      ab = microjansky
      let offset = stated.flatMap { zero in zero.vega.map { zero.ab - $0 } }
      vega = (offset ?? frame.photometricBand?.abMinusVega).map { microjansky - $0 }
    } else {
      unit = frame.unit
      factor = 1
      let own = frame.zeroPoint
      ab = own?.ab
      vega = own?.vega
    }
  }

  /// -2.5 log10(flux) + zero point; nil for a flux that is not positive or without a zero point.
  func magnitude(_ flux: Double, zero: Double?) -> Double? {
    guard let zero, flux > 0, flux.isFinite else { return nil }
    return zero - 2.5 * log10(flux * factor)
  }

  /// 2.5 / ln 10 x relative error, with the zero point's own and that of an aperture correction.
  func magnitudeError(_ flux: Double, _ error: Double, correction: Double = 0) -> Double? {
    guard flux > 0, error.isFinite else { return nil }
    return hypot(hypot(error / flux / ZeroPoint.relative, zeroError), correction)
  }
}

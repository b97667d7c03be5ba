import Foundation
import PipelineEngine
import SourceExtraction
import Tables

/// The zero point that measured standards agree on: ZP = m + 2.5 log10(rate(r)) - AC + k X, AC being the aperture
/// correction at r, which is negative (ALGORITHMS 1.10).
struct ZeroPointSolution {
  /// In the system of the magnitudes, above the air.
  let mean: RobustMean
  let isVega: Bool
  /// AB less Vega; nil where the band is not known.
  let offset: Double?
  /// Aperture of the measurement, pixels.
  let radius: Double
  /// Light beyond it, mag, not above 0 for a curve that grows.
  let correction: RobustMean
  let extinction: Double
  let airmass: Double?
  let stars: [MeasuredStandard]
  /// The zero point by each star.
  let values: [WeighedValue]

  /// - Throws: `EngineError` `no-flux` when no star has any, `no-airmass` when extinction needs one.
  init(
    _ stars: [MeasuredStandard], _ settings: ZeroPointSettings, frames: [Frame], context: StepContext
  ) throws(EngineError) {
    guard let index = Self.aperture(stars, settings) else {
      throw EngineError(
        "no-flux", "no standard has a positive flux", subject: frames.first?.member.name ?? "")
    }
    let radius = settings.radii[index]
    guard let correction = Self.correction(stars, index, settings) else {
      throw EngineError(
        "no-flux", "no isolated standard has a curve of growth", subject: frames.first?.member.name ?? "",
        hint: "choose a smaller zero_point.max_radius")
    }
    if settings.extinction > 0, let lacking = stars.first(where: { $0.airmass == nil }) {
      throw EngineError("no-airmass", "extinction needs the frame's AIRMASS", subject: lacking.frame)
    }
    var values: [WeighedValue] = []
    for star in stars {
      let flux = star.curve.flux[index]
      let error = ZeroPointSolution.magnitudeError(flux, star.curve.error[index])
      let lost = settings.extinction * (star.airmass ?? 0)
      values.append(
        WeighedValue(
          flux > 0 ? star.magnitude + 2.5 * log10(flux) - correction.value + lost : .nan,
          error: hypot(max(error, 1e-5), star.magnitudeError), colour: star.colour))
    }
    guard let mean = robustMean(of: values, kappa: settings.kappa, fitsColour: settings.fitsColour) else {
      throw EngineError(
        "no-flux", "no standard has a positive flux", subject: frames.first?.member.name ?? "")
    }
    let band = settings.abMinusVega ?? frames.first?.photometricBand?.abMinusVega
    if settings.isVega, band == nil {
      throw EngineError(
        "no-band", "AB - Vega of FILTER \(frames.first?.metadata.filter ?? "?") is not known",
        subject: frames.first?.member.name ?? "", hint: "--set zero_point.ab_vega=MAG")
    }
    let airmasses = stars.compactMap(\.airmass)
    self.mean = mean
    self.values = values
    self.stars = stars
    isVega = settings.isVega
    offset = band
    self.radius = radius
    self.correction = correction
    extinction = settings.extinction
    airmass = airmasses.isEmpty ? nil : airmasses.reduce(0, +) / Double(airmasses.count)
  }

  /// 2.5 / ln 10 x relative error.
  static func magnitudeError(_ flux: Double, _ error: Double) -> Double {
    flux > 0 ? error / flux / ZeroPoint.relative : .infinity
  }

  /// The aperture that was asked for, else the median of the stars' best ones.
  private static func aperture(_ stars: [MeasuredStandard], _ settings: ZeroPointSettings) -> Int? {
    if settings.radius > 0 { return settings.radii.firstIndex(of: settings.radius) }
    let best = stars.compactMap(\.curve.bestIndex).sorted()
    return best.isEmpty ? nil : best[best.count / 2]
  }

  /// Light beyond the aperture, by the stars that stand alone; weighed by how well each knows it.
  private static func correction(
    _ stars: [MeasuredStandard], _ index: Int, _ settings: ZeroPointSettings
  ) -> RobustMean? {
    // What was asked for up to the last radius needs none.
    if index == settings.radii.count - 1 {
      return RobustMean(value: 0, error: 0, slope: 0, isUsed: [], scatter: 0)
    }
    let alone = stars.filter(\.isIsolated)
    let values = (alone.isEmpty ? stars : alone).map { star -> WeighedValue in
      let curve = star.curve
      // The light between the two circles has the variance of the difference.
      let beyond = max(0, pow(curve.error.last ?? 0, 2) - pow(curve.error[index], 2)).squareRoot()
      return WeighedValue(
        curve.apertureCorrection(index) ?? .nan, error: max(1e-5, magnitudeError(curve.total, beyond)))
    }
    return robustMean(of: values, kappa: settings.kappa)
  }

  /// Zero point errors: the stars', the aperture correction's and the colour term's scatter is in the stars'.
  var error: Double { hypot(mean.error, correction.error) }

  var vega: Double? { isVega ? mean.value : offset.map { mean.value - $0 } }
  var ab: Double { isVega ? mean.value + (offset ?? 0) : mean.value }

  var quality: [String: Double] {
    [
      "zero_point_ab": ab, "zero_point_error": error, "zero_point_scatter": mean.scatter,
      "stars": Double(mean.count), "aperture_radius": radius, "aperture_correction": correction.value,
    ].merging(vega.map { ["zero_point_vega": $0] } ?? [:]) { $1 }
  }

  func report(in context: StepContext) {
    for (i, star) in stars.enumerated() where i < 50 {
      let isUsed = mean.isUsed[i] ? "" : " (left out)"
      context.logger.info(
        "\(star.frame) \(star.name): zero point \(values[i].value) ± \(values[i].error)\(isUsed)")
    }
    let vegaText = vega.map { ", Vega \($0.thousandths)" } ?? ""
    let colour = mean.slope == 0 ? "" : ", \(mean.slope.thousandths) mag per mag of colour"
    let used = "\(mean.count) of \(stars.count) measurements, r = \(radius.tenths) pixels"
    context.note(
      "zero point AB \(ab.thousandths)\(vegaText) ± \(error.thousandths) of \(used), aperture correction "
        + correction.value.thousandths + colour)
    let rises = stars.filter(\.isIsolated).compactMap { star -> Double? in
      let curve = star.curve
      let last = curve.radii.count - 1
      guard last > 0, curve.flux[last - 1] > 0, curve.signalToNoise(last) > 50 else { return nil }
      return curve.total / curve.flux[last - 1] - 1
    }.sorted()
    if !rises.isEmpty, rises[rises.count / 2] > 0.005 {
      let percent = (rises[rises.count / 2] * 100).tenths
      context.degrade(
        "a curve of growth still rises by \(percent) % over its last pixel: set a larger zero_point.max_radius"
      )
    }
  }
}

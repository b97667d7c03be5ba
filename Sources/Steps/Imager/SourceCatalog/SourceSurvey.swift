import Dispatch
import Foundation
import PipelineEngine
import Pixels
import SourceExtraction

/// Measures the sources of a frame: places, apertures, growth of the stars, PSF.
struct SourceSurvey {
  let sources: FrameSources
  let settings: CatalogSettings
  /// Radius of the aperture that is corrected to all light, pixels.
  private(set) var radius: Double
  /// The correction by the frame's bright isolated stars; nil without any.
  private(set) var correction: RobustMean?
  private(set) var psf: EmpiricalPSF?
  private(set) var psfStars = 0
  private(set) var measured: [MeasuredSource] = []

  /// - Throws: `EngineError` for what the library cannot measure.
  init(_ sources: FrameSources, _ settings: CatalogSettings, context: StepContext) throws {
    self.sources = sources
    self.settings = settings
    radius = settings.apertures.first ?? 3
    do throws(SourceExtractionError) {
      measured = try Self.inParallel(sources.catalog.sources.count) { i throws(SourceExtractionError) in
        try Self.measure(i, sources, settings)
      }
      let stars = brightStars()
      try correct(with: stars)
      if settings.wantsPSF { try fitPSF(stars, context: context) }
    } catch {
      throw EngineError(error.code, error.message, subject: sources.name, hint: error.hint, underlying: error)
    }
  }

  var sentence: String {
    let correction = correction.map { ", aperture correction \($0.value.thousandths) mag at r = \(radius)" }
    let psf = psf.map {
      ", PSF of \(psfStars) stars, half-light width \($0.halfLightWidth.hundredths) pixels"
    }
    return "\(measured.count) sources\(correction ?? ", no star for an aperture correction")\(psf ?? "")"
  }

  /// `make` for every index, on all cores; the first error of any is thrown.
  private static func inParallel<T: Sendable>(
    _ count: Int, _ make: @Sendable (Int) throws(SourceExtractionError) -> T
  ) throws(SourceExtractionError) -> [T] {
    var results = [Result<T, SourceExtractionError>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each turn writes its own element.
      nonisolated(unsafe) let out = buffer
      DispatchQueue.concurrentPerform(iterations: count) { i in
        out[i] = Result { () throws(SourceExtractionError) in try make(i) }
      }
    }
    var values: [T] = []
    values.reserveCapacity(count)
    for result in results { if let result { values.append(try result.get()) } }
    return values
  }

  // MARK: one source

  private static func measure(
    _ i: Int, _ sources: FrameSources, _ settings: CatalogSettings
  ) throws(SourceExtractionError) -> MeasuredSource {
    let (source, image) = (sources.catalog.sources[i], sources.image)
    let shape = SourceEllipse(source)
    let kron = try image.kronRadius(x: source.x, y: source.y, shape, owner: i)
    // SExtractor's AUTO: 2.5 Kron radii, at least 3.5 times the ellipse.
    let reach = max(2.5 * kron.radius, 3.5)
    let auto =
      shape.semiMajor > 0
      ? try image.ellipse(x: source.x, y: source.y, shape, radius: reach, owner: i)
      : try image.circle(x: source.x, y: source.y, radius: 3, owner: i)
    let half = try image.fluxRadii(
      x: source.x, y: source.y, fractions: [0.5], total: auto.flux, limit: 6 * max(1, shape.semiMajor),
      owner: i)
    let halfLight = half.radii.first.flatMap { $0 > 0 ? $0 : nil } ?? .nan
    let place = sources.centre(of: source, width: halfLight.isFinite ? 2 * halfLight : nil)
    let apertures = try settings.apertures.map { radius throws(SourceExtractionError) in
      try image.circle(x: place.x, y: place.y, radius: radius)
    }
    let errors = placeErrors(image, place, sigma: max(0.6, halfLight.isFinite ? 2 * halfLight / 2.3548 : 1))
    let smallest = settings.apertures.first ?? 3
    let edge =
      source.flags & Source.Flag.truncated != 0
      || (apertures.first?.flags ?? 0) & ApertureSum.Flag.truncated != 0
    let quality = sources.flags(x: place.x, y: place.y, radius: smallest)
    return MeasuredSource(
      source: source, x: place.x, y: place.y, xError: errors.x, yError: errors.y, apertures: apertures,
      auto: auto, kronRadius: reach, halfLightRadius: halfLight, total: .nan, totalError: .nan, psf: nil,
      quality: quality, flags: source.flags | kron.flags | auto.flags | (apertures.first?.flags ?? 0),
      isAtEdge: edge || quality & DQ.nonScience != 0)
  }

  /// Errors of a windowed place: σ² = 4 Σ w² σ_i² (x - x̄)² / (Σ w I)² (SExtractor's `ERRX2WIN`).
  private static func placeErrors(
    _ image: PhotometryImage, _ place: (x: Double, y: Double), sigma: Double
  ) -> (x: Double, y: Double) {
    let window = image.window(about: place, radius: 4 * sigma)
    var (light, xx, yy) = (0.0, 0.0, 0.0)
    for pixel in window {
      let weight = exp(-(pixel.dx * pixel.dx + pixel.dy * pixel.dy) / (2 * sigma * sigma))
      light += weight * pixel.value
      let variance = weight * weight * pixel.error * pixel.error
      xx += variance * pixel.dx * pixel.dx
      yy += variance * pixel.dy * pixel.dy
    }
    guard light > 0 else { return (.nan, .nan) }
    let factor = 2 * image.noiseCorrelation / light
    return (factor * xx.squareRoot(), factor * yy.squareRoot())
  }

  // MARK: stars

  /// Bright isolated sources without flags, and of one width: what is wider or sharper than most is no star.
  private func brightStars() -> [Int] {
    let isolation = sources.isolation()
    func isClean(_ i: Int) -> Bool {
      let one = measured[i]
      return one.flags == 0 && !one.isAtEdge && one.quality & (DQ.doNotUse | DQ.saturated) == 0
        && one.auto.error > 0 && one.auto.flux / one.auto.error >= settings.psfRatio
        && one.halfLightRadius.isFinite
    }
    let clean = measured.indices.filter { isClean($0) }
    let distance = settings.radii.last ?? 24
    let alone = clean.filter { isolation[$0] > distance }
    let candidates = alone.count >= 3 ? alone : clean.filter { isolation[$0] > distance / 2 }
    // Stars are the narrowest of what is no artefact: the first quartile's neighbourhood.
    let widths = candidates.map { measured[$0].halfLightRadius }.sorted()
    guard !widths.isEmpty else { return [] }
    let typical = widths[widths.count / 3]
    return candidates.filter { abs(measured[$0].halfLightRadius / typical - 1) < 0.25 }
      .sorted { measured[$0].auto.flux > measured[$1].auto.flux }.prefix(settings.psfStars).map { $0 }
  }

  /// Chooses the aperture of the largest signal-to-noise ratio among the catalog's and corrects it to all light.
  private mutating func correct(with stars: [Int]) throws(SourceExtractionError) {
    var curves: [CurveOfGrowth] = []
    for i in stars {
      let one = measured[i]
      // What the mesh left of the sky, where enough of it is dark.
      let reach = settings.radii.last ?? 24
      let sky = sources.image.localBackground(
        x: one.x, y: one.y, inner: reach, outer: 1.5 * reach, least: 200)
      curves.append(
        try sources.image.curveOfGrowth(
          x: one.x, y: one.y, radii: settings.radii, sky: sky == nil ? nil : reach...1.5 * reach))
    }
    let index = settings.radii.firstIndex(of: bestAperture(stars)) ?? 0
    radius = settings.radii[index]
    let corrections = curves.compactMap { curve -> WeighedValue? in
      guard let value = curve.apertureCorrection(index) else { return nil }
      let beyond = max(0, pow(curve.error.last ?? 0, 2) - pow(curve.error[index], 2)).squareRoot()
      return WeighedValue(value, error: max(1e-5, beyond / curve.total / ZeroPoint.relative))
    }
    correction = robustMean(of: corrections)
    let factor = pow(10, -0.4 * (correction?.value ?? .nan))
    for i in measured.indices {
      guard let k = settings.apertures.firstIndex(of: radius) else { continue }
      measured[i].total = measured[i].apertures[k].flux * factor
      measured[i].totalError = measured[i].apertures[k].error * factor
    }
  }

  /// Of a typical source, which is fainter than the stars.
  private func bestAperture(_ stars: [Int]) -> Double {
    func ratio(_ k: Int) -> Double {
      let ratios = measured.map {
        $0.apertures[k].error > 0 ? $0.apertures[k].flux / $0.apertures[k].error : 0
      }
      .sorted()
      return ratios.isEmpty ? 0 : ratios[ratios.count / 2]
    }
    let best = settings.apertures.indices.max { ratio($0) < ratio($1) }
    return best.map { settings.apertures[$0] } ?? settings.radii[0]
  }

  /// Makes the PSF of the stars and fits all sources with it; its fluxes are made those of the corrected aperture.
  private mutating func fitPSF(_ stars: [Int], context: StepContext) throws(SourceExtractionError) {
    guard !stars.isEmpty else {
      return context.note("no star is bright and isolated enough for a PSF: there are no PSF fluxes")
    }
    let widths = stars.map { 2 * measured[$0].halfLightRadius }.sorted()
    let width = widths[widths.count / 2]
    let reach = max(4, min(Int((4 * width).rounded(.up)), Int(settings.radii.last ?? 24)))
    // With 64 stars some four tell of each of the 16 places in a pixel; fewer leave noise that moves places.
    let few = stars.count < 64 ? 2 : 4
    let oversampling = settings.oversampling > 0 ? settings.oversampling : few
    let empirical = try empiricalPSF(
      from: sources.image,
      stars: stars.map { PSFStar(x: measured[$0].x, y: measured[$0].y, flux: measured[$0].total) },
      options: EmpiricalPSFOptions(oversampling: oversampling, radius: reach))
    let options = PSFPhotometryOptions(radius: max(3, min(2 * width, Double(reach) - 1)))
    var fits = psfPhotometry(
      of: sources.image, at: measured.map { ($0.x, $0.y) }, with: empirical, options: options)
    let ratios = stars.compactMap { i -> WeighedValue? in
      let ratio = measured[i].total / fits[i].flux
      return WeighedValue(ratio, error: max(1e-5, abs(measured[i].totalError / fits[i].flux)))
    }
    let scale = robustMean(of: ratios)?.value ?? 1
    for i in fits.indices {
      fits[i].flux *= scale
      fits[i].fluxError *= scale
      measured[i].psf = fits[i]
    }
    psf = empirical
    psfStars = stars.count
  }
}

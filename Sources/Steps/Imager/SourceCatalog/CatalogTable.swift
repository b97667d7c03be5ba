import Astrometry
import Foundation
import PipelineEngine
import Pixels
import SourceExtraction
import Tables

/// Writes measured sources as a table: one column after the other, each said once.
struct CatalogTable {
  private let settings: CatalogSettings
  private let frame: Frame
  private let survey: SourceSurvey?
  private let photometry: CatalogPhotometry
  private let wcs: SkyWCS?

  init(_ settings: CatalogSettings, _ frame: Frame, _ survey: SourceSurvey?, _ context: StepContext) {
    self.settings = settings
    self.frame = frame
    self.survey = survey
    photometry = CatalogPhotometry(frame)
    do throws(AstrometryError) {
      wcs = try SkyWCS(cards: frame.worldCoordinateCards)
    } catch {
      wcs = nil
      context.degrade("the catalog has no positions on the sky: \(error.message)")
    }
    if photometry.ab == nil { context.note("the image has no zero point: the catalog has no magnitudes") }
  }

  /// A column and what stands in it.
  private struct Entry {
    let column: Column
    let cell: (MeasuredSource, Place) -> Cell
  }

  /// Where a source is on the sky.
  private struct Place {
    var number = 0
    var sky = SkyPosition(ra: .nan, dec: .nan)
    /// One standard deviation East and North, arcsec.
    var east = Double.nan
    var north = Double.nan
    /// Direction of the major axis, degrees East of North, 0…180.
    var angle = Double.nan
    var scale = Double.nan
  }

  func product(_ sources: [MeasuredSource]) -> ProductTable {
    let entries = identity + sky + apertureColumns + totals + psfColumns + shape + quality
    let places = places(of: sources)
    let rows = zip(sources, places).map { source, place in entries.map { $0.cell(source, place) } }
    let table = Table(
      entries.map(\.column), rows: rows, name: "catalog", description: "sources of \(frame.member.name)")
    var product = ProductTable(
      kind: "cat", dataModel: "IRISCatalogModel", extensionName: "CATALOG", table: table,
      wantsECSV: settings.wantsECSV)
    describe(&product)
    return product
  }

  private func describe(_ product: inout ProductTable) {
    if let ab = photometry.ab {
      product.header.set("ZPAB", .real(ab), comment: "[mag] AB magnitude of flux 1")
    }
    if let vega = photometry.vega {
      product.header.set("ZPVEGA", .real(vega), comment: "[mag] Vega magnitude of flux 1")
    }
    product.header.set("ZPERR", .real(photometry.zeroError), comment: "[mag] error of the zero points")
    guard let survey else { return }
    product.header.set("APRADIUS", .real(survey.radius), comment: "[pixel] aperture of TOTAL")
    if let correction = survey.correction {
      product.header.set("APCORR", .real(correction.value), comment: "[mag] light beyond it")
      product.header.set("APCORERR", .real(correction.error), comment: "[mag] error of it")
    }
    product.header.set(
      "NOISECOR", .real(survey.sources.image.noiseCorrelation), comment: "factor on all errors of fluxes")
    if let psf = survey.psf {
      product.header.set(
        "PSFWIDTH", .real(psf.halfLightWidth), comment: "[pixel] twice its half-light radius")
      product.header.set("PSFSTARS", .integer(Int64(survey.psfStars)), comment: "stars of the PSF")
    }
    let background = survey.sources.background
    product.header.set(
      "SKYLEVEL", .real(Double(background.globalLevel)), comment: "[\(frame.unit)] sky taken off")
    product.header.set(
      "SKYNOISE", .real(Double(background.globalNoise)), comment: "[\(frame.unit)] noise of a pixel of it")
  }

  // MARK: columns

  private var identity: [Entry] {
    [
      Entry(column: Column("ID", .int, ucd: "meta.id;meta.main", description: "number, from 1")) {
        Cell($1.number)
      },
      number("X", "pixel", "pos.cartesian.x;instr.det", "windowed centroid, FITS pixel (first is 1)") {
        s, _ in
        s.x + 1
      },
      number("Y", "pixel", "pos.cartesian.y;instr.det", "windowed centroid, FITS pixel (first is 1)") {
        s, _ in
        s.y + 1
      },
      number("X_ERR", "pixel", "stat.error;pos.cartesian.x;instr.det", "error of X") { s, _ in s.xError },
      number("Y_ERR", "pixel", "stat.error;pos.cartesian.y;instr.det", "error of Y") { s, _ in s.yError },
    ]
  }

  private var sky: [Entry] {
    [
      number("RA", "deg", "pos.eq.ra;meta.main", "right ascension of X, Y") { $1.sky.longitude },
      number("DEC", "deg", "pos.eq.dec;meta.main", "declination of X, Y") { $1.sky.latitude },
      number("RA_ERR", "arcsec", "stat.error;pos.eq.ra", "error of RA x cos(DEC)") { $1.east },
      number("DEC_ERR", "arcsec", "stat.error;pos.eq.dec", "error of DEC") { $1.north },
    ]
  }

  private var apertureColumns: [Entry] {
    settings.apertures.enumerated().flatMap { index, radius in
      let name = "APER" + text(radius)
      return [
        flux(name + "_FLUX", "phot.flux", "flux within \(text(radius, ".")) pixels") {
          $0.apertures[index].flux
        },
        flux(name + "_FLUX_ERR", "stat.error;phot.flux", "error of it") { $0.apertures[index].error },
      ]
    }
  }

  private var totals: [Entry] {
    var entries = [
      flux("TOTAL_FLUX", "phot.flux", "aperture flux corrected to all light") { $0.total },
      flux("TOTAL_FLUX_ERR", "stat.error;phot.flux", "error of it") { $0.totalError },
    ]
    entries += magnitudes("TOTAL", "aperture-corrected", isCorrected: true) { ($0.total, $0.totalError) }
    entries += [
      flux("AUTO_FLUX", "phot.flux", "flux in Kron's ellipse") { $0.auto.flux },
      flux("AUTO_FLUX_ERR", "stat.error;phot.flux", "error of it") { $0.auto.error },
    ]
    return entries + magnitudes("AUTO", "Kron") { ($0.auto.flux, $0.auto.error) }
  }

  private var psfColumns: [Entry] {
    guard survey?.psf != nil else { return [] }
    var entries = [
      number("X_PSF", "pixel", "pos.cartesian.x;instr.det", "place by the PSF, FITS pixel") { s, _ in
        s.psf.map { $0.x + 1 }
      },
      number("Y_PSF", "pixel", "pos.cartesian.y;instr.det", "place by the PSF, FITS pixel") { s, _ in
        s.psf.map { $0.y + 1 }
      },
      number("X_PSF_ERR", "pixel", "stat.error;pos.cartesian.x", "error of X_PSF") { s, _ in s.psf?.xError },
      number("Y_PSF_ERR", "pixel", "stat.error;pos.cartesian.y", "error of Y_PSF") { s, _ in s.psf?.yError },
      flux("PSF_FLUX", "phot.flux", "flux by the PSF") { $0.psf?.flux ?? .nan },
      flux("PSF_FLUX_ERR", "stat.error;phot.flux", "error of it") { $0.psf?.fluxError ?? .nan },
    ]
    entries += magnitudes("PSF", "PSF", isCorrected: true) {
      ($0.psf?.flux ?? .nan, $0.psf?.fluxError ?? .nan)
    }
    entries += [
      number("SPREAD", nil, "src.morph.param", "0 for a star, above for what is wider") { s, _ in
        s.psf?.spread
      },
      number("SPREAD_ERR", nil, "stat.error;src.morph.param", "error of SPREAD") { s, _ in s.psf?.spreadError
      },
    ]
    return entries
  }

  private var shape: [Entry] {
    [
      number("FWHM", "pixel", "phys.angSize;src", "twice the half-light radius") { s, _ in
        2 * s.halfLightRadius
      },
      number("FWHM_SKY", "arcsec", "phys.angSize;src", "FWHM on the sky") { s, p in
        2 * s.halfLightRadius * p.scale
      },
      number("A", "pixel", "phys.angSize.smajAxis", "standard deviation along the major axis") { s, _ in
        Double(s.source.semiMajor)
      },
      number("B", "pixel", "phys.angSize.sminAxis", "standard deviation along the minor axis") { s, _ in
        Double(s.source.semiMinor)
      },
      number("ELONGATION", nil, "src.morph.param", "A / B") { s, _ in
        Double(s.source.semiMajor) / Double(s.source.semiMinor)
      },
      number("THETA", "deg", "pos.posAng;instr.det", "major axis from +x towards +y") { s, _ in
        Double(s.source.angle) * 180 / .pi
      },
      number("PA", "deg", "pos.posAng", "major axis, East of North") { $1.angle },
      number("KRON_RADIUS", nil, "phys.angSize;src", "AUTO ellipse in units of A, B") { s, _ in s.kronRadius
      },
    ]
  }

  private var quality: [Entry] {
    [
      number("SNR", nil, "stat.snr;phot.flux", "TOTAL_FLUX over its error, else AUTO's") { s, _ in
        s.totalError > 0 ? s.total / s.totalError : s.auto.flux / s.auto.error
      },
      Entry(
        column: Column(
          "NPIX", .int, ucd: "meta.number;instr.pixel", description: "pixels above the threshold")
      ) {
        source, _ in Cell(source.source.pixelCount)
      },
      Entry(column: Column("FLAGS", .int, ucd: "meta.code.qual", description: "flags of SEP, OR-ed")) {
        source, _ in
        Cell(source.flags)
      },
      Entry(
        column: Column(
          "DQ", .int, ucd: "meta.code.qual", description: "DQ within the smallest aperture, OR-ed")
      ) {
        source, _ in .int(Int64(source.quality))
      },
      flag("SATURATED", "a saturated pixel in the smallest aperture") { $0.quality & DQ.saturated != 0 },
      flag("EDGE", "at the edge of the image") { $0.isAtEdge },
      flag("BLENDED", "separated from a neighbour") { $0.source.flags & Source.Flag.merged != 0 },
    ]
  }

  // MARK: forms of columns

  private func number(
    _ name: String, _ unit: String?, _ ucd: String, _ description: String,
    _ value: @escaping (MeasuredSource, Place) -> Double?
  ) -> Entry {
    Entry(column: Column(name, .double, unit: unit, ucd: ucd, description: description)) { source, place in
      value(source, place).map { $0.isFinite ? .double($0) : .null } ?? .null
    }
  }

  private func flux(
    _ name: String, _ ucd: String, _ description: String, _ value: @escaping (MeasuredSource) -> Double
  ) -> Entry {
    let factor = photometry.factor
    return number(name, photometry.unit, ucd, description) { source, _ in value(source) * factor }
  }

  private func flag(_ name: String, _ description: String, _ value: @escaping (MeasuredSource) -> Bool)
    -> Entry
  {
    Entry(column: Column(name, .bool, ucd: "meta.code.qual", description: description)) { source, _ in
      .bool(value(source))
    }
  }

  private func magnitudes(
    _ name: String, _ what: String, isCorrected: Bool = false,
    _ value: @escaping (MeasuredSource) -> (flux: Double, error: Double)
  ) -> [Entry] {
    let photometry = photometry
    let correction = isCorrected ? survey?.correction?.error ?? 0 : 0
    return [
      number("\(name)_MAG_AB", "mag", "phot.mag", "\(what) AB magnitude") { source, _ in
        photometry.magnitude(value(source).flux, zero: photometry.ab)
      },
      number("\(name)_MAG_VEGA", "mag", "phot.mag", "\(what) Vega magnitude") { source, _ in
        photometry.magnitude(value(source).flux, zero: photometry.vega)
      },
      number("\(name)_MAG_ERR", "mag", "stat.error;phot.mag", "error, with the zero point's") { source, _ in
        photometry.magnitudeError(value(source).flux, value(source).error, correction: correction)
      },
    ]
  }

  /// `2`, `2_5`.
  private func text(_ radius: Double, _ point: String = "_") -> String {
    let whole = "\(radius)"
    let text = whole.hasSuffix(".0") ? String(whole.dropLast(2)) : whole
    return text.replacingOccurrences(of: ".", with: point)
  }

  // MARK: sky

  private func places(of sources: [MeasuredSource]) -> [Place] {
    guard let wcs else { return sources.indices.map { Place(number: $0 + 1) } }
    let step = 1.0
    let centres = wcs.sky(atArrayIndices: sources.map { PixelPosition(x: $0.x, y: $0.y) })
    let right = wcs.sky(atArrayIndices: sources.map { PixelPosition(x: $0.x + step, y: $0.y) })
    let above = wcs.sky(atArrayIndices: sources.map { PixelPosition(x: $0.x, y: $0.y + step) })
    return sources.indices.map { i in
      let plane = TangentPlane(at: centres[i])
      let (x, y) = (plane.offset(of: right[i]), plane.offset(of: above[i]))
      let source = sources[i]
      let angle = Double(source.source.angle)
      let east = x.east * cos(angle) + y.east * sin(angle)
      let north = x.north * cos(angle) + y.north * sin(angle)
      let direction = atan2(east, north) * 180 / .pi
      return Place(
        number: i + 1, sky: centres[i], east: hypot(x.east * source.xError, y.east * source.yError),
        north: hypot(x.north * source.xError, y.north * source.yError),
        angle: direction < 0 ? direction + 180 : direction == 180 ? 0 : direction,
        scale: abs(x.east * y.north - x.north * y.east).squareRoot())
    }
  }
}

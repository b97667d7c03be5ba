import Astrometry
import PipelineEngine
import SourceExtraction

/// Makes the catalog of the sources of an image: a table product beside it.
public struct SourceCatalogStep: Step {
  public static let declaration = StepDeclaration(
    name: "source_catalog", className: "SourceCatalogStep", summary: "Catalog of the sources of an image",
    aliases: ["jwst.source_catalog.SourceCatalogStep", "iris_pipeline.source_catalog.SourceCatalogStep"],
    statusKeyword: "S_SRCCAT",
    parameters: [
      .threshold(3, of: "the noise (ERR)"),
      .minimumArea,
      Parameter(
        "deblend_levels", .integer(1...256), default: .integer(32),
        help: "levels at which a source is looked at to separate neighbours"),
      Parameter(
        "deblend_contrast", .number(0...1), default: .number(0.005),
        help: "share of the flux that a separated part must have; 1 separates nothing"),
      .boxSize,
      .filterSize,
      Parameter(
        "apertures", .list, default: .list(["2", "4", "8"]), unit: "pixel",
        help: "radii of the circular apertures"),
      Parameter(
        "max_radius", .integer(3...1000), default: .integer(24), unit: "pixel",
        help: "radius that holds all light of a star: the end of the curve of growth"),
      Parameter(
        "psf", .boolean, default: .boolean(true),
        help: "make a PSF of bright isolated stars and fit all sources"),
      Parameter(
        "psf_stars", .integer(1...10_000), default: .integer(100), help: "stars of the PSF at most"),
      Parameter(
        "psf_snr", .number(5...100_000), default: .number(50),
        help: "signal-to-noise ratio that stars of the PSF have at least"),
      Parameter(
        "oversampling", .integer(0...8), default: .integer(0),
        help: "grid points of the PSF along a pixel; 0: 4 with 64 stars and more, else 2"),
      Parameter(
        "ecsv", .boolean, default: .boolean(false), help: "write the catalog as ECSV too (by hand only)"),
    ])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let frame = work.first else { return .skipped(reason: "there is no frame") }
    guard work.frames.count == 1 else {
      return .skipped(reason: "there are \(work.frames.count) frames and no mosaic of them")
    }
    let settings = try CatalogSettings(context.parameters)
    let sources = try FrameSources(frame, settings.search)
    guard !sources.catalog.sources.isEmpty else {
      context.note("no source was found above \(settings.search.detection.threshold) sigmas")
      work.tables.append(CatalogTable(settings, frame, nil, context).product([]))
      return .complete
    }
    let survey = try SourceSurvey(sources, settings, context: context)
    let table = CatalogTable(settings, frame, survey, context)
    let rows = survey.measured
    work.tables.append(table.product(rows))
    work.quality["sources"] = Double(rows.count)
    work.quality["aperture_correction"] = survey.correction?.value
    work.quality["psf_fwhm"] = survey.psf?.halfLightWidth
    work.quality["psf_stars"] = Double(survey.psfStars)
    context.note(survey.sentence)
    return .complete
  }
}

/// The parameters of ``SourceCatalogStep``, checked.
struct CatalogSettings {
  let search: FrameSources.Options
  let apertures: [Double]
  let radii: [Double]
  let wantsPSF: Bool
  let psfStars: Int
  let psfRatio: Double
  let oversampling: Int
  let wantsECSV: Bool

  /// - Throws: `EngineError` `bad-parameter` for apertures that are none.
  init(_ parameters: ParameterSet) throws(EngineError) {
    var search = FrameSources.Options()
    search.boxSize = parameters.integer("box_size") ?? 64
    search.filterSize = parameters.integer("filter_size") ?? 3
    search.detection = DetectionOptions(
      threshold: Float(parameters.number("threshold") ?? 3), minimumArea: parameters.integer("min_area") ?? 5,
      deblendingLevels: parameters.integer("deblend_levels") ?? 32,
      deblendingContrast: parameters.number("deblend_contrast") ?? 0.005)
    self.search = search
    let limit = Double(parameters.integer("max_radius") ?? 24)
    var apertures: [Double] = []
    if case .list(let texts) = parameters["apertures"] {
      for text in texts {
        guard let radius = Double(text), radius > 0, radius <= limit else {
          throw EngineError(
            "bad-parameter", "'\(text)' is no radius above 0 and up to max_radius \(limit)",
            subject: "apertures")
        }
        if !apertures.contains(radius) { apertures.append(radius) }
      }
    }
    self.apertures = apertures.sorted()
    radii = Array(Set(apertures + stride(from: 1, through: limit, by: 1))).sorted()
    wantsPSF = parameters.boolean("psf")
    psfStars = parameters.integer("psf_stars") ?? 100
    psfRatio = parameters.number("psf_snr") ?? 50
    oversampling = parameters.integer("oversampling") ?? 0
    wantsECSV = parameters.boolean("ecsv")
  }
}

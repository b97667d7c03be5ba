import DataModels
import Deconvolution
import PipelineEngine
import Pixels

/// Takes a given PSF out of a mosaic or a frame (Richardson & Lucy).
public struct DeconvolveStep: Step {
  public static let declaration = StepDeclaration(
    name: "deconvolve", className: "DeconvolveStep",
    summary: "Take a given PSF out of a mosaic or a frame (Richardson & Lucy)",
    aliases: ["deconvolution", "psf_deconvolve"], statusKeyword: "S_DECONV",
    parameters: [
      Parameter(
        "psf", .string, default: .none,
        help: "FITS file of the PSF: an image, or a cube with a table PSFPOS of places (X, Y)"),
      Parameter("iterations", .integer(1...1000), default: .integer(50), help: "iterations at most"),
      Parameter(
        "tolerance", .number(0...1), default: .number(1e-3),
        help: "end when an iteration moves less than this share of the light; 0: never"),
      Parameter(
        "chi2_goal", .number(0...100), default: .number(1),
        help: "end when chi squared per pixel is down to this; 0: never"),
      Parameter(
        "background", .number(-1e9...1e9), default: .number(0),
        help: "level that is no light of the scene, in the frame's unit; it is left out of the result"),
      Parameter(
        "tile", .integer(16...8192), default: .integer(512), unit: "pixel",
        help: "tiles of at least this side; each has its own PSF where there are several"),
      Parameter(
        "errors", .choice(["measured", "kept"]), default: .string("measured"),
        help: "ERR times the growth of noise, measured by a second deconvolution, or ERR as it was"),
    ])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let path = context.parameters.string("psf") else {
      throw EngineError(
        "missing-parameter", "there is no PSF to take out", subject: "deconvolve.psf",
        hint: "--set deconvolve.psf=FILE.fits")
    }
    guard work.frames.count == 1 else {
      return .skipped(reason: "a mosaic or a single frame is deconvolved, not \(work.frames.count) frames")
    }
    let file = try PointSpreadFile(path: path)
    let pixels = try work.frames[0].takePixels()
    let job = Job(pixels: pixels, options: options(context.parameters), excluded: Self.excluded(pixels))
    do throws(DeconvolutionError) {
      let psf = try psf(file)
      tellOffset(of: psf, path, context)
      let solved = try deconvolve(
        pixels.value, variance: job.variance, excluding: job.excluded, psf: psf, options: job.options)
      let growth = try growth(of: solved, job, psf, context)
      tell(solved, growth, &work, context)
      work.frames[0].setPixels(job.result(solved, growth: growth))
    } catch {
      throw EngineError(
        error.code, error.message, subject: error.subject == "PSF" ? path : work.frames[0].member.name,
        hint: error.hint, underlying: error)
    }
    // They were parts of a variance that is no more.
    (work.variancePoisson, work.varianceReadNoise, work.varianceFlat) = (nil, nil, nil)
    return .complete
  }

  private func options(_ parameters: ParameterSet) -> DeconvolutionOptions {
    DeconvolutionOptions(
      maximumIterations: parameters.integer("iterations") ?? 50,
      tolerance: parameters.number("tolerance") ?? 1e-3,
      chiSquaredGoal: parameters.number("chi2_goal") ?? 1,
      background: Float(parameters.number("background") ?? 0), tile: parameters.integer("tile") ?? 512)
  }

  /// FITS counts pixels from 1.
  private func psf(_ file: PointSpreadFile) throws(DeconvolutionError) -> PointSpread {
    try PointSpread(file.planes, at: zip(file.x, file.y).map { PointSpread.Place(x: $0 - 1, y: $1 - 1) })
  }

  private func tellOffset(of psf: PointSpread, _ path: String, _ context: StepContext) {
    let offset = (psf.greatestOffset * 100).rounded() / 100
    guard offset > 0.1 else { return }
    context.degrade(
      "the light of the PSF \(path) is \(offset) pixels off its central pixel: positions move as much")
  }

  private func growth(
    of solved: Deconvolved, _ job: Job, _ psf: PointSpread, _ context: StepContext
  ) throws(DeconvolutionError) -> Double? {
    guard context.parameters.string("errors") == "measured" else { return nil }
    let growth = try noiseAmplification(
      of: solved, job.pixels.value, variance: job.variance, excluding: job.excluded, psf: psf,
      options: job.options)
    if growth == nil { context.note("there is no blank sky to measure the growth of noise on: ERR is kept") }
    return growth
  }

  private func tell(
    _ solved: Deconvolved, _ growth: Double?, _ work: inout Workpiece, _ context: StepContext
  ) {
    work.quality["deconvolution_iterations"] = Double(solved.iterations)
    work.quality["deconvolution_chi2"] = solved.chiSquared
    if let growth { work.quality["noise_growth"] = growth }
    let chiSquared = (solved.chiSquared * 100).rounded() / 100
    context.note(
      "deconvolved by \(solved.iterations) iterations (\(solved.end)), chi squared per pixel \(chiSquared)")
  }

  private static func excluded(_ pixels: Measured) -> PixelMask {
    PixelMask(unusable: pixels, flags: DQ.doNotUse | DQ.nonScience | DQ.referencePixel | DQ.saturated)
  }
}

/// A frame's pixels on their way through a deconvolution.
private struct Job {
  let pixels: Measured
  let options: DeconvolutionOptions
  let excluded: PixelMask
  let variance: Plane<Float>

  init(pixels: Measured, options: DeconvolutionOptions, excluded: PixelMask) {
    self.pixels = pixels
    self.options = options
    self.excluded = excluded
    variance = pixels.error.map { $0 * $0 }
  }

  /// How far from a pixel that was used an excluded one may be to get an estimate.
  private static let reach = 2.0

  /// Values are the scene's. Errors grow, and are flagged in any case: neighbours are no longer independent.
  func result(_ solved: Deconvolved, growth: Double?) -> Measured {
    let left = excluded.plane
    let near = PixelMask(nonZero: left.map { 1 - $0 }).dilated(by: Self.reach).plane
    var result = pixels
    let factor = Float(growth ?? 1)
    result.error = pixels.error.map { $0 * factor }
    result.value.withUnsafeMutableBuffer { value in
      result.quality.withUnsafeMutableBuffer { quality in
        solved.image.withUnsafeBuffer { scene in
          left.withUnsafeBuffer { left in
            near.withUnsafeBuffer { near in
              for i in value.indices {
                let isScience = quality[i] & (DQ.nonScience | DQ.referencePixel) == 0
                let isEstimate = left[i] != 0
                quality[i] |= DQ.unreliableError
                guard isScience, !isEstimate || near[i] != 0 else { continue }
                value[i] = scene[i]
                if isEstimate { quality[i] |= DQ.fluxEstimated }
              }
            }
          }
        }
      }
    }
    return result
  }
}

import DataModels
import PipelineEngine
import Pixels

/// Finds cosmic rays in single frames by their sharp edges, where the ramp could not tell them.
public struct LACosmicStep: Step {
  public static let declaration = StepDeclaration(
    name: "lacosmic", className: "LACosmicStep",
    summary: "Find cosmic rays in single frames by their sharp edges (L.A.Cosmic)",
    aliases: ["cosmic_rays", "crreject"], statusKeyword: "S_CRFLAG",
    parameters: [
      Parameter(
        "always", .boolean, default: .boolean(false),
        help: "also search frames whose ramps were searched for jumps"),
      Parameter(
        "sigma_clip", .number(1...100), default: .number(4.5), unit: "sigma",
        help: "rays stand out by this much"),
      Parameter(
        "sigma_fraction", .number(0.01...1), default: .number(0.3),
        help: "neighbours of a ray need this share of sigma_clip"),
      Parameter(
        "object_limit", .number(0.1...1000), default: .number(10),
        help: "a ray is this many times sharper than a star; 5 for stars sampled by 3 pixels or more"),
      Parameter("iterations", .integer(1...20), default: .integer(4), help: "rounds at most"),
      Parameter(
        "separable", .boolean, default: .boolean(false),
        help: "medians along rows and columns: faster, but undersampled cores look like rays"),
      Parameter(
        "fine_structure", .choice(["median", "convolve"]), default: .string("median"),
        help: "what tells stars: medians, or the image convolved with the PSF (object_limit 2 then)"),
      Parameter(
        "psf_fwhm", .number(0.5...50), default: .number(2.2), unit: "pixel",
        help: "full width at half maximum of the PSF, convolve only"),
      Parameter(
        "psf_model", .choice(["gauss", "moffat"]), default: .string("gauss"),
        help: "its profile, convolve only"),
      Parameter(
        "noise", .choice(["error", "model"]), default: .string("error"),
        help: "the frame's ERR, or gain, read noise and exposure time"),
      Parameter(
        "subtracted_level", .number(0...1e9), default: .number(0),
        help:
          "what was subtracted from the frame, in its unit, noise model only; SKYLEVEL and BKGLEVEL are added"
      ),
      Parameter(
        "warn_fraction", .number(0...1), default: .number(0.01),
        help: "a frame of which more than this share is flagged degrades the product"),
    ],
    referenceTypes: ["gain", "readnoise"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard !work.frames.isEmpty else { return .skipped(reason: "there is no frame") }
    let searchesAll = context.parameters.boolean("always")
    let chosen = work.frames.indices.filter {
      let frame = work.frames[$0]
      return frame.status("S_CRFLAG") != "COMPLETE" && (searchesAll || frame.status("S_JUMP") != "COMPLETE")
    }
    guard !chosen.isEmpty else {
      return .skipped(
        reason: "rays were found before, in the ramps (S_JUMP) or here; always=True searches again")
    }
    // All frames are searched before any is touched: a step that says SKIPPED changed nothing.
    var found: [(frame: Int, rays: Hits)] = []
    for i in chosen {
      guard let rays = try rays(in: work.frames[i], context) else {
        let reason = "\(work.frames[i].member.name): no GAIN, READNOIS and EXPTIME to tell rays from noise"
        context.degrade(reason)
        return .skipped(reason: reason)
      }
      // Of the search no image is kept.
      found.append((i, Hits(mask: rays.mask, fraction: rays.fraction, rounds: rays.found)))
    }
    for (i, rays) in found {
      tell(rays, of: work.frames[i], context)
      let mask = rays.mask
      try work.frames[i].apply(
        FrameOperation(.keepsErrors) { pixels, rows in
          mask.raise(DQ.outlier | DQ.doNotUse, in: &pixels.quality, rows: rows)
        })
    }
    work.quality["cosmic_ray_fraction"] = found.reduce(0) { $0 + $1.rays.fraction } / Double(found.count)
    return .complete
  }

  /// What a search found in a frame.
  private struct Hits {
    let mask: PixelMask
    let fraction: Double
    /// New pixels of every round.
    let rounds: [Int]
  }

  private func tell(_ rays: Hits, of frame: Frame, _ context: StepContext) {
    let percent = (rays.fraction * 1e5).rounded() / 1e3
    context.logger.info(
      "\(frame.member.name): cosmic rays in \(rays.mask.count) pixels (\(percent) %), rounds \(rays.rounds)")
    if rays.fraction > context.parameters.number("warn_fraction") ?? 0.01 {
      context.degrade("\(frame.member.name): \(percent) % of the pixels look like cosmic rays")
    }
  }

  /// The rays of one frame, whose pixels are let go again; nil where its noise is not known.
  private func rays(in frame: Frame, _ context: StepContext) throws -> CosmicRays? {
    let pixels = try frame.pixels()
    guard let noise = try FrameNoise(of: frame, pixels, in: context) else { return nil }
    var options = options(context.parameters)
    options.gain = noise.electronsPerUnit
    do {
      return try findCosmicRays(
        in: pixels.value, excluding: PixelMask(unusable: pixels, flags: Self.unusable),
        saturated: PixelMask(anyOf: DQ.saturated, in: pixels.quality), subtractedLevel: noise.subtractedLevel,
        noise: noise.variance, options: options)
    } catch {
      throw EngineError(
        error.code, error.message, subject: frame.member.name, hint: error.hint, underlying: error)
    }
  }

  private static let unusable =
    DQ.doNotUse | DQ.nonScience | DQ.referencePixel | DQ.dead | DQ.hot | DQ.otherBadPixel

  private func options(_ parameters: ParameterSet) -> CosmicRayOptions {
    var options = CosmicRayOptions()
    options.sigmaClip = Float(parameters.number("sigma_clip") ?? 4.5)
    options.sigmaFraction = Float(parameters.number("sigma_fraction") ?? 0.3)
    options.objectLimit = Float(parameters.number("object_limit") ?? 10)
    options.maximumIterations = parameters.integer("iterations") ?? 4
    options.medians = parameters.boolean("separable") ? .separable : .full
    guard parameters.string("fine_structure") == "convolve" else { return options }
    let fwhm = parameters.number("psf_fwhm") ?? 2.2
    // Wide enough for the core and the slope that it is told by.
    let side = min(2 * Int((1.5 * fwhm).rounded(.up)) + 1, 99)
    options.fineStructure = .matched(
      parameters.string("psf_model") == "moffat"
        ? .moffat(fwhm: fwhm, side: side) : .gaussian(fwhm: fwhm, side: side))
    return options
  }
}

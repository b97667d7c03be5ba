import PipelineEngine
import Pixels

/// Subtracts k times the sky, made of the backgrounds of the association, or else a super sky brought to the frame's
/// level.
public struct BackgroundSubtractStep: Step {
  public static let declaration = StepDeclaration(
    name: "bkg_subtract", className: "BackgroundStep", summary: "Subtract the background (sky) frames",
    aliases: [
      "background", "sky_sub", "background_subtraction", "jwst.background.BackgroundStep",
      "iris_pipeline.background.BackgroundStep", "liger_iris_pipeline.background.BackgroundStep",
      "liger_iris_pipeline.sky_subtraction.SkySubtractionImagerStep", "background_sub",
      "liger_iris_pipeline.SkySubtractionImagerStep",
      "liger_iris_pipeline.background.SubtractBackgroundImagerStep",
      "liger_iris_pipeline.background.BackgroundSubtractionImagerStep",
    ],
    statusKeyword: "S_BKDSUB",
    parameters: [
      Parameter("scale", .number(0...10), default: .number(1), help: "factor k of the sky"),
      Parameter(
        "method", .choice(["median", "mean"]), default: .string("median"),
        help: "how several skies are combined"),
      Parameter(
        "sigma", .number(0...100), default: .number(3), unit: "",
        help: "clipping of several skies, in sigmas; 0 for none"),
      Parameter(
        "max_iterations", .integer(1...100), default: .integer(10), help: "rounds of clipping at most"),
      Parameter(
        "min_skies", .integer(1...1000), default: .integer(1),
        help: "with fewer backgrounds a super sky serves, where there is one"),
      Parameter(
        "mask_sources", .choice(["auto", "always", "never"]), default: .string("auto"),
        help: "leave sources of the backgrounds out of the sky; auto: where a background is a science frame"),
      Parameter(
        "self_sky", .boolean, default: .boolean(false),
        help: "with neither background nor super sky subtract the frame's own mesh background, sources masked"
      ),
    ], referenceTypes: ["sky"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    if work.frames.allSatisfy(\.hadBackgroundSubtracted) {
      return .skipped(reason: "the background was subtracted before")
    }
    if work.backgrounds.count < context.parameters.integer("min_skies") ?? 1,
      try subtractSuperSky(from: &work, in: context)
    {
      return .complete
    }
    if work.backgrounds.isEmpty, context.parameters.boolean("self_sky") {
      return try subtractSelfSky(from: &work, in: context)
    }
    guard !work.backgrounds.isEmpty else {
      context.degrade("no sky was subtracted: waiting for sky")
      return .skipped(reason: "the association has no background")
    }
    if let path = context.resolved("sky").path {
      context.note("the backgrounds of the association are used, not the super sky \(fileName(of: path))")
    }
    let k = Float(context.parameters.number("scale") ?? 1)
    let shared = try sharedDark(of: work, in: context)
    let masked = try MaskedBackgrounds(work.backgrounds, in: context)
    var (sky, skyShare) = try combinedSky(masked.frames, sharing: shared, in: context)
    masked.fill(&sky)
    let sharedError = shared?.plane
    let level = Double(k) * Self.level(of: sky)
    for i in work.frames.indices where !work.frames[i].hadBackgroundSubtracted {
      let own = work.frames[i].earlierDark == shared?.name ? sharedError : nil
      try subtract(sky, k, holding: skyShare, sharing: own, from: &work.frames[i], in: context)
      work.frames[i].tellSky(level)
    }
    work.backgrounds = []
    return .complete
  }

  /// The median of the sky, by bands of rows all over it: what searches for cosmic rays must know of the light that is
  /// no longer in the values.
  private static func level(of sky: Measured) -> Double {
    medianOfBands(16, rows: 8, height: sky.height) { rows in
      let part = sky.cropped(
        to: PixelWindow(x0: 0, y0: rows.lowerBound, width: sky.width, height: rows.count))
      return Double(median(of: part.value, quality: part.quality))
    } ?? 0
  }

  private func subtract(
    _ sky: Measured, _ k: Float, holding skyShare: Float, sharing error: Plane<Float>?,
    from frame: inout Frame, in context: StepContext
  ) throws {
    let share = frame.darkShare - k * skyShare
    if share != frame.darkShare {
      context.logger.info("The background holds the dark: \(share) x dark remains to be subtracted")
    }
    try frame.apply(
      FrameOperation { pixels, rows in
        let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: sky.width, height: rows.count)
        pixels = calibrate(
          pixels,
          with: CalibrationFrames(
            sky: sky.cropped(to: window), skyScale: k, sharedError: error?.cropped(to: window)))
      })
    frame.darkShare = share
  }

  /// The error of the one dark that earlier runs took out of all skies and of a frame: it is the same in all of them, so
  /// it cancels as the dark does. Nil where there is no such dark, or where it cannot be had, which the report says.
  private func sharedDark(of work: Workpiece, in context: StepContext) throws -> SharedError? {
    let names = Set(work.backgrounds.map(\.earlierDark))
    guard names.count == 1, case let name?? = names.first,
      let frame = work.frames.first(where: { $0.earlierDark == name })
    else { return nil }
    if let error = try context.earlierDark(named: name, for: frame) { return error }
    context.note(
      "the frame and its sky had the same dark subtracted (\(name)), which is not at hand: its error is counted twice "
        + "and ERR is too large")
    return nil
  }

  /// The sky and how much of the dark is in it.
  private func combinedSky(
    _ skies: [Frame], sharing shared: SharedError?, in context: StepContext
  ) throws -> (Measured, Float) {
    let share = skies[0].darkShare
    guard skies.allSatisfy({ $0.darkShare == share }) else {
      throw EngineError(
        "mixed-backgrounds", "some backgrounds hold the dark and some had it subtracted",
        subject: skies.map(\.member.name).joined(separator: ", "))
    }
    if skies.count == 1 { return (try skies[0].pixels(), share) }
    let sigma = Float(context.parameters.number("sigma") ?? 3)
    let clipping =
      sigma > 0
      ? Clipping(
        kappaLow: sigma, kappaHigh: sigma,
        maximumIterations: context.parameters.integer("max_iterations") ?? 10) : nil
    let options = CombineOptions(
      method: CombineOptions.Method(rawValue: context.parameters.string("method") ?? "") ?? .median,
      clipping: clipping)
    var skies = skies
    if let shared { for i in skies.indices { try skies[i].setApart(shared) } }
    return (try FrameStack(skies).combine(options).measured, share)
  }
}

extension Frame {
  /// Says in the header what level was subtracted, dark included where the sky held it.
  mutating func tellSky(_ level: Double) {
    header.set("SKYLEVEL", .real(level), comment: "level of the sky, \(unit)")
  }

  /// Whether an earlier run took the background out.
  var hadBackgroundSubtracted: Bool { status("S_BKDSUB") == "COMPLETE" }
}

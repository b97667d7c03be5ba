import Astrometry
import DataModels
import PipelineEngine
import Pixels

/// Brings dithered frames, of any of the detectors, onto one grid.
public struct ResampleStep: Step {
  public static let declaration = StepDeclaration(
    name: "resample", className: "ResampleStep", summary: "Combine dithered frames to a mosaic",
    aliases: ["jwst.resample.ResampleStep", "liger_iris_pipeline.resample.ResampleStep"],
    statusKeyword: "S_RESAMP",
    parameters: [
      Parameter(
        "kernel", .choice(["square", "turbo", "point", "lanczos3", "shift"]), default: .string("square"),
        help:
          "how a pixel's flux is shared: drizzle (square, turbo, point), interpolation, or copies moved by whole pixels"
      ),
      Parameter(
        "pixfrac", .number(0.01...1), default: .number(0.8),
        help: "side of a drop over that of a pixel (square and turbo)"),
      Parameter(
        "scale_ratio", .number(0.1...10), default: .number(1),
        help: "side of a frame's pixel over that of the mosaic's", aliases: ["pixel_scale_ratio"]),
      Parameter(
        "rotation", .number(-360...360), default: .none, unit: "deg",
        help: "direction of +y in the mosaic, East of North; None: the first frame's"),
      Parameter(
        "reference", .string, default: .none,
        help: "file whose grid the mosaic takes; None: one that holds all frames"),
      Parameter(
        "weight", .choice(["ivm", "exptime", "none"]), default: .string("ivm"),
        help: "weight of a frame: 1/(median error)², its exposure time, or 1", aliases: ["weight_type"]),
      Parameter(
        "combine", .choice(["mean", "median"]), default: .string("mean"), help: "what the frames become"),
      Parameter(
        "clip", .choice(["none", "mad", "std"]), default: .string("none"),
        help: "reject outliers among the frames first, in units of this sigma"),
      Parameter(
        "kappa_low", .number(0.1...100), default: .number(3),
        help: "rejected below centre - kappa_low x sigma"),
      Parameter(
        "kappa_high", .number(0.1...100), default: .number(3),
        help: "rejected above centre + kappa_high x sigma"),
      Parameter(
        "min_survivors", .integer(1...1000), default: .integer(2),
        help: "a rejection that would leave fewer samples is not made"),
      Parameter(
        "offsets", .choice(["wcs", "header"]), default: .string("wcs"),
        help: "where the frames lie: by their world coordinates, or by XOFFSET, YOFFSET, PA and SCALE"),
      Parameter(
        "min_overlap", .number(0...1), default: .number(0.1),
        help: "a frame of which the others of its detector cover less is refused"),
    ],
    intake: .set)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    let frames = work.frames.filter { frame in
      guard let sentence = frame.leftOut else { return true }
      context.degrade(sentence)
      return false
    }
    guard let first = frames.first else {
      if work.frames.isEmpty { return .skipped(reason: "there is no frame") }
      throw EngineError(
        "too-few-frames", "every frame is aborted or flagged BAD",
        subject: work.frames.map(\.member.name).joined(separator: ", "))
    }
    let settings = Settings(context.parameters)
    let set = try MosaicFrames(frames, byOffsets: settings.placesByHeader, note: context.degrade)
    let grid = try grid(for: set, settings)
    try set.checkOverlap(least: settings.leastOverlap)
    try check(set, on: grid, settings)
    let keepsFlux = !first.unit.contains("/sr") && !first.unit.contains("arcsec")
    let inputs = try set.inputs(
      settings.options.kernel, on: grid, weights: try weights(of: set, settings, context),
      keepsFlux: keepsFlux)
    let mosaic = try resample(inputs, width: grid.width, height: grid.height, options: settings.options)
    let ratio = keepsFlux ? grid.areaRatio(to: first, at: set.places[0]) : 1
    work.frames = [frame(of: mosaic, set, grid, settings, areaRatio: ratio)]
    work.planes = planes(of: mosaic, frames: frames.count)
    work.combined = nil
    (work.variancePoisson, work.varianceReadNoise, work.varianceFlat) = (nil, nil, nil)
    return .complete
  }

  private func grid(for set: MosaicFrames, _ settings: Settings) throws -> MosaicGrid {
    if !set.isOnSky, settings.reference ?? settings.rotation.map({ "\($0)" }) != nil {
      throw EngineError(
        "mixed-places",
        "the frames are placed by the telescope's offsets, which lead to no other grid and no other direction",
        subject: settings.reference ?? "resample.rotation",
        hint: "run assign_wcs on all frames, and leave resample.offsets at wcs")
    }
    if let path = settings.reference {
      let source = try FrameSource(path: path)
      let cards =
        WCSCards(source.scienceHeader.cards).isPresent ? source.scienceHeader.cards : source.primary.cards
      return MosaicGrid(
        like: try SkyWCS(cards: cards), width: source.width, height: source.height, scaleRatio: 1)
    }
    return try MosaicGrid(
      holding: set.frames, at: set.places,
      .init(
        scaleRatio: settings.scaleRatio, rotation: settings.rotation,
        isAligned: settings.options.kernel == .shift))
  }

  /// What copies cannot do.
  private func check(_ set: MosaicFrames, on grid: MosaicGrid, _ settings: Settings) throws {
    guard settings.options.kernel == .shift else { return }
    let ratio = grid.areaRatio(to: set.frames[0], at: set.places[0])
    guard abs(ratio - 1) < 0.01 else {
      throw EngineError(
        "shift-scale", "copies keep the size of pixels, and the mosaic's are \(Float(ratio)) times as large",
        subject: "resample.scale_ratio", hint: "--set resample.kernel=square")
    }
    let middle = PixelPosition(x: Double(grid.width + 1) / 2, y: Double(grid.height + 1) / 2)
    let angle =
      grid.wcs.map { $0.geometry(atFITSPixel: middle).positionAngle }
      ?? FramePlace.angle(of: set.frames[0], set.places[0])
    try set.checkAngles(against: angle)
  }

  private func weights(of set: MosaicFrames, _ settings: Settings, _ context: StepContext) throws -> [Double]
  {
    let ones = [Double](repeating: 1, count: set.frames.count)
    let found: [Double]
    switch settings.weight {
    case "none": return ones
    case "exptime": found = set.frames.map { $0.metadata.exposureSeconds ?? 0 }
    default: found = try set.inverseVariances()
    }
    guard found.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      let kind = settings.weight == "exptime" ? "EXPTIME" : "errors"
      context.degrade("not every frame has \(kind) to weigh it by: all frames weigh the same")
      return ones
    }
    return found
  }
}

extension ResampleStep {
  /// The parameters, typed.
  struct Settings {
    let options: ResampleOptions
    let scaleRatio: Double
    let rotation: Double?
    let reference: String?
    let weight: String
    let placesByHeader: Bool
    let leastOverlap: Double

    init(_ parameters: ParameterSet) {
      let isMedian = parameters.string("combine") == "median"
      let clip = parameters.string("clip") ?? "none"
      let clipping = Clipping(
        kappaLow: Float(parameters.number("kappa_low") ?? 3),
        kappaHigh: Float(parameters.number("kappa_high") ?? 3),
        spread: clip == "std" ? .standardDeviation : .mad,
        minimumSurvivors: parameters.integer("min_survivors") ?? 2)
      let stack = CombineOptions(
        method: isMedian ? .median : .wmean, clipping: clip == "none" ? nil : clipping)
      options = ResampleOptions(
        kernel: ResampleOptions.Kernel(rawValue: parameters.string("kernel") ?? "") ?? .square,
        pixfrac: parameters.number("pixfrac") ?? 0.8,
        method: isMedian || clip != "none" ? .stack(stack) : .mean)
      scaleRatio = parameters.number("scale_ratio") ?? 1
      rotation = parameters.number("rotation")
      reference = parameters.string("reference")
      weight = parameters.string("weight") ?? "ivm"
      placesByHeader = parameters.string("offsets") == "header"
      leastOverlap = parameters.number("min_overlap") ?? 0.1
    }
  }
}

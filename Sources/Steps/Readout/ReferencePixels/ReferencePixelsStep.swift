import PipelineEngine
import Pixels
import Synchronization

/// Takes the drifts of the electronics from all reads, as the pixels at the border that see no light have them.
public struct ReferencePixelsStep: Step {
  public static let declaration = StepDeclaration(
    name: "reference_pixels", className: "RefPixStep",
    summary: "Subtract what the reference pixels say of the electronics",
    aliases: ["refpix", "ref_pix", "jwst.refpix.RefPixStep", "iris_pipeline.refpix.RefPixStep"],
    statusKeyword: "S_REFPIX",
    parameters: [
      Parameter(
        "channels", .choice(["1", "4", "16", "32", "64"]), default: .string("64"),
        help: "amplifiers, each reading a stripe of columns of the detector"),
      Parameter(
        "border", .integer(1...64), default: .none, unit: "pixel",
        help:
          "width of the border of reference pixels; None: 4 on a detector of 4096 x 4096, else there is none"),
      Parameter(
        "odd_even_columns", .boolean, default: .boolean(true),
        help: "odd and even columns have levels of their own"),
      Parameter(
        "use_side_ref_pixels", .boolean, default: .boolean(true),
        help: "follow the noise from row to row by the columns at the sides"),
      Parameter(
        "side_smoothing_length", .integer(1...4095), default: .none, unit: "row",
        help: "rows of the running median of the side columns; None: as many as serve best"),
      Parameter(
        "clip_sigma", .number(1...100), default: .number(3),
        help: "reference pixels further than this from the mean of their set are left out"),
    ],
    intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard var ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    let options = options(context.parameters)
    guard let (border, width) = border(of: ramp, context.parameters.integer("border")) else {
      return .skipped(reason: "the detector has no border of reference pixels that is known")
    }
    guard width % options.channels == 0 else {
      throw EngineError(
        "bad-parameter", "\(options.channels) channels do not divide the detector's \(width) columns",
        subject: "reference_pixels.channels",
        hint: "set reference_pixels.channels to the detector's own number")
    }
    // Reads that land are measured each by itself.
    let levels = ReferencePixelLevels(
      border: border, window: ramp.window, detectorWidth: width,
      shape: ramp.live == nil ? (ramp.shape.integrations, ramp.shape.reads) : (1, 1), options: options)
    guard !levels.parts.isEmpty else {
      return .skipped(reason: "there is no reference pixel in the window \(ramp.window)")
    }
    guard ramp.live == nil else {
      ramp.apply(
        RampOperation { read, part in
          subtractReferencePixels(&read, rows: part.rows, correction: levels.measured(in: read))
        })
      work.ramp = ramp
      return .complete
    }
    let correction = try Self.measure(levels, in: ramp)
    tell(correction, context)
    ramp.apply(
      RampOperation { band, part in
        subtractReferencePixels(&band, rows: part.rows, firstColumn: part.x0, correction: correction)
      })
    work.ramp = ramp
    return .complete
  }

  private func options(_ parameters: ParameterSet) -> ReferencePixelOptions {
    ReferencePixelOptions(
      channels: parameters.string("channels").flatMap { Int($0) } ?? 64,
      separatesParity: parameters.boolean("odd_even_columns"),
      usesSides: parameters.boolean("use_side_ref_pixels"),
      sideWindow: parameters.integer("side_smoothing_length"),
      clipSigmas: parameters.number("clip_sigma") ?? 3)
  }

  /// The border and the columns of the detector; a given width holds for any detector whose size is known.
  private func border(of ramp: RampExposure, _ given: Int?) -> (border: ReferenceBorder, width: Int)? {
    let size = ramp.header.detectorSize
    let isSubarray = ramp.metadata.subarray != nil
    let width = size.width.map { Int($0) } ?? (isSubarray ? 0 : ramp.window.width)
    let height = size.height.map { Int($0) } ?? (isSubarray ? 0 : ramp.window.height)
    if let given {
      guard width > 2 * given, height > 2 * given else { return nil }
      return (ReferenceBorder(width: width, height: height, pixels: given), width)
    }
    return ReferenceBorder(detector: size, window: ramp.window, isSubarray: isSubarray, pixels: 4).map {
      ($0, width)
    }
  }

  /// The pass over the border alone: its ends, and where the sides are used the columns of the sides.
  private static func measure(
    _ levels: ReferencePixelLevels, in ramp: RampExposure
  ) throws -> ReferencePixelCorrection {
    let measured = Mutex(levels)
    for rows in [levels.parts.bottom, levels.parts.top] where !rows.isEmpty {
      let band = try ramp.rows(rows)
      measured.withLock { $0.takeEnd(band, rows: rows) }
    }
    try ramp.forEachBand(columns: levels.neededSides) { sides, rows in
      measured.withLock { for (side, band) in sides.enumerated() { $0.takeSide(side, band, rows: rows) } }
    }
    return measured.withLock { $0.finished() }
  }

  private func tell(_ correction: ReferencePixelCorrection, _ context: StepContext) {
    if let rows = correction.sideWindow {
      context.note("reference pixels: running median of \(rows) row\(rows == 1 ? "" : "s") at the sides")
    }
    guard correction.unmeasured > 0 else { return }
    context.degrade(
      "in \(correction.unmeasured) reads a channel has no usable reference pixel and keeps its level")
  }
}

import DataModels
import PipelineEngine
import Pixels

/// Brings the bad-pixel mask into the flags, and excludes pixels that cannot be used.
public struct DQInitStep: Step {
  public static let declaration = StepDeclaration(
    name: "dq_init", className: "DQInitStep", summary: "Initialise the data quality flags from the mask",
    aliases: [
      "jwst.dq_init.DQInitStep", "iris_pipeline.dq_init.DQInitStep", "liger_iris_pipeline.dq_init.DQInitStep",
      "liger_iris_pipeline.DQInitStep",
    ],
    statusKeyword: "S_DQINIT",
    parameters: [
      Parameter(
        "reference_border", .integer(0...64), default: .integer(4), unit: "pixel",
        help: "width of the border of reference pixels of a 4096 x 4096 detector; 0 for none")
    ],
    referenceTypes: ["mask"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    let all = work.frames + work.backgrounds + work.darks
    guard let first = all.first else { return try runOnRamp(&work, in: context) }
    let mask = try context.reference("mask", for: first)?.pixels.quality
    for i in work.frames.indices { try initialise(&work.frames[i], mask: mask, in: context) }
    for i in work.backgrounds.indices { try initialise(&work.backgrounds[i], mask: mask, in: context) }
    for i in work.darks.indices { try initialise(&work.darks[i], mask: mask, in: context) }
    return mask == nil ? without(context) : .complete
  }

  private func initialise(_ frame: inout Frame, mask: Plane<UInt32>?, in context: StepContext) throws {
    let holes = frame.subarrayMap
    let place = frame.window
    let border = frame.referenceBorder(context.parameters.integer("reference_border") ?? 0)
    try frame.apply(
      FrameOperation { pixels, rows in
        let window = PixelWindow(x0: 0, y0: rows.lowerBound, width: pixels.width, height: rows.count)
        initialiseFlags(&pixels, mask: mask?.cropped(to: window), holes: holes?.cropped(to: window))
        border?.raise(in: &pixels.quality, window: place, rows: rows)
      })
  }

  private func runOnRamp(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard var ramp = work.ramp else { return .skipped(reason: "there is no frame") }
    let window = ramp.window
    let mask = try context.reference("mask", window: window, unit: "")?.pixels.quality
    let border = ReferenceBorder(
      detector: ramp.header.detectorSize, window: window, isSubarray: ramp.metadata.subarray != nil,
      pixels: context.parameters.integer("reference_border") ?? 0)
    ramp.apply(
      RampOperation { band, part in
        initialiseFlags(&band.pixelQuality, mask: mask?.cropped(to: part))
        border?.raise(in: &band.pixelQuality, window: window.place(of: part), rows: 0..<part.height)
      })
    work.ramp = ramp
    return mask == nil ? without(context) : .complete
  }

  private func without(_ context: StepContext) -> StepOutcome {
    .skipped(reason: context.resolved("mask").reason ?? "no mask reference")
  }
}

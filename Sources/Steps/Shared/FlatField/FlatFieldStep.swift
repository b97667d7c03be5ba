import PipelineEngine
import Pixels

/// Divides each frame by the normalised flat field.
public struct FlatFieldStep: Step {
  public static let declaration = StepDeclaration(
    name: "flat_field", className: "FlatFieldStep", summary: "Divide by the flat field",
    aliases: [
      "flatfield", "jwst.flatfield.FlatFieldStep", "iris_pipeline.flatfield.FlatFieldStep",
      "liger_iris_pipeline.flat_field.FlatFieldStep", "liger_iris_pipeline.flatfield.FlatFieldStep",
      "liger_iris_pipeline.FlatFieldStep", "jwst.flatfield.flat_field_step.FlatFieldStep",
    ],
    statusKeyword: "S_FLAT",
    parameters: [
      Parameter(
        "flat_suffix", .string, default: .none,
        help: "suffix of interpolated flats; kept for cfg files of the documents, without effect on images"),
      Parameter(
        "save_var_flat", .boolean, default: .boolean(false),
        help: "keep the flat's part of the variance apart in the product (VAR_FLAT)"),
    ],
    referenceTypes: ["flat"])

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard let first = work.first else { return .skipped(reason: "there is no frame") }
    if work.frames.allSatisfy({ $0.status("S_FLAT") == "COMPLETE" }) {
      return .skipped(reason: "the flat was divided out before")
    }
    if first.metadata.instrumentMode == "LENSLET" && context.resolved("flat").origin != .override {
      return .skipped(reason: "no flat applies to lenslet frames: the rectification matrix is their flat")
    }
    guard let flat = try context.reference("flat", for: first) else {
      return try withoutFlat(&work, context: context)
    }
    for i in work.frames.indices where work.frames[i].status("S_FLAT") != "COMPLETE" {
      try work.frames[i].apply(
        FrameOperation { pixels, rows in pixels = divideFlat(pixels, flat.rows(rows)) })
      // What the division took from all detectors alike though they differ: a mosaic needs it.
      if let level = flat.header.card("CHIPSCAL") {
        work.frames[i].header.set("CHIPSCAL", level.value, comment: level.comment)
      }
    }
    try keepVariances(&work, flat: flat, apart: context.parameters.boolean("save_var_flat"))
    return .complete
  }

  /// The parts of the first frame's variance that earlier steps kept apart are scaled like it; the flat's own part is
  /// made when it is asked for.
  private func keepVariances(_ work: inout Workpiece, flat: ReferenceFrame, apart: Bool) throws {
    work.variancePoisson = work.variancePoisson.map { flatScaled($0, by: flat.pixels) }
    work.varianceReadNoise = work.varianceReadNoise.map { flatScaled($0, by: flat.pixels) }
    guard apart else { return }
    work.varianceFlat = flatVariance(of: try work.frames[0].pixels().value, flat: flat.pixels)
  }

  private func withoutFlat(_ work: inout Workpiece, context: StepContext) throws -> StepOutcome {
    let resolved = context.resolved("flat")
    if resolved.origin == .notApplicable { return .skipped(reason: "the rules say that no flat applies") }
    for i in work.frames.indices { try work.frames[i].apply(.raising(DQ.unreliableFlat)) }
    let reason = resolved.reason ?? "no flat reference"
    context.degrade("no flat was divided out: \(reason)")
    return .skipped(reason: reason)
  }
}

import PipelineEngine
import Pixels

/// Flags saturated reads, before anything is taken from them.
public struct SaturationStep: Step {
  public static let declaration = StepDeclaration(
    name: "saturation", className: "SaturationStep", summary: "Flag saturated reads",
    aliases: [
      "sat_check", "jwst.saturation.SaturationStep", "iris_pipeline.saturation.SaturationStep",
      "liger_iris_pipeline.saturation.SaturationCheckStep", "liger_iris_pipeline.SaturationCheckStep",
    ],
    statusKeyword: "S_SATURA",
    parameters: [
      Parameter(
        "level", .number(1...1e9), default: .none, unit: "adu",
        help: "level of all pixels where there is no reference"),
      Parameter(
        "n_pix_grow_sat", .integer(0...16), default: .integer(0), unit: "pixel",
        help: "neighbours on each side that a saturated read spoils too"),
    ],
    referenceTypes: ["saturation"], intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard var ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    let reference = try context.referenceRows("saturation", for: ramp)
    let level = context.parameters.number("level").map { Float($0) }
    // The floor of an unsigned 16-bit converter is 0; other types do not say where theirs is.
    let options = SaturationOptions(
      ceiling: ramp.fullScale, floor: ramp.fullScale == Float(UInt16.max) ? 0 : nil)
    guard reference != nil || level != nil || ramp.fullScale != nil else {
      return .skipped(reason: noReference(context))
    }
    let growth = context.parameters.integer("n_pix_grow_sat") ?? 0
    ramp.apply(
      RampOperation(halo: growth) { band, part in
        if let (levels, quality) = try reference?.part(part) {
          flagSaturation(&band, level: .each(levels, quality: quality), options: options)
        } else {
          flagSaturation(&band, level: .all(level ?? .infinity), options: options)
        }
        growSaturation(&band, by: growth)
      })
    ramp.isSaturationFlagged = true
    work.ramp = ramp
    if reference == nil, level == nil { return .skipped(reason: noReference(context)) }
    return .complete
  }

  private func noReference(_ context: StepContext) -> String {
    context.resolved("saturation").reason ?? "no saturation reference"
  }
}

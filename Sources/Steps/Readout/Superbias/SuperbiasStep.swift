import PipelineEngine
import Pixels

/// Takes the bias from all reads, so that counts begin at the pixel's own zero.
public struct SuperbiasStep: Step {
  public static let declaration = StepDeclaration(
    name: "superbias", className: "SuperBiasStep", summary: "Subtract the bias of each pixel from its reads",
    aliases: [
      "bias_sub", "bias", "jwst.superbias.SuperBiasStep", "iris_pipeline.superbias.SuperBiasStep",
      "liger_iris_pipeline.bias_subtraction.BiasSubtractionStep", "liger_iris_pipeline.BiasSubtractionStep",
    ],
    statusKeyword: "S_BIAS",
    parameters: [
      Parameter(
        "source", .choice(["reference", "reset_read"]), default: .string("reference"),
        help: "what is taken: the bias reference, or the first read of each integration")
    ],
    referenceTypes: ["bias"], intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard var ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    if context.parameters.string("source") == "reset_read" {
      guard ramp.live == nil else {
        return .skipped(reason: "reads are taken as they land: rates need no read of the reset")
      }
      ramp.apply(RampOperation { band, _ in subtractResetRead(&band) })
      // Only a read at the reset itself has the counts of no time.
      ramp.isZeroKnown = ramp.times?.allSatisfy { $0.first == 0 } ?? false
      work.ramp = ramp
      context.note("the first read of each integration is taken as its bias")
      return .complete
    }
    guard let reference = try context.referenceRows("bias", for: ramp) else {
      return .skipped(reason: context.resolved("bias").reason ?? "no bias reference")
    }
    ramp.apply(
      RampOperation { band, part in
        let (bias, quality) = try reference.part(part)
        subtractSuperbias(&band, bias: bias, quality: quality)
      })
    ramp.isZeroKnown = true
    work.ramp = ramp
    return .complete
  }
}

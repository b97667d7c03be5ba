import PipelineEngine
import Pixels

/// Corrects the counts of all reads for the detector's non-linearity.
public struct LinearityStep: Step {
  public static let declaration = StepDeclaration(
    name: "linearity", className: "LinearityStep", summary: "Correct reads for the detector's non-linearity",
    aliases: [
      "nonlincorr", "nonlin_corr", "jwst.linearity.LinearityStep", "iris_pipeline.readout.NonlincorrStep",
      "liger_iris_pipeline.readout.NonlincorrStep", "liger_iris_pipeline.readout.NonlinearCorrectionStep",
      "liger_iris_pipeline.NonlinearCorrectionStep",
      "liger_iris_pipeline.nonlinear_correction.NonlinearCorrectionStep",
    ],
    statusKeyword: "S_NLCORR",
    parameters: [
      Parameter(
        "form", .choice(["auto", "polynomial", "factor"]), default: .string("auto"),
        help: "what the coefficients mean: c0 + c1 F + c2 F^2…, F (1 + c0 + c1 F…), or as their size tells")
    ],
    referenceTypes: ["nonlincoeff"], intake: .ramp)

  public init() {}

  public func run(_ work: inout Workpiece, in context: StepContext) throws -> StepOutcome {
    guard var ramp = work.ramp else { return .skipped(reason: "there is no ramp") }
    guard let reference = try context.referenceCube("nonlincoeff", for: ramp) else {
      return .skipped(reason: context.resolved("nonlincoeff").reason ?? "no nonlincoeff reference")
    }
    let form = try form(of: reference, ramp.extent, context)
    guard form == .factor || reference.count > 1 else {
      throw EngineError(
        "cube-axes", "one coefficient makes no polynomial", subject: reference.name,
        hint: "coefficients c0, c1, … of c0 + c1 F + …")
    }
    if ramp.header.string(SuperbiasStep.declaration.statusKeyword) != "COMPLETE" {
      context.degrade(
        "non-linearity is corrected on counts that still hold the bias: no superbias was taken "
          + "(superbias.source=reset_read takes the first read)")
    }
    ramp.apply(
      RampOperation { band, part in
        let (planes, quality) = try reference.part(part)
        linearise(&band, with: LinearityCoefficients(form: form, planes: planes, quality: quality))
      })
    work.ramp = ramp
    return .complete
  }

  /// The form that was asked for, else the one that the second coefficients tell.
  private func form(
    of reference: ReferenceCube, _ extent: PixelWindow, _ context: StepContext
  ) throws -> LinearityForm {
    if let asked = context.parameters.string("form").flatMap(LinearityForm.init(rawValue:)) { return asked }
    guard reference.count > 1 else { return .factor }
    // Some rows in the middle are enough, and no border.
    let some = PixelWindow(
      x0: 0, y0: extent.height / 2, width: extent.width, height: 0
    ).grown(by: 8, within: extent)
    guard let told = LinearityCoefficients.form(bySecond: try reference.part(some).planes[1]) else {
      throw EngineError(
        "linearity-form", "the coefficients are neither of c0 + c1 F + … nor of F (1 + c0 + c1 F + …)",
        subject: reference.name, hint: "say which: --set linearity.form=polynomial or factor")
    }
    context.note("the coefficients of \(reference.name) are taken as \(told.words)")
    return told
  }
}

extension LinearityForm {
  fileprivate var words: String {
    switch self {
    case .polynomial: "c0 + c1 F + c2 F^2…"
    case .factor: "F (1 + c0 + c1 F…)"
    }
  }
}

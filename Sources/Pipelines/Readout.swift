import PipelineEngine
import ReadoutSteps

extension Pipeline {
  /// Level 0 to level 1: one ramp file, or the readouts of one exposure, to a count rate.
  public static let readout = Pipeline(
    name: "readout", summary: "Raw readouts to a raw science frame (count rate)",
    aliases: [
      "iris_pipeline.pipeline.ROPPipeline", "liger_iris_pipeline.pipeline.ROPPipeline",
      "liger_iris_pipeline.Stage1Pipeline", "liger_iris_pipeline.pipeline.Stage1Pipeline",
    ],
    intake: .ramp,
    steps: [
      DQInitStep.self, SaturationStep.self, SuperbiasStep.self, ReferencePixelsStep.self, LinearityStep.self,
      PersistenceStep.self, DropReadsStep.self, JumpStep.self, RampFitStep.self,
    ], productKind: "rate", level: 1,
    dataModel: "IRISImageModel", title: "readout processing")
}

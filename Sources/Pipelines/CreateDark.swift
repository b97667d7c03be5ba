import CalibrationSteps
import PipelineEngine
import ReadoutSteps

extension Pipeline {
  /// Dark exposures of one configuration to a master dark.
  public static let createDark = Pipeline(
    name: "create_dark", summary: "Dark exposures to a master dark",
    aliases: [
      "liger_iris_pipeline.CreateDark", "liger_iris_pipeline.pipeline.CreateDark",
      "iris_pipeline.pipeline.CreateDark",
    ],
    intake: .set, steps: [DQInitStep.self, CombineFramesStep.self, FlagDarkStep.self], productKind: "dark",
    level: 0,
    dataModel: "TMTDarkModel", referenceType: "dark", title: "create dark",
    defaults: [
      "combine_frames.min_frames": "3", "combine_frames.good_frames": "5",
      "combine_frames.light_leak": "5",
      "combine_frames.same": "DETECTOR, INSTMODE, EXPTIME, READMODE, NGROUPS, NCOADDS",
    ])
}

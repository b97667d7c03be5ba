import PipelineEngine
import ReadoutSteps
import SharedSteps

extension Pipeline {
  /// A raw spectrograph frame with its skies to a calibrated two-dimensional frame, before any extraction.
  ///
  /// Lenslet frames have no flat: the rectification matrix will be theirs.
  public static let ifsDetectorLevel2 = Pipeline(
    name: "ifs_detector_level2", summary: "Raw spectrograph frame to a calibrated detector frame",
    aliases: ["iris_pipeline.pipeline.ProcessIFSL2Pipeline", "liger_iris_pipeline.IFUStage2Pipeline"],
    intake: .exposure,
    steps: [DQInitStep.self, BackgroundSubtractStep.self, DarkCurrentStep.self, FlatFieldStep.self],
    productKind: "cal", level: 2, dataModel: "IRISImageModel", title: "ifs detector level 2")
}

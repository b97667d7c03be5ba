import ImagerSteps
import PipelineEngine
import ReadoutSteps
import SharedSteps

extension Pipeline {
  /// A raw imager frame with its skies to a reduced one: `((science - dark) - k (sky - dark)) / flat`.
  ///
  /// The order of the steps, and so of the log, is the documents': the background first, then the dark. What of the
  /// dark is left after a raw background is carried by the frame (see `Frame.darkShare`).
  public static let imagerLevel2 = Pipeline(
    name: "imager_level2", summary: "Raw imager frame, with dark, sky and flat, to a reduced frame",
    aliases: [
      "iris_pipeline.pipeline.Image2Pipeline", "iris_pipeline.pipeline.ProcessImagerL2Pipeline",
      "liger_iris_pipeline.pipeline.ProcessImagerL2Pipeline", "liger_iris_pipeline.ImagerStage2Pipeline",
      "liger_iris_pipeline.pipeline.ImagerStage2Pipeline",
      "liger_iris_pipeline.pipeline.Stage2ImagerPipeline",
      "jwst.pipeline.Image2Pipeline",
    ],
    intake: .exposure,
    steps: [
      ParseSubarrayMapStep.self, DQInitStep.self, BackgroundSubtractStep.self, AssignWCSStep.self,
      DarkCurrentStep.self, FlatFieldStep.self, LACosmicStep.self, PhotomStep.self,
    ],
    unavailable: [
      UnavailableStep(name: "resample", className: "ResampleStep", statusKeyword: "S_RESAMP")
    ],
    productKind: "cal", level: 2, dataModel: "IRISImageModel", title: "calwebb_image2",
    // Jumps in ramps and the comparison of dithers find most rays: this search is for frames that have neither.
    defaults: ["lacosmic.skip": "True"])
}

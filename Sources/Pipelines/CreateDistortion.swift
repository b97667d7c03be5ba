import ImagerSteps
import PipelineEngine
import ReadoutSteps
import SharedSteps

extension Pipeline {
  /// Pinhole frames, or frames of a star field, of one detector and filter to the distortion of the camera.
  public static let createDistortion = Pipeline(
    name: "create_distortion", summary: "Pinhole or star-field frames to a distortion reference",
    aliases: ["iris_pipeline.pipeline.CreateDistortion", "liger_iris_pipeline.CreateDistortion"],
    intake: .set,
    steps: [DQInitStep.self, DarkCurrentStep.self, FlatFieldStep.self, DistortionSolveStep.self],
    productKind: "distortion", level: 0, dataModel: "TMTDistortionModel", referenceType: "distortion",
    title: "create distortion")
}

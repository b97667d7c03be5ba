import CalibrationSteps
import PipelineEngine
import ReadoutSteps
import SharedSteps

extension Pipeline {
  /// Flat exposures of one configuration, with their dark, to a master flat of median 1.
  public static let processFlatfield = Pipeline(
    name: "process_flatfield", summary: "Flat exposures to a normalised master flat",
    aliases: [
      "iris_pipeline.pipeline.PreprocessFlatfield", "iris_pipeline.pipeline.ProcessFlatfieldL2",
      "liger_iris_pipeline.pipeline.ProcessFlatfieldL2", "liger_iris_pipeline.pipeline.ProcessFlatfield",
      "liger_iris_pipeline.CreateFlatfield", "liger_iris_pipeline.pipeline.CreateFlatfield",
    ],
    intake: .set,
    steps: [
      DQInitStep.self, DarkCurrentStep.self, SelectFlatsStep.self, CombineFramesStep.self,
      SlicerResponseStep.self, NormalizeStep.self,
    ],
    productKind: "flat", level: 0, dataModel: "TMTFlatModel", referenceType: "flat",
    title: "preprocess flatfield",
    defaults: [
      "combine_frames.scale": "median", "combine_frames.good_frames": "3",
      "combine_frames.same": "DETECTOR, INSTMODE, FILTER, PUPIL, GRATING, SCALE",
    ])
}

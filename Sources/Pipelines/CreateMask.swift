import CalibrationSteps
import PipelineEngine

extension Pipeline {
  /// Darks, of several exposure times where there are, and flats of one detector to a bad-pixel mask.
  public static let createMask = Pipeline(
    name: "create_mask", summary: "Darks and flats to a bad-pixel mask",
    aliases: ["iris_pipeline.pipeline.CreateMask", "liger_iris_pipeline.CreateMask"], intake: .set,
    steps: [FlagBadPixelsStep.self], productKind: "mask", level: 0, dataModel: "TMTMaskModel",
    referenceType: "mask", title: "create mask")
}

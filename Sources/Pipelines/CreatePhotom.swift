import ImagerSteps
import PipelineEngine

extension Pipeline {
  /// Reduced frames of a standard star, or of a field with catalogued stars, to the zero point of a detector and filter.
  public static let createPhotom = Pipeline(
    name: "create_photom", summary: "Reduced standard-star frames to a zero point",
    aliases: ["zero_points", "iris_pipeline.pipeline.CreatePhotom"], intake: .set,
    steps: [ZeroPointStep.self], productKind: "photom", level: 0, dataModel: "TMTPhotomModel",
    referenceType: "photom", title: "create photom")
}

import ImagerSteps
import PipelineEngine

extension Pipeline {
  /// The reduced frames of a field, of all detectors that delivered, to a mosaic and its source catalog.
  public static let imagerLevel3 = Pipeline(
    name: "imager_level3", summary: "Reduced frames of a field to a mosaic and a source catalog",
    aliases: [
      "iris_pipeline.pipeline.Image3Pipeline", "liger_iris_pipeline.pipeline.Image3Pipeline",
      "liger_iris_pipeline.ImagerStage3Pipeline", "jwst.pipeline.Image3Pipeline", "mosaic",
    ],
    intake: .mosaic,
    steps: [
      ScaledSkyImagerStep.self, TweakRegStep.self, SkyMatchStep.self, OutlierDetectionStep.self,
      ResampleStep.self, SourceCatalogStep.self,
    ],
    productKind: "i2d", tableKinds: ["cat"], level: 3, dataModel: "IRISImageModel", title: "calwebb_image3")
}

import CalibrationSteps
import ImagerSteps
import PipelineEngine
import ReadoutSteps
import SharedSteps

/// Every pipeline of the package: the one place where they are listed.
public enum PipelineCatalog {
  /// Version of the reduction software (`DRSVER`).
  public static let version = "0.1.0"

  /// All pipelines and steps.
  public static let registry = PipelineRegistry(
    pipelines: [
      .readout, .createDark, .processFlatfield, .flatFromSky, .createSuperSky, .createMask, .createDistortion,
      .createPhotom, .imagerLevel2, .imagerLevel3, .ifsDetectorLevel2, .mergeSubarrays,
    ],
    extraSteps: [Background2DStep.self, DeconvolveStep.self, GainScaleStep.self, SubtractImagesStep.self],
    software: version)
}

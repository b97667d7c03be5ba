import CalibrationSteps
import PipelineEngine
import ReadoutSteps
import SharedSteps

extension Pipeline {
  /// Sky frames of one configuration, sources masked, each over its own clipped median, to a super sky of median 1.
  public static let createSuperSky = Pipeline(
    name: "create_supersky", summary: "Sky frames to a super sky of median 1",
    aliases: ["create_super_sky", "iris_pipeline.pipeline.CreateSuperSky"], intake: .set,
    steps: combinedSky, productKind: "sky", level: 0, dataModel: "TMTSkyModel", referenceType: "sky",
    title: "create supersky",
    defaults: [
      "combine_frames.min_frames": "3", "combine_frames.good_frames": "5",
      "combine_frames.same": "DETECTOR, INSTMODE, FILTER, PUPIL, GRATING, SCALE, EXPTIME, READMODE",
      "flag_samples.flag": "UNRELIABLE_ERROR", "normalize.reject_low": "0",
      "normalize.reject_high": "1000000",
    ])

  /// Twilight frames, or dithered science fields with few sources, to a master flat of median 1.
  public static let flatFromSky = Pipeline(
    name: "flat_from_sky", summary: "Twilight frames or sparse science fields to a normalised master flat",
    aliases: ["sky_flat", "twilight_flat", "iris_pipeline.pipeline.FlatFromSky"], intake: .set,
    steps: combinedSky, productKind: "flat", level: 0, dataModel: "TMTFlatModel", referenceType: "flat",
    title: "flat from sky",
    defaults: [
      "combine_frames.min_frames": "3", "combine_frames.good_frames": "7",
      "combine_frames.same": "DETECTOR, INSTMODE, FILTER, PUPIL, GRATING, SCALE",
      "flag_samples.flag": "UNRELIABLE_FLAT",
    ])

  private static let combinedSky: [any Step.Type] = [
    DQInitStep.self, DarkCurrentStep.self, MaskSourcesStep.self, ScaleFramesStep.self, CombineFramesStep.self,
    FlagSamplesStep.self, NormalizeStep.self,
  ]
}

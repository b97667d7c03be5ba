import PipelineEngine
import Pipelines
import Testing

/// Class names of both generations of the documents, and of the published packages, mean our pipelines and steps.
@Suite struct AliasTests {
  @Test(arguments: [
    "iris_pipeline.pipeline.Image2Pipeline": "imager_level2",
    "iris_pipeline.pipeline.ProcessImagerL2Pipeline": "imager_level2",
    "liger_iris_pipeline.pipeline.ProcessImagerL2Pipeline": "imager_level2",
    "liger_iris_pipeline.ImagerStage2Pipeline": "imager_level2",
    "liger_iris_pipeline.pipeline.imager_stage2.ImagerStage2Pipeline": "imager_level2",
    "liger_iris_pipeline.pipeline.Stage2ImagerPipeline": "imager_level2",
    "jwst.pipeline.calwebb_image2.Image2Pipeline": "imager_level2",
    "iris_pipeline.pipeline.PreprocessFlatfield": "process_flatfield",
    "iris_pipeline.pipeline.ProcessFlatfieldL2": "process_flatfield",
    "liger_iris_pipeline.pipeline.ProcessFlatfieldL2": "process_flatfield",
    "liger_iris_pipeline.pipeline.ProcessFlatfield": "process_flatfield",
    "liger_iris_pipeline.CreateFlatfield": "process_flatfield",
    "liger_iris_pipeline.pipeline.create_flatfield.CreateFlatfield": "process_flatfield",
    "liger_iris_pipeline.CreateDark": "create_dark",
    "iris_pipeline.pipeline.ROPPipeline": "readout",
    "liger_iris_pipeline.pipeline.ROPPipeline": "readout",
    "liger_iris_pipeline.Stage1Pipeline": "readout",
  ])
  func pipelines(_ name: String, _ expected: String) throws {
    guard case .pipeline(let found) = try PipelineCatalog.registry.target(named: name) else {
      Issue.record("\(name) is no pipeline")
      return
    }
    #expect(found.name == expected)
  }

  @Test(arguments: [
    "jwst.flatfield.FlatFieldStep": "flat_field",
    "jwst.flatfield.flat_field_step.FlatFieldStep": "flat_field",
    "iris_pipeline.flatfield.FlatFieldStep": "flat_field",
    "liger_iris_pipeline.flatfield.FlatFieldStep": "flat_field",
    "liger_iris_pipeline.FlatFieldStep": "flat_field",
    "iris_pipeline.dark_current.DarkCurrentStep": "dark_current",
    "jwst.dark_current.dark_current_step.DarkCurrentStep": "dark_current",
    "liger_iris_pipeline.DarkSubtractionStep": "dark_current", "dark_sub": "dark_current",
    "iris_pipeline.background.BackgroundStep": "bkg_subtract",
    "liger_iris_pipeline.SkySubtractionImagerStep": "bkg_subtract",
    "liger_iris_pipeline.background.SubtractBackgroundImagerStep": "bkg_subtract",
    "liger_iris_pipeline.background.BackgroundSubtractionImagerStep": "bkg_subtract",
    "sky_sub": "bkg_subtract",
    "iris_pipeline.normalize.NormalizeStep": "normalize", "liger_iris_pipeline.NormalizeStep": "normalize",
    "liger_iris_pipeline.combine_frames.CombineFramesStep": "combine_frames",
    "iris_pipeline.dq_init.DQInitStep": "dq_init", "liger_iris_pipeline.DQInitStep": "dq_init",
    "liger_iris_pipeline.readout.FitRampStep": "ramp_fit", "liger_iris_pipeline.FitRampStep": "ramp_fit",
    "iris_pipeline.readout.ReadoutsampStep": "ramp_fit", "readoutsamp": "ramp_fit",
    "nonlincorr": "linearity", "nonlin_corr": "linearity", "jwst.linearity.LinearityStep": "linearity",
    "iris_pipeline.readout.NonlincorrStep": "linearity",
    "liger_iris_pipeline.NonlinearCorrectionStep": "linearity",
    "sat_check": "saturation", "liger_iris_pipeline.saturation.SaturationCheckStep": "saturation",
    "bias_sub": "superbias", "liger_iris_pipeline.BiasSubtractionStep": "superbias",
    "jwst.superbias.SuperBiasStep": "superbias", "refpix": "reference_pixels",
    "jwst.refpix.RefPixStep": "reference_pixels", "jwst.persistence.PersistenceStep": "persistence",
  ])
  func steps(_ name: String, _ expected: String) throws {
    guard case .step(let found) = try PipelineCatalog.registry.target(named: name) else {
      Issue.record("\(name) is no step")
      return
    }
    #expect(found.declaration.name == expected)
  }

  /// No name means two things. A pipeline that is one step alone shares that step's names.
  @Test func aliasesAreDistinct() {
    let registry = PipelineCatalog.registry
    let composed = registry.pipelines.filter { $0.steps.map { $0.declaration.name } != [$0.name] }
    let names =
      composed.flatMap { [$0.name] + $0.aliases }
      + registry.steps.flatMap { [$0.declaration.name] + $0.declaration.aliases }
    let twice = Dictionary(grouping: names, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
    #expect(twice == [])
  }
}

import CalibrationSteps
import PipelineEngine
import SharedSteps
import Testing

@Suite struct DeclarationTests {
  /// Every default lies within its own declaration: what a cfg says by default can be said in a cfg.
  @Test func defaultsAreValuesOfTheirParameters() throws {
    let steps: [any Step.Type] = [
      CombineFramesStep.self, NormalizeStep.self, FlagDarkStep.self, ScaleFramesStep.self,
      FlagSamplesStep.self,
      MaskSourcesStep.self, Background2DStep.self, BackgroundSubtractStep.self,
    ]
    for step in steps {
      var configuration = try RunConfiguration(Pipeline(running: step))
      for parameter in step.declaration.parameters {
        let key = "\(step.declaration.name).\(parameter.name)"
        try configuration.set(key, parameter.defaultValue.text, from: .commandLine)
        #expect(
          configuration.steps[step.declaration.name]?.parameters[parameter.name] == parameter.defaultValue,
          "\(key)")
      }
    }
  }
}

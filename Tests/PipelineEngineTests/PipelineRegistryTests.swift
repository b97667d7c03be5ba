import PipelineEngine
import Testing

@Suite struct PipelineRegistryTests {
  @Test(arguments: [
    "sample", "documents.pipeline.SamplePipeline", "SamplePipeline", "other_package.pipeline.SamplePipeline",
  ])
  func namesOfTheDocumentsFindThePipeline(_ name: String) throws {
    guard case .pipeline(let pipeline) = try sampleRegistry.target(named: name) else {
      Issue.record("\(name) is a step")
      return
    }
    #expect(pipeline.name == "sample")
  }

  @Test(arguments: ["first", "documents.first.FirstStep", "FirstStep"])
  func stepsAreFoundByNameAliasAndClass(_ name: String) throws {
    guard case .step(let step) = try sampleRegistry.target(named: name) else {
      Issue.record("\(name) is a pipeline")
      return
    }
    #expect(step.declaration.name == "first")
  }

  @Test func unknownNamesGetNearMatches() {
    let error = #expect(throws: EngineError.self) { try sampleRegistry.target(named: "sampel") }
    #expect(error?.hint == "did you mean 'sample'?")
  }

  @Test func manifestDescribesParameters() throws {
    let manifest = sampleRegistry.manifest
    #expect(manifest.pipelines.map(\.referenceTypes) == [["dark", "flat"]])
    let first = try #require(manifest.steps.first { $0.name == "first" })
    #expect(first.parameters.map(\.range) == ["0.0…10.0", "mean | median", "1…9", ""])
    #expect(first.parameters.map(\.defaultValue) == ["1", "mean", "None", ","])
  }
}

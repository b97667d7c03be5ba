import Archive
import JobContract
import Testing

/// A pipeline as a rule runs it.
@Suite struct PipelineSkipsTests {
  private let manifest = PipelineManifest(
    software: "0.1",
    pipelines: [
      PipelineDescription(
        name: "p", summary: "", aliases: [], steps: ["dark_current", "photom", "flat_field"],
        products: ["cal"],
        level: 2, referenceTypes: ["dark", "photom", "flat"],
        parameterReferenceTypes: ["pars-photom", "pars-dark_current"])
    ],
    steps: [("dark_current", ["dark"]), ("photom", ["photom", "flat"]), ("flat_field", ["flat"])].map {
      StepDescription(name: $0.0, summary: "", aliases: [], referenceTypes: $0.1, parameters: [])
    })

  /// References that only a step takes that is left out are not looked for, and so make nothing stale.
  @Test func whatOnlySkippedStepsTakeIsLeftOut() throws {
    let whole = try #require(manifest.pipeline(named: "p", skipping: []))
    #expect(whole == manifest.pipeline(named: "p"))
    let less = try #require(manifest.pipeline(named: "p", skipping: ["photom"]))
    #expect(less.steps == ["dark_current", "flat_field"] && less.referenceTypes == ["dark", "flat"])
    #expect(less.parameterReferenceTypes == ["pars-dark_current"])
    #expect(manifest.pipeline(named: "q", skipping: ["photom"]) == nil)
  }
}

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
      StepDescription(
        name: $0.0, summary: "", aliases: $0.0 == "photom" ? ["PhotomStep"] : [], referenceTypes: $0.1,
        parameters: [])
    })

  /// As `tmtrun` takes them: what the job leaves out is what the archive does not wait for.
  @Test func aStepIsLeftOutByItsAliasToo() throws {
    let own = try #require(manifest.pipeline(named: "p", skipping: ["photom"]))
    #expect(manifest.pipeline(named: "p", skipping: ["PhotomStep"]) == own)
    let skips = manifest.skips(["PhotomStep", "flat_field", "photmo"], of: "p")
    #expect(skips.names == ["photom", "flat_field"] && skips.unknown == ["photmo"])
    #expect(manifest.skips(["PhotomStep"], of: "q").unknown == [])
  }

  /// A step of another pipeline is none of this one's.
  @Test func aStepOfAnotherPipelineIsUnknown() throws {
    var manifest = manifest
    manifest.pipelines[0].steps.removeLast()
    #expect(manifest.skips(["flat_field"], of: "p").unknown == ["flat_field"])
  }

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

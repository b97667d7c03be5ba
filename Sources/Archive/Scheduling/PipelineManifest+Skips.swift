import JobContract

extension PipelineManifest {
  /// A pipeline as a rule runs it: without some of its steps, and the references that only these take.
  package func pipeline(named name: String, skipping skips: [String]) -> PipelineDescription? {
    guard var pipeline = pipeline(named: name), !skips.isEmpty else { return pipeline(named: name) }
    pipeline.steps.removeAll { skips.contains($0) }
    let needed = Set(steps.filter { pipeline.steps.contains($0.name) }.flatMap(\.referenceTypes))
    pipeline.referenceTypes.removeAll { !needed.contains($0) }
    pipeline.parameterReferenceTypes?.removeAll { type in skips.contains { type == "pars-\($0)" } }
    return pipeline
  }
}

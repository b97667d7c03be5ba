import JobContract

extension PipelineManifest {
  /// Steps that a rule leaves out, by their own names: a rule may name them by an alias, as a cfg may.
  ///
  /// - Parameters:
  ///   - skips: names and aliases.
  ///   - pipeline: nothing is resolved in one that the program does not know.
  /// - Returns: their own names, and those that are none of the pipeline's steps.
  package func skips(
    _ skips: [String], of pipeline: String
  ) -> (names: [String], unknown: [String]) {
    guard let steps = self.pipeline(named: pipeline)?.steps else { return (skips, []) }
    let own = self.steps.filter { steps.contains($0.name) }
    var (names, unknown): ([String], [String]) = ([], [])
    for skip in skips {
      if steps.contains(skip) {
        names.append(skip)
      } else if let step = own.first(where: { $0.aliases.contains(skip) }) {
        names.append(step.name)
      } else {
        unknown.append(skip)
      }
    }
    return (names, unknown)
  }

  /// A pipeline as a rule runs it: without some of its steps, and the references that only these take.
  ///
  /// - Parameter skips: names or aliases of steps; those of no step change nothing.
  package func pipeline(named name: String, skipping skips: [String]) -> PipelineDescription? {
    guard var pipeline = pipeline(named: name), !skips.isEmpty else { return pipeline(named: name) }
    let skips = self.skips(skips, of: name).names
    pipeline.steps.removeAll { skips.contains($0) }
    let needed = Set(steps.filter { pipeline.steps.contains($0.name) }.flatMap(\.referenceTypes))
    pipeline.referenceTypes.removeAll { !needed.contains($0) }
    pipeline.parameterReferenceTypes?.removeAll { type in skips.contains { type == "pars-\($0)" } }
    return pipeline
  }
}

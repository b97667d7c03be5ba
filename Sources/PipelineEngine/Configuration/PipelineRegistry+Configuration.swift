extension PipelineRegistry {
  /// The configuration that a target of the command line means: a cfg's class with the cfg merged over the defaults,
  /// or the defaults of a pipeline or step by name, alias or class.
  /// - Throws: `EngineError` for an unknown name or a fault of the cfg, `CfgError` for a file that is no cfg.
  public func configuration(for target: String) throws -> RunConfiguration {
    guard target.hasSuffix(".cfg") else {
      return try RunConfiguration(pipeline(named: target), logName: lastComponent(target))
    }
    let file = try CfgFile(path: target)
    guard let name = file.className else {
      throw EngineError(
        "cfg-no-class", "the cfg does not say what it is for", subject: target,
        hint: "add: class = \"imager_level2\"")
    }
    var configuration = try RunConfiguration(pipeline(named: name), logName: lastComponent(name))
    try configuration.merge(file)
    return configuration
  }

  /// The pipeline of a name; a step's name gives the pipeline of that step alone.
  /// - Throws: `EngineError` `unknown-pipeline` with near matches.
  public func pipeline(named name: String) throws(EngineError) -> Pipeline {
    switch try target(named: name) {
    case .pipeline(let pipeline): pipeline
    case .step(let step): Pipeline(running: step)
    }
  }
}

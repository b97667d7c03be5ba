import JobContract

extension PipelineRegistry {
  /// The configuration that a target of the command line means: a cfg's class with the cfg merged over the defaults,
  /// or the defaults of a pipeline or step by name, alias or class.
  /// - Throws: `EngineError` for an unknown name or a fault of the cfg, `CfgError` for a file that is no cfg.
  public func configuration(for target: String) throws -> RunConfiguration {
    guard target.hasSuffix(".cfg") else {
      return try RunConfiguration(pipeline(named: target), logName: lastComponent(target))
    }
    let file = try CfgFile(path: target)
    var configuration = try configuration(of: file)
    try configuration.merge(file)
    return configuration
  }

  /// Everything that is wrong with a cfg, for a person who mends it: faults of its form, unknown names, bad values,
  /// references and hooks that are not there.
  /// - Returns: the pipeline it is for, nil when that cannot be told; problems in the order they are met.
  public func check(cfg path: String) -> (pipeline: String?, problems: [ReportedError]) {
    do {
      let (file, faults) = try CfgFile.checking(path: path)
      var problems: [any Error] = faults
      do {
        var configuration = try configuration(of: file)
        problems += configuration.problems(merging: file)
        problems += configuration.missingOverrides
        return (configuration.pipeline.name, problems.map { ReportedError($0) })
      } catch {
        return (nil, (problems + [error]).map { ReportedError($0) })
      }
    } catch {
      return (nil, [ReportedError(error)])
    }
  }

  /// The defaults of the pipeline or step that a cfg names as its class.
  private func configuration(of file: CfgFile) throws -> RunConfiguration {
    guard let name = file.className else {
      throw EngineError(
        "cfg-no-class", "the cfg does not say what it is for", subject: file.path,
        hint: "add: class = \"imager_level2\"")
    }
    do throws(EngineError) {
      return try RunConfiguration(pipeline(named: name), logName: lastComponent(name))
    } catch {
      guard error.code == "unknown-pipeline" else { throw error }
      throw EngineError(
        "cfg-unknown-class", "no pipeline or step is called '\(name)'", subject: file.classPlace,
        hint: error.hint)
    }
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

import JobContract

extension RunConfiguration {
  /// Keys of a pipeline's cfg outside `[steps]`.
  static let rootKeys = ["name", "class", "save_results", "skip", "config_file"] + RunHooks.keys

  /// Merges a cfg, with every `config_file` it includes, over the defaults.
  /// - Throws: the first of ``problems(merging:)``: `EngineError` with file and line for an unknown key, step or
  ///   section, a bad value or a circle of `config_file`; `CfgError` for an included file that is no cfg.
  public mutating func merge(_ file: CfgFile) throws {
    var merged = self
    if let first = merged.problems(merging: file).first { throw first }
    self = merged
  }

  /// Merges a cfg as far as it is right.
  /// - Returns: everything that is wrong with it, in the order of its lines.
  mutating func problems(merging file: CfgFile) -> [any Error] {
    var merge = CfgMerge(self)
    merge.whole(file, chain: [])
    self = merge.configuration
    return merge.problems
  }

  /// Layers parameter references (`pars-<step>`, chosen by the rules for the frame) between the steps' defaults and
  /// the cfg.
  /// - Throws: `EngineError` with file and line when one of them is not what its step takes; `CfgError`.
  public mutating func merge(parameterReferences references: [ResolvedReference]) throws {
    for reference in references {
      guard let path = reference.path, let type = ParameterReference.step(ofType: reference.type) else {
        continue
      }
      guard path.lowercased().hasSuffix(".cfg") else {
        throw EngineError(
          "parameter-reference", "parameter references are read in the form of a cfg only", subject: path,
          hint: "write its parameters as a cfg: key = value")
      }
      guard let step = pipeline.step(named: type) else { continue }
      var merge = CfgMerge(self)
      merge.parameters(of: step.name, in: try CfgFile(path: path))
      if let first = merge.problems.first { throw first }
      self = merge.configuration
    }
  }
}

import CfgFormat
import Foundation
import JobContract

/// A pipeline with every parameter decided, and where each value came from.
///
/// Layers, weakest first: a step's own default, the pipeline's default, parameter references (`pars-*`), the cfg with
/// what it includes, the command line, the job. Call the methods in any order: a weaker layer never undoes a stronger one.
public struct RunConfiguration: Sendable {
  public internal(set) var pipeline: Pipeline
  /// Name of the run in log lines: `name` of the cfg, else the class name it was called by.
  public internal(set) var logName: String
  /// By step name.
  public internal(set) var steps: [String: StepConfiguration]
  /// References named by a person: type -> path.
  public var overrides: [String: String] { overrideLayers.compactMapValues(\.value) }
  /// The same with the layer that named each; nil is a withdrawn one.
  public internal(set) var overrideLayers: [String: Layered<String?>] = [:]
  /// Hooks of the whole pipeline.
  public internal(set) var hooks = RunHooks()
  /// Every cfg that was merged, by its absolute path, in the order of reading.
  public internal(set) var cfgFiles: [String] = []
  /// Skips of steps that only the documents know: nothing to decide, they are always skipped.
  var unavailable: [String] { pipeline.unavailable.map(\.name) }

  /// The defaults of a pipeline.
  /// - Throws: `EngineError` when a default of the pipeline is not one that its step allows.
  public init(_ pipeline: Pipeline, logName: String? = nil) throws(EngineError) {
    self.pipeline = pipeline
    self.logName = logName ?? pipeline.name
    steps = [:]
    for step in pipeline.steps { steps[step.declaration.name] = StepConfiguration(step.declaration) }
    for (key, text) in pipeline.defaults.sorted(by: { $0.key < $1.key }) {
      try set(key, text, from: .default)
    }
  }

  /// Sets `step.parameter` (or `parameter` alone when the pipeline has one step) from text.
  /// - Throws: `EngineError` `unknown-step`, `unknown-parameter` or `bad-parameter`.
  public mutating func set(_ key: String, _ text: String, from origin: ParameterSet.Origin)
    throws(EngineError)
  {
    let (step, parameter) = try split(key)
    try set(step: step, key: parameter, value: .string(text), from: origin, place: nil)
  }

  /// Marks a step to be skipped.
  /// - Throws: `EngineError` `unknown-step`.
  public mutating func skip(_ step: String, from origin: ParameterSet.Origin) throws(EngineError) {
    if unavailable.contains(step) { return }
    let name = try name(ofStep: step, place: nil)
    steps[name]?.skipping.set(true, from: origin, at: nil)
  }

  /// Names the reference file of a type.
  /// - Throws: `EngineError` `unknown-parameter` when no step of the pipeline uses that type.
  public mutating func override(_ type: String, with path: String) throws(EngineError) {
    guard pipeline.referenceTypes.contains(type.lowercased()) else {
      throw EngineError(
        "unknown-parameter", "no step of \(pipeline.name) uses a reference of this type", subject: type,
        hint: nearMatchHint(of: type, in: pipeline.referenceTypes)
          ?? "types: \(pipeline.referenceTypes.joined(separator: ", "))")
    }
    setOverride(type.lowercased(), path, from: .commandLine, at: nil)
  }

  /// Whether a step's result is written to a file of its own; a step that runs alone makes the product itself.
  func saves(_ step: StepConfiguration) -> Bool { step.saving.value && pipeline.steps.count > 1 }

  /// References as they were chosen, and in their place those that a person named.
  /// - Throws: `EngineError` `reference-missing` for a named file that is not there.
  func references(over chosen: [ResolvedReference]) throws(EngineError) -> [ResolvedReference] {
    var result = chosen.filter { overrides[$0.type] == nil }
    for (type, path) in overrides.sorted(by: { $0.key < $1.key }) {
      guard FileManager.default.fileExists(atPath: path) else {
        throw EngineError(
          "reference-missing", "the \(type) named as override is not there", subject: path)
      }
      let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
      result.append(ResolvedReference(type: type, origin: .override, path: absolute))
    }
    return result
  }

  /// References named by a person that are not there.
  var missingOverrides: [EngineError] {
    overrideLayers.sorted { $0.key < $1.key }.compactMap { type, named in
      guard let path = named.value, !FileManager.default.fileExists(atPath: path) else { return nil }
      return EngineError(
        "reference-missing", "the \(type) '\(path)', named as override, is not there",
        subject: named.place ?? path, hint: "paths are relative to the cfg")
    }
  }

  private func split(_ key: String) throws(EngineError) -> (String, String) {
    let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
    if parts.count == 2 { return (parts[0], parts[1]) }
    guard parts.count == 1, pipeline.steps.count == 1, let only = pipeline.steps.first else {
      throw EngineError(
        "unknown-parameter", "a parameter is named step.parameter", subject: key,
        hint: "tmtrun describe \(pipeline.name)")
    }
    return (only.declaration.name, parts[0])
  }

  /// The step's own name for a name, an alias or a class name.
  func name(ofStep text: String, place: String?) throws(EngineError) -> String {
    if let found = pipeline.step(named: text) { return found.name }
    let names = pipeline.steps.map { $0.declaration.name } + unavailable
    throw EngineError(
      place == nil ? "unknown-step" : "cfg-unknown-step", "\(pipeline.name) has no step '\(text)'",
      subject: place ?? text,
      hint: nearMatchHint(of: text, in: names) ?? "steps: \(names.joined(separator: ", "))")
  }
}

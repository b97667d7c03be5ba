import CfgFormat
import Foundation

/// Merges cfg files into a configuration and keeps what is wrong with them.
struct CfgMerge {
  private(set) var configuration: RunConfiguration
  private(set) var problems: [any Error] = []

  init(_ configuration: RunConfiguration) { self.configuration = configuration }

  private var pipeline: Pipeline { configuration.pipeline }

  /// A cfg of the whole pipeline, or of its only step.
  mutating func whole(_ file: CfgFile, chain: [CfgFile]) {
    configuration.cfgFiles.append(file.location)
    let root = file.document.root
    if pipeline.steps.count == 1, root.section("steps") == nil {
      if let name = file.name { configuration.logName = name }
      return section(root, of: pipeline.steps[0].declaration.name, in: file, chain: chain)
    }
    if let entry = root.entry("config_file"), let other = included(entry, in: file, chain: chain) {
      whole(other, chain: chain + [file])
    }
    if let name = file.name { configuration.logName = name }
    for entry in root.entries {
      collect { (merge: inout CfgMerge) throws(EngineError) in try merge.rootEntry(entry, in: file) }
    }
    for section in root.sections { steps(section, in: file, chain: chain) }
  }

  private mutating func steps(_ steps: CfgSection, in file: CfgFile, chain: [CfgFile]) {
    guard steps.name == "steps" else {
      return report(
        "cfg-unknown-section", "a pipeline's cfg has no section [\(steps.name)]", file.place(steps.line),
        hint: nearMatchHint(of: steps.name, in: ["steps"]) ?? "[steps]")
    }
    for stray in steps.entries {
      report(
        "cfg-unknown-key", "[steps] holds only sections of steps, not '\(stray.key)'", file.place(stray.line),
        hint: "[[step]]")
    }
    for step in steps.sections { section(step, of: step.name, in: file, chain: chain) }
  }

  private mutating func rootEntry(_ entry: CfgEntry, in file: CfgFile) throws(EngineError) {
    let place = file.place(entry.line)
    if entry.key.hasPrefix("override_") {
      let type = String(entry.key.dropFirst("override_".count)).lowercased()
      guard pipeline.referenceTypes.contains(type) else { throw unknownRootKey(entry.key, place) }
      let path = entry.value.string.map { Self.reference($0, beside: file) }
      return configuration.setOverride(type, path, from: .cfg, at: place)
    }
    switch entry.key {
    case "name", "class", "config_file": break
    case "skip" where entry.value == .none, "save_results" where entry.value == .none: break
    case "skip":
      guard try RunConfiguration.boolean(entry.value, key: "skip", place: place) else { return }
      throw RunConfiguration.bad(
        "a pipeline cannot be skipped as a whole", "skip", place, hint: "skip its steps")
    case "save_results":
      if try RunConfiguration.boolean(entry.value, key: "save_results", place: place) { return }
      throw RunConfiguration.bad(
        "products are always written", "save_results", place, hint: "save_results = True")
    case _ where RunHooks.keys.contains(entry.key):
      let value = Self.resolved(entry.key, entry.value, in: file)
      try configuration.hooks.set(entry.key, value, of: pipeline.name, from: .cfg, place: place)
    default: throw unknownRootKey(entry.key, place)
    }
  }

  private func unknownRootKey(_ key: String, _ place: String) -> EngineError {
    let known = RunConfiguration.rootKeys + pipeline.referenceTypes.map { "override_\($0)" }
    return EngineError(
      "cfg-unknown-key", "a pipeline's cfg has no key '\(key)'", subject: place,
      hint: nearMatchHint(of: key, in: known) ?? "parameters of a step stand in [steps], [[step]]")
  }

  /// The section of a step, or the root of a file that its `config_file` names.
  private mutating func section(
    _ section: CfgSection, of step: String, in file: CfgFile, chain: [CfgFile]
  ) {
    if !configuration.unavailable.contains(step) {
      let isKnown = collect { (merge: inout CfgMerge) throws(EngineError) in
        _ = try merge.configuration.name(ofStep: step, place: file.place(section.line))
      }
      // What stands in the section of an unknown step cannot be judged.
      guard isKnown else { return }
    }
    if let entry = section.entry("config_file"), let other = included(entry, in: file, chain: chain) {
      configuration.cfgFiles.append(other.location)
      self.section(other.document.root, of: step, in: other, chain: chain + [file])
    }
    for stray in section.sections {
      report(
        "cfg-unknown-section", "the step \(step) has no steps of its own, so no section '\(stray.name)'",
        file.place(stray.line), hint: "tmtrun describe \(step)")
    }
    for entry in section.entries {
      let value = Self.resolved(entry.key, entry.value, in: file)
      collect { (merge: inout CfgMerge) throws(EngineError) in
        try merge.configuration.set(
          step: step, key: entry.key, value: value, from: .cfg, place: file.place(entry.line))
      }
    }
  }

  /// The file that a `config_file` names; nil, with a problem, when it cannot be used.
  private mutating func included(_ entry: CfgEntry, in file: CfgFile, chain: [CfgFile]) -> CfgFile? {
    let place = file.place(entry.line)
    guard let name = entry.value.string, !name.isEmpty else {
      if entry.value != .none { report("cfg-bad-value", "config_file names one file", place, hint: nil) }
      return nil
    }
    let path = file.resolve(name)
    guard FileManager.default.fileExists(atPath: path) else {
      report("configuration-missing", "config_file names '\(name)', which is not there", place, hint: nil)
      return nil
    }
    do {
      let other = try CfgFile(path: path)
      let open = chain + [file]
      if let start = open.firstIndex(where: { $0.identity == other.identity }) {
        let circle = open[start...].map(\.path) + [open[start].path]
        report(
          "cfg-cycle", "config_file goes in a circle: \(circle.joined(separator: " -> "))", place,
          hint: "remove one of these config_file lines")
        return nil
      }
      return other
    } catch {
      problems.append(error)
      return nil
    }
  }

  /// A parameter reference: values of the step's own parameters, and `skip`.
  mutating func parameters(of step: String, in file: CfgFile) {
    guard let declaration = configuration.steps[step]?.declaration else { return }
    for stray in file.document.root.sections {
      report(
        "cfg-unknown-section", "a parameter reference holds no section '\(stray.name)'",
        file.place(stray.line), hint: "tmtrun describe \(step)")
    }
    let known = declaration.parameters.map(\.name) + ["skip"]
    for entry in file.document.root.entries where !["name", "class"].contains(entry.key) {
      let place = file.place(entry.line)
      guard known.contains(entry.key) else {
        report(
          "cfg-unknown-key", "a parameter reference of \(step) cannot set '\(entry.key)'", place,
          hint: nearMatchHint(of: entry.key, in: known) ?? "tmtrun describe \(step)")
        continue
      }
      collect { (merge: inout CfgMerge) throws(EngineError) in
        try merge.configuration.set(
          step: step, key: entry.key, value: entry.value, from: .reference, place: place)
      }
    }
  }

  // MARK: problems

  private mutating func report(_ code: String, _ message: String, _ subject: String, hint: String?) {
    problems.append(EngineError(code, message, subject: subject, hint: hint))
  }

  /// Does something and keeps its error.
  @discardableResult
  private mutating func collect(_ body: (inout CfgMerge) throws(EngineError) -> Void) -> Bool {
    do throws(EngineError) {
      try body(&self)
      return true
    } catch {
      problems.append(error)
      return false
    }
  }

  // MARK: paths

  /// A value whose paths are meant from the cfg's own folder.
  private static func resolved(_ key: String, _ value: CfgValue, in file: CfgFile) -> CfgValue {
    if key.hasPrefix("override_"), let path = value.string { return .string(reference(path, beside: file)) }
    guard key == "pre_hooks" || key == "post_hooks", let paths = value.list else { return value }
    return .list(paths.filter { !$0.isEmpty }.map(file.resolve))
  }

  /// A reference named in a cfg: beside the cfg when it is there, else as seen from the current folder.
  private static func reference(_ path: String, beside file: CfgFile) -> String {
    let beside = file.resolve(path)
    return FileManager.default.fileExists(atPath: beside) ? beside : path
  }
}

import CfgFormat
import Foundation

extension RunConfiguration {
  /// Keys of a pipeline's cfg outside `[steps]`.
  static let rootKeys = ["name", "class", "save_results", "skip", "pre_hooks", "post_hooks", "config_file"]

  /// Merges a cfg, with every `config_file` it includes, over the defaults.
  /// - Throws: `EngineError` with file and line for an unknown key, step or section, or a bad value; `CfgError` for
  ///   an included file that is no cfg.
  public mutating func merge(_ file: CfgFile) throws {
    if let name = file.name { logName = name }
    let root = file.document.root
    if pipeline.steps.count == 1, root.section("steps") == nil {
      return try mergeStep(root, of: pipeline.steps[0].declaration.name, in: file, including: [])
    }
    for entry in root.entries { try mergeRoot(entry, in: file) }
    for section in root.sections {
      guard section.name == "steps" else {
        throw EngineError(
          "cfg-unknown-section", "a pipeline's cfg has no section [\(section.name)]",
          subject: file.place(section.line), hint: nearMatchHint(of: section.name, in: ["steps"]) ?? "[steps]"
        )
      }
      if let stray = section.entries.first {
        throw EngineError(
          "cfg-unknown-key", "[steps] holds only sections of steps, not '\(stray.key)'",
          subject: file.place(stray.line), hint: "[[step]]")
      }
      for step in section.sections { try mergeStep(step, of: step.name, in: file, including: []) }
    }
  }

  private mutating func mergeRoot(_ entry: CfgEntry, in file: CfgFile) throws {
    if entry.key.hasPrefix("override_") {
      let type = String(entry.key.dropFirst("override_".count))
      return try override(type, with: Self.reference(entry.value.string ?? "", beside: file))
    }
    guard Self.rootKeys.contains(entry.key) else {
      throw EngineError(
        "cfg-unknown-key", "a pipeline's cfg has no key '\(entry.key)'", subject: file.place(entry.line),
        hint: nearMatchHint(of: entry.key, in: Self.rootKeys))
    }
    try checkRoot(entry, place: file.place(entry.line))
  }

  /// Keys of a whole pipeline have one value that this version can keep; another is refused, never ignored.
  private func checkRoot(_ entry: CfgEntry, place: String) throws(EngineError) {
    switch entry.key {
    case "skip":
      guard try Self.boolean(entry.value, key: "skip", place: place) else { return }
      throw Self.bad("a pipeline cannot be skipped as a whole", "skip", place, hint: "skip its steps")
    case "save_results":
      if try Self.boolean(entry.value, key: "save_results", place: place) { return }
      throw Self.bad("products are always written", "save_results", place, hint: "save_results = True")
    case "pre_hooks", "post_hooks":
      if entry.value == .none || entry.value.list == [] { return }
      throw Self.bad("hooks of a pipeline are not run by this version", entry.key, place, hint: nil)
    default: break
    }
  }

  private mutating func mergeStep(
    _ section: CfgSection, of step: String, in file: CfgFile, including parents: [String]
  ) throws {
    if !unavailable.contains(step) { _ = try name(ofStep: step, place: file.place(section.line)) }
    if let entry = section.entry("config_file"), let other = entry.value.string {
      try include(other, of: step, in: file, line: entry.line, parents: parents)
    }
    if let stray = section.sections.first {
      throw EngineError(
        "cfg-unknown-section", "the section of a step holds no section '\(stray.name)'",
        subject: file.place(stray.line))
    }
    for entry in section.entries {
      var value = entry.value
      if entry.key.hasPrefix("override_"), let path = value.string {
        value = .string(Self.reference(path, beside: file))
      }
      try set(step: step, key: entry.key, value: value, from: .cfg, place: file.place(entry.line))
    }
  }

  private mutating func include(
    _ other: String, of step: String, in file: CfgFile, line: Int, parents: [String]
  ) throws {
    let path = file.resolve(other)
    guard !(parents + [file.path]).contains(path) else {
      throw EngineError(
        "cfg-cycle", "config_file leads back to \(other)", subject: file.place(line),
        hint: "remove one of: \((parents + [file.path]).joined(separator: ", "))")
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw EngineError(
        "configuration-missing", "config_file names '\(other)', which is not there", subject: file.place(line)
      )
    }
    let included = try CfgFile(path: path)
    try mergeStep(included.document.root, of: step, in: included, including: parents + [file.path])
  }

  /// A reference named in a cfg: beside the cfg when it is there, else as seen from the current folder.
  private static func reference(_ path: String, beside file: CfgFile) -> String {
    let beside = file.resolve(path)
    return FileManager.default.fileExists(atPath: beside) ? beside : path
  }
}

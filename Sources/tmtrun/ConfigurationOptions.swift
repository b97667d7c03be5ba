import ArgumentParser
import PipelineEngine

/// What a run and its plan take alike: the target's configuration with what the command line says over it.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .customLong("set"), help: "step.parameter=value; may be repeated.")
  var settings: [String] = []

  @Option(name: .customLong("skip"), help: "Skip a step; may be repeated.")
  var skips: [String] = []

  @Option(name: .customLong("override"), help: "type=file: use this reference; may be repeated.")
  var overrides: [String] = []

  @Option(name: [.customShort("o"), .customLong("output-dir")], help: "Folder for products.")
  var outputDirectory = "."

  func configuration(for target: String) throws -> RunConfiguration {
    var configuration = try Program.registry.configuration(for: target)
    for setting in settings {
      let (key, value) = try Self.split(setting, option: "--set", form: "step.parameter=value")
      try configuration.set(key, value, from: .commandLine)
    }
    for step in skips { try configuration.skip(step, from: .commandLine) }
    for override in overrides {
      let (type, path) = try Self.split(override, option: "--override", form: "type=file")
      try configuration.override(type, with: path)
    }
    return configuration
  }

  private static func split(_ text: String, option: String, form: String) throws -> (String, String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("\(option) takes \(form), not '\(text)'")
    }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }
}

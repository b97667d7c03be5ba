import Foundation
import PipelineEngine
import Pipelines
import Testing

@Suite struct DeclarationTests {
  private static let steps = PipelineCatalog.registry.steps

  /// Every default lies within its own declaration: what a cfg says by default can be said in a cfg.
  @Test func defaultsAreValuesOfTheirParameters() throws {
    for step in Self.steps {
      var configuration = try RunConfiguration(Pipeline(running: step))
      for parameter in step.declaration.parameters {
        let key = "\(step.declaration.name).\(parameter.name)"
        try configuration.set(key, parameter.defaultValue.text, from: .commandLine)
        #expect(
          configuration.steps[step.declaration.name]?.parameters[parameter.name] == parameter.defaultValue,
          "\(key)")
      }
    }
  }

  /// The README beside each step names each of its parameters, and no step is left out of the registry.
  @Test func readmesNameEveryParameter() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Steps").standardizedFileURL.path
    var readmes: [String: String] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) where path.hasSuffix("/README.md") {
      let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
      let title = try #require(text.split(separator: "\n").first?.dropFirst(2))
      readmes[String(title)] = text
    }
    let names = Self.steps.map { step in step.declaration.name }
    #expect(readmes.keys.sorted() == names.sorted())
    for step in Self.steps {
      let readme = readmes[step.declaration.name] ?? ""
      for parameter in step.declaration.parameters {
        let isNamed = readme.contains("`\(parameter.name)`")
        #expect(isNamed, "\(step.declaration.name): \(parameter.name)")
      }
    }
  }
}

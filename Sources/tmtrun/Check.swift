import ArgumentParser
import PipelineEngine

/// `tmtrun check CFG…`: reads cfg files as a run would and says what is wrong, without running.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Check cfg files without running them.")

  @Argument(help: "Files to check.")
  var files: [String]

  func run() throws {
    for file in files {
      let configuration = try Program.registry.configuration(for: file)
      print("\(file)\tok\t\(configuration.pipeline.name)")
    }
  }
}

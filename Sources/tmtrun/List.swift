import ArgumentParser
import Foundation
import PipelineEngine

/// `tmtrun list`: pipelines and steps by name.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List pipelines and steps.")

  func run() {
    let manifest = Program.registry.manifest
    let names = manifest.pipelines.map(\.name) + manifest.steps.map(\.name)
    let width = names.map(\.count).max() ?? 0
    func row(_ kind: String, _ name: String, _ summary: String) {
      if isatty(STDOUT_FILENO) == 1 {
        print("\(kind)  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(summary)")
      } else {
        print("\(kind.filter { $0 != " " })\t\(name)\t\(summary)")
      }
    }
    if isatty(STDOUT_FILENO) != 1 { print("kind\tname\tsummary") }
    for pipeline in manifest.pipelines { row("pipeline", pipeline.name, pipeline.summary) }
    for step in manifest.steps { row("step    ", step.name, step.summary) }
  }
}

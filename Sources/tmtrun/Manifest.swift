import ArgumentParser
import Foundation
import PipelineEngine

/// `tmtrun manifest`: every pipeline and step as JSON, read by the archive.
struct Manifest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print every pipeline, step and parameter as JSON.")

  func run() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    Answer.write(String(decoding: try encoder.encode(Program.registry.manifest), as: UTF8.self) + "\n")
  }
}

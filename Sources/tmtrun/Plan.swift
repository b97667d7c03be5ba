import ArgumentParser
import Foundation
import JobContract
import PipelineEngine
import Tables

/// `tmtrun plan CFG ASN`: what a run would do, and why, without doing it. Only headers are read.
struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show steps, references and parameters of a run without running it.")

  @Argument(help: "A .cfg, or the name, alias or class of a pipeline or step.")
  var target: String

  @Argument(help: "FITS files, or associations (.json).")
  var inputs: [String]

  @OptionGroup var choices: ConfigurationOptions

  @Option(help: "Form of the answer: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  func run() throws {
    let hand = HandRunner(
      configuration: try choices.configuration(for: target), inputs: inputs,
      outputDirectory: choices.outputDirectory, cache: Program.referenceCache,
      services: Program.services(.quiet))
    let results = try hand.plan()
    var plans: [RunPlan] = []
    var failures: [ReportedError] = []
    for result in results {
      switch result {
      case .success(let request): plans.append(RunPlan(request))
      case .failure(let error): failures.append(ReportedError(error))
      }
    }
    try put(plans)
    for failure in failures { Failure.show(failure) }
    guard let first = failures.first else { return }
    throw Failure.Exit(
      code: plans.isEmpty
        ? PipelineEngine.ExitCode(code: first.code).rawValue : PipelineEngine.ExitCode.someFailed.rawValue)
  }

  private func put(_ plans: [RunPlan]) throws {
    switch format ?? (Answer.isTerminal ? .table : .tsv) {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Answer.write(String(decoding: try encoder.encode(plans), as: UTF8.self) + "\n")
    case .table: Answer.write(plans.map(PlanText.outline).joined(separator: "\n"))
    case let other: Answer.write(other.render(PlanText.table(plans)))
    }
  }
}

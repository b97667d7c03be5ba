import ArgumentParser
import JobContract
import PipelineEngine
import Tables

/// `tmtrun describe NAME`: a step with its parameters, or a pipeline with its steps, from their declarations.
struct Describe: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Describe a step or a pipeline.")

  @Argument(help: "Name, alias or class.")
  var name: String

  @Flag(help: "As Markdown.")
  var markdown = false

  @Option(
    help: "The parameters as a table: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  func run() throws {
    if markdown, format != nil { throw ValidationError("take --markdown or --format, not both") }
    let (title, summary, facts, steps) = try described()
    if let format { return Answer.write(format.render(Self.table(of: steps))) }
    Answer.write(
      markdown ? Self.markdown(title, summary, facts, steps) : Self.text(title, summary, facts, steps))
  }

  private typealias Fact = (label: String, value: String)

  private func described() throws -> (String, String, [Fact], [StepConfiguration]) {
    switch try Program.registry.target(named: name) {
    case .pipeline(let pipeline):
      let configuration = try RunConfiguration(pipeline)
      let steps = pipeline.steps.compactMap { configuration.steps[$0.declaration.name] }
      return (pipeline.name, pipeline.summary, Self.facts(of: pipeline), steps)
    case .step(let type):
      let step = type.declaration
      let configuration = try RunConfiguration(Pipeline(running: type))
      return (
        step.name, step.summary,
        [
          ("class", step.className), ("references", Self.list(step.referenceTypes)),
          ("also called", Self.list(step.aliases)), ("status keyword", step.statusKeyword),
        ], [configuration.steps[step.name]].compactMap { $0 }
      )
    }
  }

  private static func facts(of pipeline: Pipeline) -> [Fact] {
    let steps = pipeline.orderedSteps.map { $0.isAvailable ? $0.name : "\($0.name) (not in this version)" }
    return [
      ("steps", steps.joined(separator: ", ")), ("references", list(pipeline.referenceTypes)),
      ("product", "_\(pipeline.productKind), level \(pipeline.level)"),
      ("takes", pipeline.intake.words), ("also called", list(pipeline.aliases)),
    ]
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  // MARK: forms

  private static func text(_ title: String, _ summary: String, _ facts: [Fact], _ steps: [StepConfiguration])
    -> String
  {
    var lines = ["\(title): \(summary)"] + facts.map { "\($0.label): \($0.value)" }
    for step in steps {
      if steps.count > 1 { lines += ["", "\(step.declaration.name): \(step.declaration.summary)"] }
      for parameter in step.declaration.parameters {
        lines.append(
          "  \(parameter.name) = \(step.parameters[parameter.name].text)"
            + (parameter.unit.isEmpty ? "" : " \(parameter.unit)")
            + " (\(parameter.typeName)\(parameter.rangeText.isEmpty ? "" : " [\(parameter.rangeText)]")): "
            + parameter.help)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func markdown(
    _ title: String, _ summary: String, _ facts: [Fact], _ steps: [StepConfiguration]
  ) -> String {
    var lines = ["# \(title)", "", summary, ""] + facts.map { "- \($0.label): \($0.value)" }
    for step in steps {
      lines += steps.count > 1 ? ["", "## \(step.declaration.name)", "", step.declaration.summary] : []
      guard !step.declaration.parameters.isEmpty else { continue }
      lines += ["", "| parameter | type | range | unit | default | meaning |", "|---|---|---|---|---|---|"]
      for parameter in step.declaration.parameters {
        let cells = [
          "`\(parameter.name)`", parameter.typeName, parameter.rangeText, parameter.unit,
          "`\(step.parameters[parameter.name].text)`", parameter.help,
        ]
        lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func table(of steps: [StepConfiguration]) -> Table {
    var table = Table(
      ["step", "parameter", "type", "range", "unit", "default", "help"].map { Column($0, .string) },
      name: "parameters")
    for step in steps {
      for parameter in step.declaration.parameters {
        table.append(
          [
            step.declaration.name, parameter.name, parameter.typeName, parameter.rangeText, parameter.unit,
            step.parameters[parameter.name].text, parameter.help,
          ].map { .string($0) })
      }
    }
    return table
  }
}

extension Pipeline.Intake {
  fileprivate var words: String {
    switch self {
    case .exposure: "one science frame with its backgrounds"
    case .set: "all frames of a set"
    case .mosaic: "the reduced frames of a field"
    case .ramp: "one ramp, or the readouts of one exposure"
    case .subarrays: "a full frame and the frames of its subarrays"
    }
  }
}

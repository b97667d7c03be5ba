import ArgumentParser
import JobContract
import PipelineEngine

/// `tmtrun describe NAME`: parameters of a step, or the steps of a pipeline, from their declarations.
struct Describe: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Describe a step or a pipeline.")

  @Argument(help: "Name, alias or class.")
  var name: String

  @Flag(help: "As Markdown.")
  var markdown = false

  func run() throws {
    switch try Program.registry.target(named: name) {
    case .pipeline(let pipeline): describe(pipeline.described)
    case .step(let step): describe(step.declaration.described)
    }
  }

  private func describe(_ pipeline: PipelineDescription) {
    print(markdown ? "# \(pipeline.name)\n\n\(pipeline.summary)\n" : "\(pipeline.name): \(pipeline.summary)")
    print("\(markdown ? "- " : "")steps: \(pipeline.steps.joined(separator: ", "))")
    print("\(markdown ? "- " : "")references: \(pipeline.referenceTypes.joined(separator: ", "))")
    print(
      "\(markdown ? "- " : "")product: _\(pipeline.products.joined(separator: ", _")), level \(pipeline.level)"
    )
    print("\(markdown ? "- " : "")also called: \(pipeline.aliases.joined(separator: ", "))")
  }

  private func describe(_ step: StepDescription) {
    print(markdown ? "# \(step.name)\n\n\(step.summary)\n" : "\(step.name): \(step.summary)")
    print("\(markdown ? "- " : "")references: \(step.referenceTypes.joined(separator: ", "))")
    print("\(markdown ? "- " : "")also called: \(step.aliases.joined(separator: ", "))")
    for parameter in step.parameters {
      let range = parameter.range.isEmpty ? "" : " [\(parameter.range)]"
      let unit = parameter.unit.isEmpty ? "" : " \(parameter.unit)"
      let name = markdown ? "- `\(parameter.name)`" : "  \(parameter.name)"
      print("\(name) = \(parameter.defaultValue)\(unit) (\(parameter.type)\(range)): \(parameter.help)")
    }
  }
}

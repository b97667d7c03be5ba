import ArgumentParser
import Tables

/// `tmtrun list`: pipelines and steps by name, with the names they have in the documents.
struct List: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List pipelines and steps.")

  @OptionGroup var options: TableOptions

  func run() throws {
    let registry = Program.registry
    var table = Table(
      [
        Column("kind", .string, description: "pipeline or step"),
        Column("name", .string, description: "what tmtrun calls it"),
        Column("summary", .string, description: "what it does"),
        Column("aliases", .string, description: "names of the documents that mean it"),
      ], name: "programs")
    for pipeline in registry.pipelines {
      table.append(Self.row("pipeline", pipeline.name, pipeline.summary, pipeline.aliases))
    }
    for step in registry.steps.map({ $0.declaration }) {
      table.append(Self.row("step", step.name, step.summary, step.aliases))
    }
    try options.put(table)
  }

  private static func row(_ kind: String, _ name: String, _ summary: String, _ aliases: [String]) -> [Cell] {
    [.string(kind), .string(name), .string(summary), .string(aliases.joined(separator: " "))]
  }
}

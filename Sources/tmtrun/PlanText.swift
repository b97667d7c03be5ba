import PipelineEngine
import Tables

/// A plan in words and in rows.
enum PlanText {
  /// For people: a product, its members, then each step with what it will use.
  static func outline(_ plan: RunPlan) -> String {
    var lines = ["\(plan.product): \(plan.name) (\(plan.pipeline)), level \(plan.level)"]
    let counts = Dictionary(grouping: plan.members, by: \.exptype).mapValues(\.count)
    let members = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    lines.append("  members: \(members.joined(separator: ", "))")
    lines += plan.notes.map { "  \($0)" }
    lines += (plan.preHooks.map { "  pre hook: \($0)" } + plan.postHooks.map { "  post hook: \($0)" })
    for step in plan.steps {
      lines.append("  \(step.index + 1). \(step.name)" + (step.skip ? ": skipped, \(step.reason ?? "")" : ""))
      if step.skip { continue }
      for (name, parameter) in step.parameters.sorted(by: { $0.key < $1.key }) {
        let unit = parameter.unit.isEmpty ? "" : " \(parameter.unit)"
        lines.append("     \(name) = \(parameter.value)\(unit)  (\(origin(parameter)))")
      }
      for reference in step.references { lines.append("     \(words(reference))") }
      if step.saves { lines.append("     the result is saved") }
      lines += step.preHooks.map { "     pre hook: \($0)" } + step.postHooks.map { "     post hook: \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func origin(_ parameter: RunPlan.Parameter) -> String {
    parameter.place.map { "\(parameter.origin), \($0)" } ?? parameter.origin
  }

  private static func words(_ reference: RunPlan.Reference) -> String {
    let why = [
      reference.context, reference.rule, reference.useafter.map { "useafter \($0)" }, reference.reason,
    ]
    .compactMap { $0 }.joined(separator: ", ")
    return "\(reference.type) = \(reference.path ?? reference.origin)" + (why.isEmpty ? "" : "  (\(why))")
  }

  /// One row for each step, parameter, reference and hook.
  static func table(_ plans: [RunPlan]) -> Table {
    var table = Table(
      [
        Column("product", .string), Column("index", .int, description: "place of the step, from 0"),
        Column("step", .string), Column("what", .string, description: "step, parameter, reference, hook"),
        Column("name", .string), Column("value", .string),
        Column("origin", .string, description: "layer, or how a reference was chosen"),
        Column("place", .string, description: "file:line, or context and rule"),
        Column("reason", .string, description: "why skipped, why no reference"),
      ], name: "plan")
    for plan in plans {
      for row in plan.steps.flatMap(rows) { table.append([.string(plan.product)] + row) }
    }
    return table
  }

  private static func rows(_ step: RunPlan.Step) -> [[Cell]] {
    func row(
      _ what: String, _ name: String, _ value: String?, _ origin: String?, _ place: String?,
      _ reason: String?
    ) -> [Cell] {
      [
        .int(Int64(step.index)), .string(step.name), .string(what), .string(name), Cell(value), Cell(origin),
        Cell(place), Cell(reason),
      ]
    }
    var rows = [row("step", step.name, step.skip ? "skip" : "run", nil, nil, step.reason)]
    for (name, parameter) in step.parameters.sorted(by: { $0.key < $1.key }) {
      rows.append(row("parameter", name, parameter.value, parameter.origin, parameter.place, nil))
    }
    for reference in step.references {
      let rule = [reference.context, reference.rule, reference.useafter].compactMap { $0 }
        .joined(separator: " ")
      rows.append(
        row(
          "reference", reference.type, reference.path, reference.origin, rule.isEmpty ? nil : rule,
          reference.reason))
    }
    rows += step.preHooks.map { row("hook", "pre", $0, nil, nil, nil) }
    rows += step.postHooks.map { row("hook", "post", $0, nil, nil, nil) }
    return rows
  }
}

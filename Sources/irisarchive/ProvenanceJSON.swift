import CatalogStore

/// Provenance as nested JSON: what made the file, of what, and what came of it. What was told once is only
/// named again (`told_above`).
struct ProvenanceJSON {
  private let graph: ProvenanceGraph

  init(graph: ProvenanceGraph) {
    self.graph = graph
  }

  func value() -> JSONValue {
    var told: Set<String> = []
    return .object([
      "made_by": madeBy(graph.root, &told),
      "used_for": .list(
        graph.results(of: graph.root).map { use, made in
          .object([
            "role": .text(use.role), "is_reference": .flag(use.isReference), "job": JSONValue(job(made)),
            "product": JSONValue(graph.entity(made.entity)?.name),
            "state": JSONValue(graph.entity(made.entity)?.state),
            "sha256": JSONValue(graph.entity(made.entity)?.sha256),
          ])
        }),
    ])
  }

  private func job(_ made: ProvenanceGraph.Generation) -> String? { graph.activity(made.activity)?.job }

  private func madeBy(_ entity: String, _ told: inout Set<String>) -> JSONValue {
    guard let run = graph.maker(of: entity) else { return .null }
    guard told.insert(entity).inserted else {
      return .object(["job": .text(run.job), "told_above": .flag(true)])
    }
    var inputs: [JSONValue] = []
    var references: [JSONValue] = []
    for use in graph.uses(of: run.id) {
      if use.isReference {
        references.append(reference(use, &told))
      } else {
        inputs.append(input(use, &told))
      }
    }
    return .object([
      "job": .text(run.job), "attempt": JSONValue(run.attempt), "pipeline": .text(run.pipeline),
      "association": .text(run.association), "rule": .text(run.rule),
      "software": .object(run.software.mapValues(JSONValue.text)), "started": JSONValue(time: run.started),
      "ended": JSONValue(time: run.ended), "seconds": JSONValue(run.seconds),
      "steps": .list(
        run.steps.map {
          .object([
            "name": .text($0.name), "status": .text($0.status), "reason": JSONValue($0.reason),
            "seconds": .real($0.seconds),
          ])
        }),
      "inputs": .list(inputs), "references": .list(references),
    ])
  }

  private func input(_ use: ProvenanceGraph.Use, _ told: inout Set<String>) -> JSONValue {
    let entity = use.entity.flatMap(graph.entity)
    return .object([
      "role": .text(use.role), "name": JSONValue(entity?.name), "obsname": JSONValue(entity?.obsname),
      "data_level": JSONValue(entity?.level), "path": JSONValue(entity?.path),
      "sha256": JSONValue(use.sha256),
      "level": JSONValue(use.level), "distance": JSONValue(use.distance),
      "made_by": use.entity.map { madeBy($0, &told) } ?? .null,
    ])
  }

  private func reference(_ use: ProvenanceGraph.Use, _ told: inout Set<String>) -> JSONValue {
    .object([
      "type": .text(use.role), "origin": JSONValue(use.origin), "file": JSONValue(use.file),
      "name": JSONValue(use.entity.flatMap(graph.entity)?.name), "context": JSONValue(use.context),
      "rule": JSONValue(use.rule), "useafter": JSONValue(use.useafter), "level": JSONValue(use.level),
      "distance": JSONValue(use.distance), "last_resort": .flag(use.lastResort),
      "reason": JSONValue(use.reason),
      "sha256": JSONValue(use.sha256), "made_by": use.entity.map { madeBy($0, &told) } ?? .null,
    ])
  }
}

import Foundation

extension ProvenanceGraph {
  /// The graph as PROV-JSON (W3C Member Submission, 24 April 2013): files are entities, runs are activities,
  /// software are agents.
  ///
  /// - Throws: what the encoder throws; nothing for finite numbers.
  public func provJSON() throws -> String {
    var document: [String: PROVValue] = [
      "prefix": .object(["iris": .text("urn:iris-archive:")]),
      "entity": .object(keyed(entities.map { ("iris:\($0.id)", attributes($0)) })),
      "activity": .object(keyed(activities.map { ("iris:\($0.id)", attributes($0)) })),
      "used": .object(keyed(usage())),
      "wasGeneratedBy": .object(keyed(generation())),
      "wasDerivedFrom": .object(keyed(derivation())),
    ]
    let agents = software()
    document["agent"] = .object(agents.agents)
    document["wasAssociatedWith"] = .object(agents.associations)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
  }

  private func keyed(_ pairs: [(String, PROVValue)]) -> [String: PROVValue] {
    Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  private func attributes(_ entity: Entity) -> PROVValue {
    .object([
      "prov:label": .text(entity.name), "iris:obsname": PROVValue(entity.obsname),
      "iris:kind": PROVValue(entity.kind), "iris:level": PROVValue(entity.level.map(Double.init)),
      "iris:state": PROVValue(entity.state), "iris:degraded": PROVValue(entity.degraded),
      "iris:sha256": PROVValue(entity.sha256), "prov:location": PROVValue(entity.path),
    ])
  }

  private func attributes(_ run: Activity) -> PROVValue {
    let steps = run.steps.map { "\($0.name) \($0.status) \($0.parameters)" }
    return .object([
      "prov:startTime": .text(CatalogTime.text(run.started)),
      "prov:endTime": PROVValue(run.ended.map(CatalogTime.text)),
      "prov:label": .text(run.pipeline), "iris:job": .text(run.job),
      "iris:attempt": .number(Double(run.attempt)),
      "iris:association": .text(run.association), "iris:rule": .text(run.rule),
      "iris:step": .list(steps.map(PROVValue.text)),
    ])
  }

  private func usage() -> [(String, PROVValue)] {
    uses.enumerated().compactMap { index, use in
      guard let entity = use.entity else { return nil }
      return (
        "_:u\(index)",
        .object([
          "prov:activity": .text("iris:\(use.activity)"), "prov:entity": .text("iris:\(entity)"),
          "prov:role": .text(use.role), "iris:isReference": .flag(use.isReference),
          "iris:context": PROVValue(use.context), "iris:rule": PROVValue(use.rule),
          "iris:useafter": PROVValue(use.useafter), "iris:origin": PROVValue(use.origin),
          "iris:matchLevel": PROVValue(use.level.map(Double.init)),
          "iris:distanceSeconds": PROVValue(use.distance),
          "iris:sha256": PROVValue(use.sha256),
        ])
      )
    }
  }

  private func generation() -> [(String, PROVValue)] {
    generations.enumerated().map { index, made in
      let time = activity(made.activity)?.ended.map(CatalogTime.text)
      return (
        "_:g\(index)",
        .object([
          "prov:activity": .text("iris:\(made.activity)"), "prov:entity": .text("iris:\(made.entity)"),
          "prov:time": PROVValue(time), "prov:role": .text(made.kind),
        ])
      )
    }
  }

  private func derivation() -> [(String, PROVValue)] {
    let pairs = generations.flatMap { made in
      uses.filter { $0.activity == made.activity }.compactMap { use in
        use.entity.map { (made: made, used: $0) }
      }
    }
    return pairs.enumerated().map { index, pair in
      (
        "_:d\(index)",
        .object([
          "prov:generatedEntity": .text("iris:\(pair.made.entity)"),
          "prov:usedEntity": .text("iris:\(pair.used)"),
          "prov:activity": .text("iris:\(pair.made.activity)"),
        ])
      )
    }
  }

  private func software() -> (agents: [String: PROVValue], associations: [String: PROVValue]) {
    var agents: [String: PROVValue] = [:]
    var associations: [String: PROVValue] = [:]
    for activity in activities {
      for (name, version) in activity.software.sorted(by: { $0.key < $1.key }) {
        let id = "iris:\(name)-\(version)"
        agents[id] = .object([
          "prov:type": .object(["$": .text("prov:SoftwareAgent"), "type": .text("prov:QUALIFIED_NAME")]),
          "prov:label": .text("\(name) \(version)"),
        ])
        associations["_:a\(associations.count)"] = .object([
          "prov:activity": .text("iris:\(activity.id)"), "prov:agent": .text(id),
        ])
      }
    }
    return (agents, associations)
  }
}

/// A JSON value of a PROV document; absent values are left out.
private enum PROVValue: Encodable {
  case absent
  case text(String)
  case number(Double)
  case flag(Bool)
  case list([PROVValue])
  case object([String: PROVValue])

  init(_ text: String?) { self = text.map(PROVValue.text) ?? .absent }
  init(_ number: Double?) { self = number.map(PROVValue.number) ?? .absent }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .absent: try container.encodeNil()
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .list(let values): try container.encode(values)
    case .object(let members):
      try container.encode(members.filter { if case .absent = $0.value { false } else { true } })
    }
  }
}

/// Choosing by a value that has an order: `ClosestTime`, `GeometricallyNearest`, `Bracket`, `SelectVersion`,
/// `VersionAfter`.
extension RuleLookup {
  /// - Parameter tables: one, or those of rows that match equally (`ClosestTime` and `VersionAfter` are merged).
  func choose(amongOrdered tables: [OrderedTable], row: String) -> Outcome {
    let table = tables[0]
    switch table.kind {
    case .closestTime: return choose(closest: tables, row: row)
    case .versionAfter: return choose(versions: tables, row: row)
    case .geometricallyNearest, .bracket, .selectVersion: break
    }
    let name = table.parameters[0]
    guard let text = name.value(in: header) else {
      return .refused("\(rules.name): the header has no \(name.candidates.joined(separator: ", "))")
    }
    guard let number = OrderedTable.finite(text) else {
      return .refused("\(rules.name): \(name.parkey)='\(text)' is not a number")
    }
    switch table.kind {
    case .bracket: return choose(bracket: table.bracket(number), of: table, row)
    case .selectVersion: return choose(table.relation(number).map { table.entries[$0] }, row)
    default: return choose(table.nearest(to: number).map { table.entries[$0] }, row)
    }
  }

  private func choose(_ entry: OrderedTable.Entry?, _ row: String) -> Outcome {
    guard let entry else { return .refused("\(rules.name): nothing in row \(row) serves this header") }
    return choose(entry.choice, row: row)
  }

  private func choose(
    bracket: (below: Int, above: Int)?, of table: OrderedTable, _ row: String
  ) -> Outcome {
    guard let bracket else { return choose(nil, row) }
    let below = choose(table.entries[bracket.below].choice, row: row)
    guard bracket.below != bracket.above, below.isFound else { return below }
    let above = choose(table.entries[bracket.above].choice, row: row)
    guard above.isFound, above.files != below.files else { return above }
    return .several(below.files + above.files, row: row)
  }

  private func choose(closest tables: [OrderedTable], row: String) -> Outcome {
    let stamp: UseAfterStamp
    switch date(tables[0].parameters) {
    case .success(let date): stamp = date
    case .failure(let problem): return .refused("\(rules.name): \(problem.sentence)")
    }
    let merged = OrderedTable.merging(tables)
    guard let index = merged.nearest(to: stamp) else { return choose(nil, row) }
    let outcome = choose(merged.entries[index].choice, row: row)
    guard case .found(let file, let row, nil) = outcome else { return outcome }
    return .found(file: file, row: row, useAfter: merged.entries[index].text)
  }

  private func choose(versions tables: [OrderedTable], row: String) -> Outcome {
    let parts = tables[0].parameters.map { value($0) }
    guard let version = OrderedTable.version(parts.joined(separator: ".")) else {
      return .refused("\(rules.name): '\(parts.joined(separator: "."))' is not a version")
    }
    let merged = OrderedTable.merging(tables)
    guard let index = merged.version(notAfter: version) else { return .nothing }
    return choose(merged.entries[index].choice, row: row)
  }
}

extension OrderedTable {
  /// The union of tables of one kind; of equal keys the greater file name stays.
  static func merging(_ tables: [OrderedTable]) -> OrderedTable {
    guard tables.count > 1 else { return tables[0] }
    return OrderedTable(tables[0], entries: tables.flatMap(\.entries))
  }
}

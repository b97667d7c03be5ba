/// One look-up of one header in one rmap.
struct RuleLookup {
  enum Outcome {
    case found(file: String, row: String, useAfter: String?)
    /// The files on both sides of a number (`Bracket`), from below.
    case several([String], row: String)
    /// Nothing here: a lighter row of the selector above may still have it.
    case nothing
    /// No row names one of the header's values: the look-up as a whole fails.
    case unlisted
    /// The look-up as a whole fails, with the sentence why.
    case refused(String)

    var isFound: Bool { !files.isEmpty }

    /// What was chosen: none, one, or those that bracket a number.
    var files: [String] {
      switch self {
      case .found(let file, _, _): [file]
      case .several(let files, _): files
      case .nothing, .unlisted, .refused: []
      }
    }
  }

  let rules: ReferenceRules
  let header: [String: String]
  /// Parkeys that the rmap's `parkey_relevance` takes out for this header.
  var irrelevant: Set<String> = []
  private var detector: String?

  init(rules: ReferenceRules, header: [String: String]) {
    self.rules = rules
    self.header = header
  }

  /// Switches to the detector's other name; false when it has none.
  mutating func useOtherDetector() -> Bool {
    guard let literal = HeaderName.detector.value(in: header),
      let other = HeaderName.otherDetector(conditioned(literal))
    else { return false }
    if case .match(let table) = rules.selector,
      let column = table.columns.first(where: { $0.name.role == .detector }),
      column.rowsNaming(other).isEmpty
    {
      return false
    }
    detector = other
    return true
  }

  mutating func useLiteralDetector() { detector = nil }

  /// Some row of the outermost `Match` is for the detector under the header's own name.
  var namesLiteralDetector: Bool {
    guard case .match(let table) = rules.selector,
      let column = table.columns.first(where: { $0.name.role == .detector }),
      let literal = HeaderName.detector.value(in: header)
    else { return true }
    return !column.rowsNaming(conditioned(literal)).isEmpty
  }

  /// The header's value in normal form; `UNDEFINED` when it has none.
  func value(_ name: HeaderName) -> String {
    if !irrelevant.isEmpty, irrelevant.contains(name.parkey) { return "N/A" }
    if let detector, name.role == .detector { return detector }
    return name.value(in: header).map(conditioned) ?? "UNDEFINED"
  }

  // MARK: choosing

  func choose(_ tree: SelectorTree, row: String = "") -> Outcome {
    switch tree {
    case .file(let name): return .found(file: name, row: row, useAfter: nil)
    case .several(let names):
      return .refused("row \(row) of \(rules.name) gives several files: \(names.joined(separator: ", "))")
    case .useAfter(let table): return choose(amongDates: [(table, row)])
    case .match(let table): return choose(in: table, below: row)
    case .ordered(let table): return choose(amongOrdered: [table], row: row)
    }
  }

  private func choose(in table: MatchTable, below path: String) -> Outcome {
    var values: [String] = []
    values.reserveCapacity(table.columns.count)
    for column in table.columns {
      let value = value(column.name)
      guard column.accepts(value) else { return .unlisted }
      values.append(value)
    }
    var candidates = table.candidates(values)[...]
    while let first = candidates.first {
      let group = candidates.prefix { $0.weight == first.weight }
      candidates = candidates.dropFirst(group.count)
      let row = table.rows[first.row]
      let outcome =
        group.count == 1
        ? choose(row.choice, row: Self.path(path, row.text))
        : choose(group: group.map { table.rows[$0.row] }, below: path)
      if case .nothing = outcome { continue }
      return outcome
    }
    return .nothing
  }

  /// `('IMG1',) > ('K', 'CLEAR')` for a row below another.
  private static func path(_ above: String, _ row: String) -> String {
    above.isEmpty ? row : "\(above) > \(row)"
  }

  /// Several rows of equal weight: the union of their dates.
  private func choose(group: [MatchTable.Row], below path: String) -> Outcome {
    let texts = group.map(\.text).joined(separator: ", ")
    guard rules.mergesOverlaps else {
      return .refused("\(rules.name) has several rows that match equally: \(texts)")
    }
    let choices = group.map(\.choice)
    let dates = choices.compactMap { if case .useAfter(let table) = $0 { table } else { nil } }
    if dates.count == group.count {
      return choose(amongDates: zip(dates, group).map { ($0, Self.path(path, $1.text)) })
    }
    let ordered = choices.compactMap { if case .ordered(let table) = $0 { table } else { nil } }
    let kinds = Set(ordered.map(\.kind))
    guard ordered.count == group.count, kinds.count == 1,
      !kinds.isDisjoint(with: [.closestTime, .versionAfter])
    else { return .refused("\(rules.name) has rows that match equally and cannot be merged: \(texts)") }
    return choose(amongOrdered: ordered, row: Self.path(path, texts))
  }

  /// The last entry not after the header's date over all tables; of equal dates the greater file name.
  private func choose(amongDates tables: [(table: UseAfterTable, row: String)]) -> Outcome {
    let stamp: UseAfterStamp
    switch date(tables[0].table.parameters) {
    case .success(let date): stamp = date
    case .failure(let problem): return .refused("\(rules.name): \(problem.sentence)")
    }
    var best: (entry: UseAfterTable.Entry, row: String)?
    for (table, row) in tables {
      guard let index = table.index(notAfter: stamp) else { continue }
      let entry = table.entries[index]
      if let current = best {
        let isLater = entry.stamp > current.entry.stamp
        let isGreater =
          entry.stamp == current.entry.stamp
          && entry.choice.fileText ?? "" > current.entry.choice.fileText ?? ""
        if isLater || isGreater { best = (entry, row) }
      } else {
        best = (entry, row)
      }
    }
    guard let best else { return .nothing }
    let outcome = choose(best.entry.choice, row: best.row)
    guard case .found(let file, let row, nil) = outcome else { return outcome }
    return .found(file: file, row: row, useAfter: best.entry.text)
  }

  // MARK: dates

  struct DateProblem: Error { let sentence: String }

  /// The header's time: date and time parkeys together, or whatever the rmap names, joined.
  func date(_ parameters: [HeaderName]) -> Result<UseAfterStamp, DateProblem> {
    var parts: [String] = []
    for name in parameters {
      guard let raw = name.value(in: header), raw != "UNDEFINED" else {
        if name.role == .time, let stamp = dateWithTime() { return .success(stamp) }
        return .failure(DateProblem(sentence: "the header has no \(name.candidates.joined(separator: ", "))"))
      }
      parts.append(raw)
    }
    let stamp: UseAfterStamp?
    if parameters.count == 2, parameters[0].role == .date, parameters[1].role == .time {
      stamp =
        parts[0].contains("T")
        ? UseAfterStamp(parts[0]) : UseAfterStamp(date: trimmed(parts[0]), time: parts[1])
    } else {
      stamp = UseAfterStamp(parts.joined(separator: " "))
    }
    guard let stamp else {
      return .failure(DateProblem(sentence: "'\(parts.joined(separator: " "))' is not a date and time"))
    }
    return .success(stamp)
  }

  private func trimmed(_ text: String) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// Date keywords that carry their time: `DATE-OBS` or `DATE-BEG` as `yyyy-mm-ddThh:mm:ss`.
  private func dateWithTime() -> UseAfterStamp? {
    for name in HeaderName.date.candidates {
      if let raw = header[name], raw.contains("T"), let stamp = UseAfterStamp(raw) { return stamp }
    }
    return nil
  }

  // MARK: why not

  /// A sentence: which rmap, which values, and what the nearest row wants instead.
  func explanation(of outcome: Outcome) -> String {
    if case .refused(let sentence) = outcome { return sentence }
    switch rules.selector {
    case .match(let table): return explanation(table)
    case .useAfter(let table): return "\(rules.name): \(tooEarly(table))"
    case .ordered, .file, .several: return "\(rules.name) has no rule for this header"
    }
  }

  private func explanation(_ table: MatchTable) -> String {
    let values = table.columns.map { value($0.name) }
    var asked = ""
    for (column, value) in zip(table.columns, values) {
      if !asked.isEmpty { asked += ", " }
      asked += column.name.parkey
      asked += "='"
      asked += value
      asked += "'"
    }
    guard let (row, differing) = table.nearest(values) else {
      return "\(rules.name) has no rows yet (asked for \(asked))"
    }
    if let column = differing.first {
      return "\(rules.name) has no row for \(asked); the nearest, \(row.text), wants "
        + "\(table.columns[column].name.parkey)='\(row.raw[column])' instead of '\(values[column])'"
    }
    if let column = table.columns.indices.first(where: { !table.columns[$0].accepts(values[$0]) }) {
      return "\(rules.name) does not name \(table.columns[column].name.parkey)='\(values[column])'"
    }
    if case .useAfter(let dates) = row.choice { return "\(rules.name), row \(row.text): \(tooEarly(dates))" }
    return "\(rules.name) has nothing below row \(row.text) for this header"
  }

  private func tooEarly(_ table: UseAfterTable) -> String {
    let asked = table.parameters.map { $0.value(in: header) ?? "" }.joined(separator: " ")
    guard let first = table.entries.first else { return "there are no references" }
    return "the first reference is used after \(first.text), the frame is of \(asked)"
  }
}

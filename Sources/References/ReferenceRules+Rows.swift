/// What rows of an rmap say, and which row a reference belongs in.
extension ReferenceRules {
  /// Half the width of the exposure-time window of a row, seconds.
  public static let exposureTolerance = 0.01

  /// Names that a row's tuple is made of: the first level of `parkeys`.
  public var rowParkeys: [String] { parkeys.first ?? [] }

  /// All rows: tuple as the rmap writes it, and its references in order of date.
  public var rows: [(matchValues: [String], references: [DatedReference])] {
    guard case .match(let table) = selector else { return [] }
    return table.rows.map { ($0.raw, Self.references($0.choice)) }
  }

  /// The references of one row, ascending by date; empty when there is no such row.
  public func references(matchValues: [String]) -> [DatedReference] {
    let wanted = matchValues.map(conditionedField)
    return rows.first { $0.matchValues.map(conditionedField) == wanted }?.references ?? []
  }

  private static func references(_ choice: SelectorTree) -> [DatedReference] {
    switch choice {
    case .useAfter(let table):
      table.entries.map { DatedReference(useAfter: $0.text, file: $0.choice.fileText ?? "") }
    case .file(let name): [DatedReference(useAfter: "1900-01-01 00:00:00", file: name)]
    case .match, .ordered, .several: []
    }
  }

  /// The tuple of the row that a reference made under `header` belongs in.
  ///
  /// - DETECTOR is written by its present name (`IMG1`, also for `IRIS1`); in rules whose rows all say `IRIS1`, by that
  ///   one, so that the published client finds the new row as well.
  /// - The exposure time a is written `between a-0.01 a+0.01`; a row that is there already and whose window
  /// holds
  ///   the time is taken as it is, so that equal set-ups share one row.
  /// - The window of a subarray named `FULL` is `N/A` (the name says it all).
  /// - A parkey that the header lacks is `UNDEFINED`, which only frames that lack it too will match.
  /// - Values that look like patterns are quoted as CRDS literals, `{A|B}`.
  /// - What the rmap's `reference_to_dataset` says is read from the reference's own keyword (`P_FILTER`, `K|H|J`) and
  ///   written as it stands; `extra_keys` and parkeys that `parkey_relevance` takes out for this header are `N/A`.
  public func matchValues(header: [String: String]) -> [String] {
    let names = rowParkeys.map(HeaderName.init)
    let given = patterns(header)
    let unmatched = extraParkeys.union(irrelevantParkeys(header))
    let isFull = names.contains {
      $0.parkey == "META.SUBARRAY.NAME" && raw($0, header).map(conditioned) == "FULL"
    }
    let values = names.map { name -> String in
      if unmatched.contains(name.parkey) { return "N/A" }
      if let pattern = given[name.parkey] { return pattern }
      if isFull, Self.windowParkeys.contains(name.parkey) { return "N/A" }
      guard let raw = raw(name, header) else { return "UNDEFINED" }
      if name.parkey == "META.EXPOSURE.EXPOSURE_TIME", let seconds = Double(raw) {
        return Self.exposureWindow(seconds)
      }
      return name.role == .detector ? detectorField(raw, name) : Self.field(raw, name)
    }
    return existingRow(near: values, names, header) ?? values
  }

  /// `extra_keys` and `reffile_switch`: read from a frame for other reasons than matching.
  private var extraParkeys: Set<String> {
    let extra = (file.header["extra_keys"]?.elements ?? []).map { $0.pythonString.uppercased() }
    let reffileSwitch = file.string("reffile_switch")?.uppercased() ?? "NONE"
    return Set(extra + (reffileSwitch == "NONE" ? [] : [reffileSwitch]))
  }

  private func irrelevantParkeys(_ header: [String: String]) -> Set<String> {
    let judged = parkeyRelevance.filter {
      $0.value.verdict({ value($0, in: header) ?? "UNDEFINED" }) == false
    }
    return Set(judged.keys)
  }

  /// Fields that the reference itself gives for several set-ups, by parkey.
  private func patterns(_ header: [String: String]) -> [String: String] {
    var result: [String: String] = [:]
    for pair in file.header["reference_to_dataset"]?.pairs ?? [] {
      let keyword = HeaderName(pair.key.pythonString)
      let parkey = pair.value.pythonString.uppercased()
      guard let text = raw(keyword, header), text.uppercased() != "UNDEFINED" else { continue }
      result[parkey] = alternatives(text).joined(separator: "|")
    }
    return result
  }

  private static let windowParkeys: Set = [
    "META.SUBARRAY.XSTART", "META.SUBARRAY.YSTART", "META.SUBARRAY.XSIZE", "META.SUBARRAY.YSIZE",
  ]

  private func raw(_ name: HeaderName, _ header: [String: String]) -> String? {
    guard let value = name.value(in: header) else { return nil }
    var text = value.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  private func detectorField(_ raw: String, _ name: HeaderName) -> String {
    let field = Self.field(raw, name)
    let present = field == "IRIS1" ? "IMG1" : field
    guard present == "IMG1", case .match(let table) = selector,
      let column = table.columns.first(where: { $0.name == name })
    else { return present }
    return column.rowsNaming("IMG1").isEmpty && !column.rowsNaming("IRIS1").isEmpty ? "IRIS1" : present
  }

  private static func field(_ raw: String, _ name: HeaderName) -> String {
    let value = conditioned(raw)
    let isPattern = isEsoteric(value) || value.contains { "|*?[<>".contains($0) }
    return isPattern && value != "*" ? "{\(value)}" : decimalNumber(raw) == nil ? value : raw
  }

  /// `between a-0.01 a+0.01`, decimals rounded to a microsecond.
  static func exposureWindow(_ seconds: Double) -> String {
    func text(_ value: Double) -> String { String((value * 1_000_000).rounded() / 1_000_000) }
    return "between \(text(seconds - exposureTolerance)) \(text(seconds + exposureTolerance))"
  }

  private func existingRow(
    near values: [String], _ names: [HeaderName], _ header: [String: String]
  ) -> [String]? {
    guard let place = names.firstIndex(where: { $0.parkey == "META.EXPOSURE.EXPOSURE_TIME" }),
      let seconds = raw(names[place], header).flatMap(Double.init)
    else { return nil }
    let wanted = values.map(conditionedField)
    return rows.first { row in
      let fields = row.matchValues.map(conditionedField)
      let isSameElsewhere = wanted.indices.allSatisfy { $0 == place || fields[$0] == wanted[$0] }
      guard isSameElsewhere, let matcher = try? FieldMatcher(fields[place]) else { return false }
      return matcher.match(String(seconds), number: seconds) == 1
    }?.matchValues
  }
}

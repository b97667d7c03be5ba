/// The rules of one reference type: an rmap, parsed and indexed.
///
/// Semantics are those of the published CRDS client 14 (merging of overlapping rows on unless the rmap says
/// otherwise), except that the header's DETECTOR is also tried under its other name (`IMG1`, `IRIS1`).
public struct ReferenceRules: Sendable {
  /// Bare file name of the rmap.
  public let name: String
  /// Reference type, lower case, e.g. `dark`.
  public let type: String
  /// Names that each level of the selector matches on, e.g. `[["META.INSTRUMENT.DETECTOR"], [date, time]]`.
  public let parkeys: [[String]]
  /// Sentences about things that are wrong but do not prevent use.
  public let warnings: [String]

  let selector: SelectorTree
  let file: MappingFile
  let mergesOverlaps: Bool
  private let isRequired: Bool
  private let relevance: RelevanceExpression?
  private let omission: RelevanceExpression?
  let parkeyRelevance: [String: RelevanceExpression]
  /// Parkeys that tell rows apart for people only: every look-up takes them for `N/A`.
  private let commentParkeys: Set<String>
  private let expressionNames: [String: HeaderName]

  /// Reads an rmap.
  ///
  /// - Parameter mergesOverlapsByDefault: what holds when the rmap has no `merge_overlaps`: true as in client
  /// 14,
  ///   false as in the older fork.
  /// - Throws: `ReferencesError` with the file and, for syntax, the line.
  public init(text: String, name: String, mergesOverlapsByDefault: Bool = true) throws(ReferencesError) {
    try self.init(try MappingFile(text: text, name: name), mergesOverlapsByDefault: mergesOverlapsByDefault)
  }

  init(_ file: MappingFile, mergesOverlapsByDefault: Bool) throws(ReferencesError) {
    guard file.kind == "reference", let filekind = file.string("filekind") else {
      throw ReferencesError("mapping-kind", "not an rmap (mapping 'REFERENCE' with a filekind)", file.name)
    }
    self.file = file
    name = file.name
    type = filekind.lowercased()
    parkeys = file.parkeyLevels
    var builder = SelectorBuilder(file)
    selector = try builder.build(file.selector)
    warnings = builder.warnings
    mergesOverlaps =
      file.header["merge_overlaps"].map { ["TRUE", "1"].contains($0.pythonString.uppercased()) }
      ?? mergesOverlapsByDefault
    isRequired = ["YES", "NONE"].contains(file.string("reffile_required")?.uppercased() ?? "NONE")
    relevance = try Self.expression(file.string("rmap_relevance"), file.name)
    omission = try Self.expression(file.string("rmap_omit"), file.name)
    var byParkey: [String: RelevanceExpression] = [:]
    for pair in file.header["parkey_relevance"]?.pairs ?? [] {
      byParkey[pair.key.pythonString.uppercased()] = try Self.expression(pair.value.string, file.name)
    }
    parkeyRelevance = byParkey
    commentParkeys = Set(
      (file.header["comment_parkeys"]?.elements ?? []).map { $0.pythonString.uppercased() })
    expressionNames = Self.names(parkeys.joined())
  }

  private static func expression(
    _ text: String?, _ subject: String
  ) throws(ReferencesError) -> RelevanceExpression? {
    guard let text else { return nil }
    return try RelevanceExpression(text, subject: subject)
  }

  /// Names of the alias table, for expressions about keywords that no row matches on.
  private static let knownNames = names(HeaderName.groups.joined())

  private static func names(_ parkeys: some Sequence<String>) -> [String: HeaderName] {
    var names: [String: HeaderName] = [:]
    for parkey in parkeys {
      let underscored = String(parkey.uppercased().map { ".-".contains($0) ? "_" : $0 })
      names[underscored] = HeaderName(parkey)
      names[parkey.uppercased()] = HeaderName(parkey)
    }
    return names
  }

  // MARK: look-up

  /// The best reference for a header of `META.*` names and/or FITS keywords in upper case, values as text.
  ///
  /// Where the rules bracket a number with two files there is no single one: `noMatch` names both;
  /// `bracketedReferences(header:)` gives them.
  public func bestReference(header: [String: String]) -> LookupResult { judged(header).result }

  /// The files on both sides of the header's number, from below, where a `Bracket` of the rules gives two; else nil.
  public func bracketedReferences(header: [String: String]) -> [String]? {
    guard selector.hasBracket else { return nil }
    guard case .several(let files, _) = judged(header).outcome else { return nil }
    return files
  }

  /// The header's value under any of a name's aliases, in normal form.
  func value(_ name: String, in header: [String: String]) -> String? {
    (expressionNames[name] ?? Self.knownNames[name] ?? HeaderName(name)).value(in: header).map(conditioned)
  }

  private func judged(_ header: [String: String]) -> (result: LookupResult, outcome: RuleLookup.Outcome) {
    let named: (String) -> String? = { value($0, in: header) }
    if omission?.verdict(named) == true { return (.omitted, .nothing) }
    if relevance?.verdict(named) == false { return (.notApplicable(rmap: name), .nothing) }
    var lookup = RuleLookup(rules: self, header: header)
    lookup.irrelevant = commentParkeys
    for (parkey, expression) in parkeyRelevance {
      guard let isRelevant = expression.verdict({ named($0) ?? "UNDEFINED" }) else {
        let reason = "\(name): '\(expression.text)' cannot be judged for this header"
        return (.noMatch(reason: reason), .nothing)
      }
      if !isRelevant { lookup.irrelevant.insert(parkey) }
    }
    let outcome = outcome(of: &lookup)
    return (result(outcome, lookup), outcome)
  }

  private func outcome(of lookup: inout RuleLookup) -> RuleLookup.Outcome {
    let first = lookup.choose(selector)
    guard !first.isFound, lookup.useOtherDetector() else { return first }
    let second = lookup.choose(selector)
    // Where only the other name is in the rules, what is missing is told of its rows.
    if second.isFound || !lookup.namesLiteralDetector { return second }
    lookup.useLiteralDetector()
    return first
  }

  private func result(_ outcome: RuleLookup.Outcome, _ lookup: RuleLookup) -> LookupResult {
    switch outcome {
    case .found(let file, let row, let useAfter):
      switch file {
      case "N/A", "n/a", "TEMP_N/A", "temp_n/a": return .notApplicable(rmap: name)
      case "OMIT", "omit", "TEMP_OMIT": return .omitted
      default: return .found(file: file, rmap: name, row: row, useAfter: useAfter)
      }
    case .several(let files, let row):
      return .noMatch(
        reason:
          "\(name), row \(row), brackets this header with \(files.joined(separator: " and ")), and no step "
          + "interpolates between two references")
    case .nothing, .unlisted, .refused:
      guard isRequired else { return .notApplicable(rmap: name) }
      return .noMatch(reason: lookup.explanation(of: outcome))
    }
  }
}

/// A pinned CRDS context: a pmap with its imaps and rmaps, read once and looked up many times.
public struct RulesContext: Sendable {
  /// What to do about a mapping whose sha1sum is missing or not its text's.
  ///
  /// `refuseWrong` takes a mapping that was never given a sum, with a warning, and refuses one that was changed since.
  public enum ChecksumPolicy: Sendable { case warn, refuseWrong, refuse, ignore }

  enum TypeRules: Sendable {
    case notApplicable
    case omitted
    case rules(ReferenceRules)
  }

  struct Instrument: Sendable {
    let imap: MappingFile
    /// By type, lower case.
    let types: [String: TypeRules]
  }

  /// Name of the pmap, e.g. `tmt_0001.pmap`.
  public let name: String
  public let cache: RulesCache
  /// Sentences about mappings that are usable but not as they should be: checksums, names, rows given twice.
  public let warnings: [String]
  /// Names of all mappings of the context, pmap first.
  public let mappings: [String]

  let pmap: MappingFile
  /// By name, upper case.
  let instruments: [String: Instrument]
  private let instrumentName: HeaderName

  /// Reads the context `context` from the cache at `cachePath`, all mappings at once.
  ///
  /// - Throws: `ReferencesError` when a mapping is missing, does not parse, or is of the wrong kind.
  public init(cachePath: String, context: String) throws(ReferencesError) {
    try self.init(cache: RulesCache(path: cachePath), context: context)
  }

  public init(
    cache: RulesCache, context: String, checksums: ChecksumPolicy = .warn,
    mergesOverlapsByDefault: Bool = true
  ) throws(ReferencesError) {
    guard context.hasSuffix(".pmap") else {
      throw ReferencesError(
        "context-name", "a context is a .pmap of the cache", "'\(context)'",
        hint: "tmtrun refs contexts lists them")
    }
    var loader = ContextLoader(cache: cache, policy: checksums, mergesOverlaps: mergesOverlapsByDefault)
    let pmap = try loader.load(context, kind: "pipeline", from: nil)
    instruments = try loader.instruments(of: pmap)
    name = context
    self.cache = cache
    self.pmap = pmap
    warnings = loader.warnings
    mappings = loader.loaded
    instrumentName = HeaderName(pmap.parkeyLevels.first?.first ?? "META.INSTRUMENT.NAME")
  }

  /// Reference types that the context knows, lower case, sorted; those it declares not applicable included.
  public var types: [String] {
    Set(instruments.values.flatMap(\.types.keys)).sorted()
  }

  /// Instruments that the context has rules for, sorted.
  public var instrumentNames: [String] { instruments.keys.sorted() }

  /// The best reference of one type (any case) for a header of `META.*` names and/or FITS keywords, upper
  /// case.
  public func bestReference(type: String, header: [String: String]) -> LookupResult {
    switch instrument(of: header) {
    case .failure(let problem): return .noMatch(reason: problem.sentence)
    case .success(let instrument):
      guard let rules = instrument.types[type] ?? instrument.types[type.lowercased()] else {
        let known = instrument.types.keys.sorted().joined(separator: ", ")
        return .noMatch(
          reason: "\(instrument.imap.name) of \(name) has no rules for '\(type)' (it knows \(known))")
      }
      switch rules {
      case .notApplicable: return .notApplicable(rmap: nil)
      case .omitted: return .omitted
      case .rules(let rules): return rules.bestReference(header: header)
      }
    }
  }

  /// The best reference of every type.
  public func bestReferences(header: [String: String]) -> [String: LookupResult] {
    Dictionary(uniqueKeysWithValues: types.map { ($0, bestReference(type: $0, header: header)) })
  }

  /// The rules of one type (any case) of the cache's instrument, or nil when the context has none.
  public func rules(type: String) -> ReferenceRules? {
    guard case .rules(let rules) = instruments[cache.instrument.uppercased()]?.types[type.lowercased()] else {
      return nil
    }
    return rules
  }

  /// Absolute path of a reference file that the cache holds, else nil.
  public func referencePath(file: String) -> String? { cache.referencePath(file: file) }

  private struct InstrumentProblem: Error { let sentence: String }

  private func instrument(of header: [String: String]) -> Result<Instrument, InstrumentProblem> {
    guard let raw = instrumentName.value(in: header) else {
      let names = instrumentName.candidates.joined(separator: " or ")
      return .failure(
        InstrumentProblem(sentence: "the header has no \(names), so \(name) cannot choose rules"))
    }
    guard let instrument = instruments[raw] ?? instruments[conditioned(raw)] else {
      let known = instruments.keys.sorted().joined(separator: ", ")
      return .failure(
        InstrumentProblem(sentence: "\(name) has no rules for instrument '\(raw)' (it knows \(known))"))
    }
    return .success(instrument)
  }
}

/// Reads mappings from a cache, each once, and collects warnings.
private struct ContextLoader {
  let cache: RulesCache
  let policy: RulesContext.ChecksumPolicy
  let mergesOverlaps: Bool
  private(set) var warnings: [String] = []
  private(set) var loaded: [String] = []

  init(cache: RulesCache, policy: RulesContext.ChecksumPolicy, mergesOverlaps: Bool) {
    self.cache = cache
    self.policy = policy
    self.mergesOverlaps = mergesOverlaps
  }

  mutating func load(_ name: String, kind: String, from parent: String?) throws(ReferencesError)
    -> MappingFile
  {
    if loaded.contains(name), let parent {
      throw ReferencesError(
        "mapping-cycle", "\(parent) names \(name), which the context has already", name,
        hint: "each mapping belongs in one place of a context")
    }
    loaded.append(name)
    let file = try MappingFile(text: try cache.mappingText(name), name: name)
    guard file.kind == kind else {
      throw ReferencesError(
        "mapping-kind",
        "\(parent ?? "the context") needs a mapping of kind \(kind), this one is '\(file.kind)'", name)
    }
    try check(file)
    return file
  }

  private mutating func check(_ file: MappingFile) throws(ReferencesError) {
    if let own = file.string("name"), own != file.name {
      warnings.append("\(file.name) calls itself \(own)")
    }
    guard policy != .ignore, !file.ignoresChecksum, file.checksum != .valid else { return }
    var (sentence, isWrong) = ("the sha1sum is missing", false)
    if case .wrong(let written, let actual) = file.checksum {
      (sentence, isWrong) = ("the sha1sum says \(written), the text gives \(actual)", true)
    }
    guard policy == .warn || (policy == .refuseWrong && !isWrong) else {
      throw ReferencesError(
        "mapping-checksum", sentence, file.name,
        hint: "compare the file with its source; if the change was meant: tmtrun refs checksum --update "
          + "\(cache.mappingsFolder)/\(file.name)"
      )
    }
    warnings.append("\(file.name): \(sentence)")
  }

  mutating func instruments(of pmap: MappingFile) throws(ReferencesError) -> [String: RulesContext.Instrument]
  {
    var result: [String: RulesContext.Instrument] = [:]
    for pair in try selections(pmap)
    where !Self.isNotApplicable(pair.file) && pair.file.uppercased() != "OMIT" {
      let imap = try load(pair.file, kind: "instrument", from: pmap.name)
      result[pair.key.uppercased()] = RulesContext.Instrument(imap: imap, types: try types(of: imap))
    }
    return result
  }

  private mutating func types(of imap: MappingFile) throws(ReferencesError) -> [String: RulesContext
    .TypeRules]
  {
    var result: [String: RulesContext.TypeRules] = [:]
    for pair in try selections(imap) {
      let type = pair.key.lowercased()
      if Self.isNotApplicable(pair.file) {
        result[type] = .notApplicable
      } else if ["OMIT", "TEMP_OMIT"].contains(pair.file.uppercased()) {
        result[type] = .omitted
      } else {
        let file = try load(pair.file, kind: "reference", from: imap.name)
        let rules = try ReferenceRules(file, mergesOverlapsByDefault: mergesOverlaps)
        warnings += rules.warnings
        result[type] = .rules(rules)
      }
    }
    return result
  }

  private static func isNotApplicable(_ name: String) -> Bool {
    ["N/A", "TEMP_N/A"].contains(name.uppercased())
  }

  private func selections(_ file: MappingFile) throws(ReferencesError) -> [(key: String, file: String)] {
    var result: [(key: String, file: String)] = []
    for pair in file.selector.pairs ?? [] {
      guard let key = pair.key.string, let name = pair.value.string else {
        throw ReferencesError("mapping-selector", "a selection is 'NAME' : 'file'", file.name)
      }
      result.append((key, name))
    }
    guard file.selector.pairs != nil else {
      throw ReferencesError(
        "mapping-selector", "the selector of a \(file.kind) mapping is a dictionary", file.name)
    }
    return result
  }
}

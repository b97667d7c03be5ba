import FITSStructure

/// Names exposures: from `OBSTYPE` and `OBSNAME`, else from other keywords by the tables of
/// `config/classification.yaml`. It never guesses: what cannot be named is held as `UNKNOWN` with the reason.
public struct Classifier: Sendable {
  let table: ClassificationTable
  private let codeByImageType: [String: [String]]

  /// Reads the tables.
  ///
  /// - Throws: `bad-classification` with what is wrong and where.
  public init(yaml: String) throws(MetadataError) {
    table = try ClassificationTable(yaml: yaml)
    var codes: [String: [String]] = [:]
    for (code, meaning) in table.codes {
      for text in meaning.from ?? [] { codes[text.uppercased(), default: []].append(code) }
    }
    codeByImageType = codes.mapValues { $0.sorted() }
  }

  /// Whether any header is changed at all: the tables have aliases or adapters.
  public var adapts: Bool { !table.aliases.isEmpty || !table.adapters.isEmpty }

  /// Keywords that the catalog indexes.
  public var indexedKeywords: [String] { table.indexedKeywords }

  /// Every `OBSNAME` that the tables know, sorted.
  public var obsNames: [String] { table.names }

  /// The metadata as the archive reads it: with the file's aliases, and its instrument's adapter, applied.
  public func adapted(_ metadata: FrameMetadata) -> FrameMetadata {
    apply(adapter(for: metadata), to: metadata)
  }

  /// Names a frame and says what to do with it.
  ///
  /// - Parameters:
  ///   - metadata: the header as read.
  ///   - hint: what the file's structure tells, if it was looked at.
  ///   - file: the file's name for the next command in reasons.
  public func classify(
    _ metadata: FrameMetadata, hint: FrameShape? = nil, file: String? = nil
  ) -> Classification {
    let adapter = adapter(for: metadata)
    let frame = apply(adapter, to: metadata)
    var findings = Findings(file: file)
    findings.sort(frame.problems(), quarantineOn: table.quarantineOn, holdOn: table.holdOn)
    let level = level(of: frame, hint: hint)
    let kind = kind(of: frame, level: level, hint: hint)
    checkInstrument(frame, adapter, &findings)
    checkDetector(frame, level: level, &findings)
    let name = name(frame, adapter, kind: kind, &findings)
    checkContradictions(frame, name, hint: hint, &findings)
    return conclude(frame, name, level: level, kind: kind, findings)
  }

  /// Codes that an `IMTYPE` or `EXP_TYPE` text stands for.
  func codes(forImageType text: String) -> [String] {
    var word = text.uppercased()
    for prefix in ["IRIS_", "TMT_"] where word.hasPrefix(prefix) { word.removeFirst(prefix.count) }
    return codeByImageType[word] ?? []
  }

  /// Whether a frame is of another instrument, which an adapter is for. Aliases alone, which are for every file, make none
  /// foreign.
  public func isForeign(_ metadata: FrameMetadata) -> Bool { adapter(for: metadata) != nil }

  private func adapter(for metadata: FrameMetadata) -> ClassificationTable.Adapter? {
    table.adapters.first { fits($0.when, metadata) }
  }

  /// Whether every keyword of a `when` fits its pattern.
  func fits(_ when: [String: String], _ metadata: FrameMetadata) -> Bool {
    when.allSatisfy { keyword, pattern in
      Wildcard(pattern).matches(metadata.value(of: keyword)?.label ?? "")
    }
  }

  private func apply(_ adapter: ClassificationTable.Adapter?, to metadata: FrameMetadata) -> FrameMetadata {
    let additions = additions(adapter, to: metadata)
    return additions.isEmpty ? metadata : metadata.adapted(additions)
  }

  /// What aliases and the adapter of a frame's instrument put into its header, by our keywords: constants over whatever
  /// stands there, the rest where nothing does.
  public func additions(to metadata: FrameMetadata) -> [String: Card.Value] {
    additions(adapter(for: metadata), to: metadata)
  }

  private func additions(
    _ adapter: ClassificationTable.Adapter?, to metadata: FrameMetadata
  ) -> [String: Card.Value] {
    var values: [String: Card.Value] = [:]
    for (ours, theirs) in table.aliases.merging(adapter?.aliases ?? [:], uniquingKeysWith: { $1 })
    where metadata.value(of: ours) == nil {
      values[ours] = theirs.lazy.compactMap { metadata.value(of: $0) }.first
    }
    for (ours, theirs) in adapter?.multiply ?? [:] where metadata.value(of: ours) == nil {
      let factors = theirs.compactMap { metadata.value(of: $0)?.number }
      guard factors.count == theirs.count, !factors.isEmpty else { continue }
      values[ours] = .real(factors.reduce(1, *))
    }
    for (ours, text) in adapter?.set ?? [:] { values[ours] = Self.constant(text, of: ours, metadata.schema) }
    return values
  }

  /// A constant of an adapter, as the number it is where the schema wants one.
  private static func constant(_ text: String, of keyword: String, _ schema: KeywordSchema) -> Card.Value {
    switch schema.definition(keyword: keyword)?.type {
    case .double?: Double(text).map { .real($0) } ?? .string(text)
    case .integer?: Int64(text).map { .integer($0) } ?? .string(text)
    default: .string(text)
    }
  }

  /// Which checksums of a frame's file must hold.
  public func checksumRule(for metadata: FrameMetadata) -> ChecksumRule {
    adapter(for: metadata)?.checksum ?? .verify
  }

  private func conclude(
    _ frame: FrameMetadata, _ name: FrameName, level: Int, kind: String, _ findings: Findings
  ) -> Classification {
    let waits = kind == "readout" && name.obsName == nil
    let state: FileState =
      !findings.impossible.isEmpty
      ? .quarantined : !findings.undecided.isEmpty ? .held : waits ? .received : .classified
    return Classification(
      obsType: Self.known(frame.obsType) ?? name.obsType ?? Classification.unknown,
      obsName: name.obsName ?? Classification.unknown, level: level, kind: kind, state: state,
      reason: findings.reason ?? (waits ? waitingReason(frame) : nil), derived: name.derived,
      detector: frame.detector, instrumentMode: frame.instrumentMode ?? name.mode,
      joinsAssociations: state == .classified && name.joins, isAborted: frame.isAborted,
      warnings: findings.warnings)
  }

  /// The header's own `OBSTYPE`, when it is one; a contradiction is reported, not resolved.
  static func known(_ obsType: String?) -> String? {
    obsType.flatMap { ["SCI", "CAL", "ENG"].contains($0) ? $0 : nil }
  }

  private func waitingReason(_ frame: FrameMetadata) -> String {
    let detector = frame.readoutDetectorID ?? frame.detector ?? "?"
    let exposure = frame.readoutExposureNumber ?? 0
    return
      "waiting for its raw frame: readout \(frame.readNumber ?? 0) of ramp \(frame.rampNumber ?? 0) "
      + "takes its name from the level 1 frame of DET_ID \(detector), EXP_NO \(exposure). "
      + "Next: irisarchive query --level 1 --detector \(frame.detector ?? detector)"
  }
}

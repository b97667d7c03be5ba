import Foundation

/// Makes new contexts: new rmaps, a new imap and a new pmap, numbered, with `derived_from` and a valid
/// sha1sum.
///
/// Nothing that exists is ever changed or replaced, so old contexts stay valid for ever. Files are written in
/// the order rmaps, imap, pmap, each whole or not at all: a context that can be seen is complete. Asking
/// again for what a crash left half done, or for what a context derived from the same one says already, gives
/// the same files.
public struct ReferenceInserter: Sendable {
  public let cache: RulesCache

  public init(cache: RulesCache) { self.cache = cache }

  public init(cachePath: String) { self.init(cache: RulesCache(path: cachePath)) }

  /// Adds one reference to one row (or replaces the one of the same date) and gives the new context's name.
  ///
  /// - Throws: as `insert(rows:into:)`.
  public func insert(
    file: String, type: String, matchValues: [String], useAfter: String, into context: String
  ) throws(ReferencesError) -> String {
    let rules = try Self.rules(try RulesContext(cache: cache, context: context), type)
    var references = rules.references(matchValues: matchValues).filter { $0.useAfter != useAfter }
    references.append(DatedReference(useAfter: useAfter, file: file))
    return try insert(
      rows: [RowUpdate(type: type, matchValues: matchValues, references: references)], into: context)
  }

  /// Gives each row its new content and returns the new context's name: `context` itself when all rows say so
  /// already.
  ///
  /// - Throws: `ReferencesError`: `no-rules-for-type`, `row-invalid`, `reference-missing` when a named
  /// reference is
  ///   not in the cache, `io`. No new context is visible then.
  public func insert(rows: [RowUpdate], into context: String) throws(ReferencesError) -> String {
    let base = try RulesContext(cache: cache, context: context)
    guard let instrument = base.instruments[cache.instrument.uppercased()] else {
      throw ReferencesError("no-rules-for-type", "no rules for instrument \(cache.instrument)", context)
    }
    var newNames: [String: String] = [:]
    let byType = Dictionary(grouping: rows) { $0.type.lowercased() }
    for (type, updates) in byType.sorted(by: { $0.key < $1.key }) {
      let rules = try Self.rules(base, type)
      var editor = try RmapEditor(rules)
      var isChanged = false
      for update in updates {
        try requireFiles(update, beyond: rules)
        isChanged = try editor.apply(update) || isChanged
      }
      if isChanged { newNames[rules.name] = try write(derivedFrom: rules.name) { editor.renamed($0) } }
    }
    guard !newNames.isEmpty else { return context }
    let imap = try write(derivedFrom: instrument.imap.name) { Self.renamed(instrument.imap, $0, newNames) }
    return try write(derivedFrom: base.name) { Self.renamed(base.pmap, $0, [instrument.imap.name: imap]) }
  }

  private static func rules(_ context: RulesContext, _ type: String) throws(ReferencesError) -> ReferenceRules
  {
    guard let rules = context.rules(type: type) else {
      throw ReferencesError(
        "no-rules-for-type", "\(context.name) has no rmap for this type, so nothing says what it matches on",
        type,
        hint: "add an rmap for it to \(context.cache.mappingsFolder)")
    }
    return rules
  }

  /// New references must be there; what the row names already is its own affair.
  private func requireFiles(_ update: RowUpdate, beyond rules: ReferenceRules) throws(ReferencesError) {
    let present = Set(rules.references(matchValues: update.matchValues).map(\.file))
    for reference in update.references where reference.file != "N/A" && !present.contains(reference.file) {
      guard cache.referencePath(file: reference.file) != nil else {
        throw ReferencesError(
          "reference-missing", "the reference is not in the cache", reference.file,
          hint: "put it into \(cache.referencesFolder) first")
      }
    }
  }

  /// The same mapping under a new name with other files selected.
  private static func renamed(_ file: MappingFile, _ name: String, _ changes: [String: String]) -> MappingFile
  {
    var result = file
    result.header["name"] = .string(name)
    result.header["derived_from"] = .string(file.name)
    let pairs = (file.selector.pairs ?? []).map { pair in
      Literal.Pair(
        key: pair.key, value: pair.value.string.flatMap { changes[$0] }.map(Literal.string) ?? pair.value)
    }
    result.selector = .dictionary(pairs)
    return result
  }

  // MARK: numbers and files

  /// Writes `make(name)` under the next free number of the family, or takes an existing file that says the
  /// same.
  private func write(
    derivedFrom base: String, _ make: (String) -> MappingFile
  ) throws(ReferencesError) -> String {
    guard let old = NumberedName(base) else {
      throw ReferencesError("context-name", "the name has no number to count on from", base)
    }
    let folder = cache.mappingsFolder
    while true {
      let later = try numbers(like: old, in: folder).filter { $0.number > old.number }
      for name in later.map(\.text) where try cache.mappingText(name) == make(name).formatted() {
        return name
      }
      let next = NumberedName(
        family: old.family, number: (later.last?.number ?? old.number) + 1, fileExtension: old.fileExtension)
      let text = make(next.text).formatted()
      try Self.verify(text, name: next.text)
      if try NewFile.write(Data(text.utf8), to: "\(folder)/\(next.text)") { return next.text }
    }
  }

  private func numbers(like old: NumberedName, in folder: String) throws(ReferencesError) -> [NumberedName] {
    try cache.names(in: folder).compactMap(NumberedName.init)
      .filter { $0.family == old.family && $0.fileExtension == old.fileExtension }
      .sorted { $0.number < $1.number }
  }

  /// What is written must read back with a valid checksum.
  private static func verify(_ text: String, name: String) throws(ReferencesError) {
    let file = try MappingFile(text: text, name: name)
    guard file.checksum == .valid else {
      throw ReferencesError("mapping-checksum", "the new mapping's sha1sum does not fit its text", name)
    }
    if file.kind == "reference" { _ = try ReferenceRules(file, mergesOverlapsByDefault: true) }
  }

  // MARK: reference files

  /// The next free name for a reference of this type, `tmt_iris_<type>_<NNNN>.fits`.
  public func nextReferenceName(type: String) throws(ReferencesError) -> String {
    let family = "\(cache.observatory)_\(cache.instrument)_\(type.lowercased())"
    let folder = cache.referencesFolder
    let present = FileManager.default.fileExists(atPath: folder) ? try cache.names(in: folder) : []
    let last = present.compactMap(NumberedName.init).filter { $0.family == family }.map(\.number).max() ?? 0
    let next = NumberedName(family: family, number: last + 1, fileExtension: "fits").text
    guard RulesCache.isBareName(next) else {
      throw ReferencesError("reference-name", "not a bare file name", "'\(next)'")
    }
    return next
  }

  /// Puts the file at `source` into the cache under `name`: a hard link where the disk allows, else a synced
  /// copy. A file of the same name and content is taken as done.
  ///
  /// - Parameter linking: false for a file that its owner may still write to: it is copied then.
  /// - Returns: the absolute path in the cache.
  /// - Throws: `reference-name` for a bad name or one that has other content already, `io`.
  public func install(
    _ source: String, as name: String, linking: Bool = true
  ) throws(ReferencesError) -> String {
    guard RulesCache.isBareName(name) else {
      throw ReferencesError("reference-name", "not a bare file name", "'\(name)'")
    }
    let folder = cache.referencesFolder
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ReferencesError("io", "the folder cannot be made", folder, underlying: error)
    }
    let path = "\(folder)/\(name)"
    if try NewFile.install(source, as: path, linking: linking) { return path }
    guard FileManager.default.contentsEqual(atPath: source, andPath: path) else {
      throw ReferencesError("reference-name", "the cache has another file of this name", path)
    }
    return path
  }
}

import Foundation

/// A context of a cache, as a list shows it.
public struct ContextSummary: Sendable, Hashable {
  /// Name of the pmap.
  public let name: String
  /// Name of the pmap it was made from; nil where it says none.
  public let derivedFrom: String?
  /// What its header says of it.
  public let description: String?
  /// Names of all its mappings, pmap first; empty when it cannot be used.
  public let mappings: [String]
  /// Checksums that do not fit, names that are not the file's, rows given twice.
  public let warnings: [String]
  /// Why it cannot be used, with the mapping at fault; nil when it can.
  public let problem: String?
}

/// Which contexts there are, and which one a name means.
extension RulesCache {
  /// The context that a person's word means: nil, empty or `latest` the newest; `operational` and `edit` what the
  /// published `config/<observatory>/server_config` says, else the newest; a name of a pmap itself.
  ///
  /// Newest is the highest number, of equal ones the last name. The words may carry the observatory
  /// (`tmt-operational`), as the published client has them.
  ///
  /// - Throws: `context-name` for anything else (an imap or rmap gets the contexts that use it as a hint) and for a
  ///   cache without a pmap; `mapping-missing` for a pmap that is not there.
  public func contextName(_ requested: String?) throws(ReferencesError) -> String {
    let word = requested?.trimmingCharacters(in: .whitespaces) ?? ""
    let bare = word.hasPrefix("\(observatory)-") ? String(word.dropFirst(observatory.count + 1)) : word
    switch bare.lowercased() {
    case "", "latest": return try newestContext()
    case "operational", "edit":
      if let name = try configured("\(bare.lowercased())_context") { return name }
      return try newestContext()
    default: return try named(word)
    }
  }

  private func named(_ name: String) throws(ReferencesError) -> String {
    guard Self.isBareName(name), name.hasSuffix(".pmap") else {
      let hint = try contextHint(for: name)
      throw ReferencesError(
        "context-name", "a context is a .pmap of the cache, by its bare name", "'\(name)'", hint: hint)
    }
    guard FileManager.default.fileExists(atPath: "\(mappingsFolder)/\(name)") else {
      let hint = try contextHint(for: name)
      throw ReferencesError(
        "mapping-missing", "the cache has no such context", "\(mappingsFolder)/\(name)", hint: hint)
    }
    return name
  }

  private func contextHint(for name: String) throws(ReferencesError) -> String {
    let all = try contextNames()
    let using = all.filter { context in
      (try? RulesContext(cache: self, context: context, checksums: .ignore))?.mappings.contains(name) == true
    }
    if !using.isEmpty { return "it belongs to \(using.joined(separator: ", "))" }
    return all.isEmpty ? "CRDS_PATH names another folder?" : "there are: \(all.joined(separator: ", "))"
  }

  private func newestContext() throws(ReferencesError) -> String {
    guard let newest = try contextNames().last else {
      throw ReferencesError(
        "context-name", "the cache has no context (.pmap)", mappingsFolder,
        hint: "set CRDS_PATH to a folder that holds mappings/\(observatory)")
    }
    return newest
  }

  /// What the published client wrote down of its server; nil without that, or when the context is not in the cache.
  private func configured(_ key: String) throws(ReferencesError) -> String? {
    let file = "\(path)/config/\(observatory)/server_config"
    guard let data = FileManager.default.contents(atPath: file) else { return nil }
    var parser = try LiteralParser(String(decoding: data, as: UTF8.self), subject: file)
    let pair = try parser.whole().pairs?.first { $0.key.string == key }
    guard let name = pair?.value.string, try contextNames().contains(name) else { return nil }
    return name
  }

  /// All contexts, oldest number first, each read with its mappings.
  public func contexts() throws(ReferencesError) -> [ContextSummary] {
    try contextNames().map(summary)
  }

  private func summary(_ name: String) -> ContextSummary {
    let header = (try? MappingFile(text: try mappingText(name), name: name))
    let parent = header?.string("derived_from")?.trimmingCharacters(in: .whitespaces)
    let hasParent = parent.map { !["", "NONE"].contains($0.uppercased()) } ?? false
    do throws(ReferencesError) {
      let context = try RulesContext(cache: self, context: name)
      return ContextSummary(
        name: name, derivedFrom: hasParent ? parent : nil, description: header?.string("description"),
        mappings: context.mappings, warnings: context.warnings, problem: nil)
    } catch {
      return ContextSummary(
        name: name, derivedFrom: hasParent ? parent : nil, description: header?.string("description"),
        mappings: [], warnings: [], problem: "\(error.subject): \(error.message)")
    }
  }

  /// Absolute paths of all mappings of the cache, by name.
  public func mappingPaths() throws(ReferencesError) -> [String] {
    let folder = mappingsFolder
    return try names(in: folder).filter { name in
      [".pmap", ".imap", ".rmap"].contains { name.hasSuffix($0) } && !name.hasPrefix(".")
    }.sorted().map { "\(folder)/\($0)" }
  }
}

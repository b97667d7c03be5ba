import Foundation

/// All known keywords: what each is called in every generation of files, and what it means.
///
/// The standard schema is compiled in from `Schemas/*.schema.yaml`. Keywords that are not in it are still
/// carried and searchable; they only have no path, unit or range.
public struct KeywordSchema: Sendable {
  public let definitions: [KeywordDefinition]
  private let indexByName: [String: Int]
  private let indexByPath: [String: Int]

  /// The schema of IRIS, compiled in.
  public static let standard: KeywordSchema = {
    do throws(MetadataError) {
      return try KeywordSchema(yaml: embeddedTexts)
    } catch {
      preconditionFailure("the embedded keyword schema is wrong: \(error)")
    }
  }()

  /// - Throws: `duplicate-keyword` when two definitions claim a name or a path.
  public init(_ definitions: [KeywordDefinition]) throws(MetadataError) {
    var byName: [String: Int] = [:]
    var byPath: [String: Int] = [:]
    for (index, definition) in definitions.enumerated() {
      for name in definition.names where byName.updateValue(index, forKey: name) != nil {
        throw MetadataError(
          code: "duplicate-keyword", message: "two definitions claim the same keyword", subject: name)
      }
      if byPath.updateValue(index, forKey: definition.path) != nil {
        throw MetadataError(
          code: "duplicate-keyword", message: "two keywords claim the same path", subject: definition.path)
      }
    }
    self.definitions = definitions
    indexByName = byName
    indexByPath = byPath
  }

  /// The definition that a keyword of any generation belongs to.
  public func definition(keyword: String) -> KeywordDefinition? {
    indexByName[keyword].map { definitions[$0] }
  }

  /// The definition at a metadata path.
  public func definition(path: String) -> KeywordDefinition? {
    indexByPath[path].map { definitions[$0] }
  }

  /// Keywords that a product of a kind must carry.
  public func required(for kind: String) -> [KeywordDefinition] {
    requiredIndices(for: kind).map { definitions[$0] }
  }

  /// Place in `definitions` of a keyword of any generation.
  func index(_ keyword: String) -> Int? { indexByName[keyword] }

  func requiredIndices(for kind: String) -> [Int] {
    definitions.indices.filter { definitions[$0].requiredFor.contains(kind) }
  }

  /// Up to three known keywords that look like `name`, nearest first, for "did you mean".
  public func near(_ name: String) -> [String] {
    let wanted = Array(name.uppercased().utf8)
    let ranked = indexByName.keys.compactMap { key -> (Int, String)? in
      let distance = editDistance(wanted, Array(key.utf8))
      return distance <= max(1, wanted.count / 3) ? (distance, key) : nil
    }
    return ranked.sorted { $0 < $1 }.prefix(3).map(\.1)
  }
}

/// Levenshtein distance.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let substitution = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}

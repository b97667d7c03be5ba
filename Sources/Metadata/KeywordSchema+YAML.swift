import Yams

extension KeywordSchema {
  /// The YAML texts of `Schemas/`, compiled in.
  package static var embeddedTexts: [String] {
    [
      PackageResources.file_schema_yaml, PackageResources.classification_schema_yaml,
      PackageResources.programme_schema_yaml, PackageResources.exposure_schema_yaml,
      PackageResources.instrument_schema_yaml, PackageResources.sequence_schema_yaml,
      PackageResources.subarray_schema_yaml, PackageResources.readout_schema_yaml,
      PackageResources.wcs_schema_yaml, PackageResources.reduction_schema_yaml,
      PackageResources.telescope_schema_yaml, PackageResources.adaptive_optics_schema_yaml,
    ].map { String(decoding: $0, as: UTF8.self) }
  }

  /// Reads schema texts: each has `group:` and `keywords:`, a list of mappings with `keyword`, `path`,
  /// `type`, `description` and optionally `aliases unit ucd choices values range required for`.
  ///
  /// `for: [1, 2, 3]` makes one keyword of each number, written for `%n` (and, with `%m`, of each pair).
  ///
  /// - Throws: `bad-schema` naming the keyword and what is wrong; `duplicate-keyword`.
  public init(yaml texts: [String]) throws(MetadataError) {
    var definitions: [KeywordDefinition] = []
    for text in texts {
      let root = try Self.compose(text).byText
      guard let group = root["group"]?.text, let entries = root["keywords"]?.sequence
      else {
        throw MetadataError(
          code: "bad-schema", message: "a schema needs `group` and `keywords`",
          subject: String(text.prefix(60)))
      }
      for entry in entries {
        definitions += try SchemaEntry(entry, group: group).definitions()
      }
    }
    try self.init(definitions)
  }

  private static func compose(_ text: String) throws(MetadataError) -> Node {
    do {
      if let node = try Yams.compose(yaml: text, .basic) { return node }
      throw MetadataError(code: "bad-schema", message: "the schema is empty", subject: "schema")
    } catch let error as MetadataError {
      throw error
    } catch {
      throw MetadataError(
        code: "bad-schema", message: "the schema is not YAML: \(error)", subject: "schema", underlying: error)
    }
  }
}

extension Node {
  /// The entries of a mapping by their text. (Looking keys up in a `Node.Mapping` resolves tags by regular
  /// expressions each time, which takes longer than reading the text.)
  fileprivate var byText: [String: Node] {
    var fields: [String: Node] = [:]
    for (key, value) in mapping ?? [:] {
      if let name = key.text { fields[name] = value }
    }
    return fields
  }

  /// The text of a scalar as written.
  fileprivate var text: String? { scalar?.string }
}

/// One entry of a schema file, before `for` is written out.
private struct SchemaEntry {
  static let keys: Set<String> = [
    "keyword", "aliases", "path", "type", "unit", "ucd", "choices", "values", "range", "required",
    "description",
    "for",
  ]
  let fields: [String: Node]
  let keyword: String
  let group: String

  init(_ node: Node, group: String) throws(MetadataError) {
    let fields = node.byText
    guard let keyword = fields["keyword"]?.text else {
      throw MetadataError(code: "bad-schema", message: "an entry has no `keyword`", subject: group)
    }
    for key in fields.keys where !Self.keys.contains(key) {
      throw MetadataError(code: "bad-schema", message: "unknown field `\(key)`", subject: keyword)
    }
    self.fields = fields
    self.keyword = keyword
    self.group = group
  }

  func definitions() throws(MetadataError) -> [KeywordDefinition] {
    let numbers = strings("for")
    guard !numbers.isEmpty else { return [try definition(n: "", m: "")] }
    let seconds = keyword.contains("%m") ? numbers : [""]
    var all: [KeywordDefinition] = []
    for n in numbers {
      for m in seconds { all.append(try definition(n: n, m: m)) }
    }
    return all
  }

  private func definition(n: String, m: String) throws(MetadataError) -> KeywordDefinition {
    func filled(_ text: String) -> String { text.replacing("%n", with: n).replacing("%m", with: m) }
    guard let path = fields["path"]?.text, let summary = fields["description"]?.text else {
      throw MetadataError(code: "bad-schema", message: "`path` or `description` is missing", subject: keyword)
    }
    guard let type = fields["type"]?.text.flatMap(KeywordDefinition.ValueType.init(rawValue:)) else {
      let known = KeywordDefinition.ValueType.allCases.map(\.rawValue).joined(separator: ", ")
      throw MetadataError(code: "bad-schema", message: "`type` is not one of \(known)", subject: keyword)
    }
    return KeywordDefinition(
      keyword: filled(keyword), aliases: strings("aliases"), path: filled(path), type: type,
      unit: fields["unit"]?.text, ucd: fields["ucd"]?.text, choices: strings("choices"),
      values: spellings(), range: try range(), requiredFor: strings("required"), summary: filled(summary),
      group: group)
  }

  private func strings(_ key: String) -> [String] {
    fields[key]?.sequence.map { $0.compactMap { $0.text } } ?? []
  }

  private func spellings() -> [String: String] {
    var values: [String: String] = [:]
    for (from, value) in fields["values"]?.byText ?? [:] {
      if let to = value.scalar?.string { values[from] = to }
    }
    return values
  }

  private func range() throws(MetadataError) -> ClosedRange<Double>? {
    let ends = strings("range").compactMap(Double.init)
    guard fields["range"] != nil else { return nil }
    guard ends.count == 2, ends[0] <= ends[1] else {
      throw MetadataError(
        code: "bad-schema", message: "`range` needs two ascending numbers", subject: keyword)
    }
    return ends[0]...ends[1]
  }
}

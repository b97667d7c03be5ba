/// `key = value` with its place and its comments.
public struct CfgEntry: Sendable, Hashable {
  public var key: String
  public var value: CfgValue
  /// Line of the key, from 1; 0 for an entry made in memory.
  public var line: Int
  /// Comment and blank lines above, as they stand (trimmed on the left, `#` kept).
  public var leadingComments: [String]
  /// Text after `#` on the same line, `#` included; nil for none.
  public var inlineComment: String?

  public init(
    key: String, value: CfgValue, line: Int = 0, leadingComments: [String] = [], inlineComment: String? = nil
  ) {
    self.key = key
    self.value = value
    self.line = line
    self.leadingComments = leadingComments
    self.inlineComment = inlineComment
  }
}

/// A section: entries in order, then subsections in order. The root has an empty path.
public struct CfgSection: Sendable, Hashable {
  /// Names from the root down; empty for the root.
  public var path: [String]
  /// Line of the `[name]`, from 1; 0 for the root.
  public var line: Int
  public var entries: [CfgEntry]
  public var sections: [CfgSection]
  public var leadingComments: [String]
  public var inlineComment: String?

  public init(path: [String] = [], line: Int = 0) {
    self.path = path
    self.line = line
    self.entries = []
    self.sections = []
    self.leadingComments = []
    self.inlineComment = nil
  }

  /// The section's own name; empty for the root.
  public var name: String { path.last ?? "" }

  /// The value of a key of this very section, nil when absent.
  public subscript(_ key: String) -> CfgValue? { entry(key)?.value }

  /// The entry of a key of this very section.
  public func entry(_ key: String) -> CfgEntry? { entries.first { $0.key == key } }

  /// The direct subsection of that name.
  public func section(_ name: String) -> CfgSection? { sections.first { $0.name == name } }

  /// The subsection at a path below this one; this one for an empty path.
  public func section(at path: some Collection<String>) -> CfgSection? {
    guard let first = path.first else { return self }
    return section(first)?.section(at: path.dropFirst())
  }
}

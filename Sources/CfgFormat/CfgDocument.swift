/// A ConfigObj-style cfg: `key = value` lines, `[section]`s, `[[subsections]]` to any depth, `#` comments.
///
/// Values are unquoted, quoted (`'…'`, `"…"`), triple quoted over several lines, comma-separated lists, or
/// the bare word `None`. Comments, order and line numbers are kept. Text is never interpolated and nothing is
/// evaluated. Tabs outside quotes and comments are refused: they make nesting look like what it is not.
public struct CfgDocument: Sendable, Hashable {
  /// Where the text came from, for messages.
  public let path: String
  public var root: CfgSection
  /// Comment and blank lines after the last entry.
  public var trailingComments: [String]

  /// Longest text that is read, in UTF-8 bytes.
  public static let maximumBytes = 4 << 20
  /// Deepest nesting that is read.
  public static let maximumDepth = 32

  /// An empty document.
  public init(path: String) {
    self.path = path
    self.root = CfgSection()
    self.trailingComments = []
  }

  /// Reads `text`; `path` names it in errors.
  ///
  /// - Throws: `CfgError` with file and line at the first fault.
  public init(text: String, path: String) throws(CfgError) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw CfgError("cfg-too-large", "a cfg may not exceed \(Self.maximumBytes) bytes", path: path, line: 1)
    }
    var parser = CfgParser(text: text, path: path)
    try parser.parse()
    self.path = path
    self.root = parser.root
    self.trailingComments = parser.pendingComments
  }

  /// Every fault of `text`, in the order of its lines (at most a hundred), for a report that tells all at once.
  ///
  /// - Returns: the document without the faulty lines, and the faults; empty when `init(text:path:)` would succeed.
  public static func checking(text: String, path: String) -> (document: CfgDocument, faults: [CfgError]) {
    var document = CfgDocument(path: path)
    guard text.utf8.count <= maximumBytes else {
      return (
        document,
        [CfgError("cfg-too-large", "a cfg may not exceed \(maximumBytes) bytes", path: path, line: 1)]
      )
    }
    var parser = CfgParser(text: text, path: path)
    let faults = parser.parseAll(limit: 100)
    document.root = parser.root
    document.trailingComments = parser.pendingComments
    return (document, faults)
  }

  /// The document as text again, comments included; it parses to the same entries.
  public var text: String {
    var lines: [String] = []
    Self.render(root, depth: 0, into: &lines)
    lines += trailingComments
    return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
  }

  private static func render(_ section: CfgSection, depth: Int, into lines: inout [String]) {
    let indent = String(repeating: " ", count: 2 * max(0, depth - 1))
    if depth > 0 {
      lines += section.leadingComments.map { $0.isEmpty ? "" : indent + $0 }
      let open = String(repeating: "[", count: depth)
      let close = String(repeating: "]", count: depth)
      lines.append(
        indent + open + CfgValue.quotedName(section.name) + close
          + (section.inlineComment.map { "  " + $0 } ?? ""))
    }
    for entry in section.entries {
      lines += entry.leadingComments.map { $0.isEmpty ? "" : indent + $0 }
      let comment = entry.inlineComment.map { "  " + $0 } ?? ""
      lines.append(indent + CfgValue.quotedKey(entry.key) + " = " + entry.value.cfgText + comment)
    }
    for child in section.sections { render(child, depth: depth + 1, into: &lines) }
  }
}

/// A value as the text of a cfg says it: typing it further is the reader's business.
public enum CfgValue: Sendable, Hashable {
  /// One value, quotes removed.
  case string(String)
  /// Comma-separated values; `a,` is a list of one and `,` a list of none.
  case list([String])
  /// The bare word `None`.
  case none

  /// The single value, or nil for lists and None.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The elements: a list's own, one for a string, nil for None.
  public var list: [String]? {
    switch self {
    case .string(let text): [text]
    case .list(let items): items
    case .none: nil
    }
  }

  /// As a cfg would write it, quoted where it must be.
  public var cfgText: String {
    switch self {
    case .none: "None"
    case .string(let text): Self.quoted(text, inList: false)
    case .list(let items):
      switch items.count {
      case 0: ","
      case 1: Self.quoted(items[0], inList: true) + ","
      default: items.map { Self.quoted($0, inList: true) }.joined(separator: ", ")
      }
    }
  }

  static func quoted(_ text: String, inList: Bool) -> String {
    if text == "None" || text.isEmpty && inList { return "'\(text)'" }
    let plain =
      !text.contains { $0.isNewline || "\t,#".contains($0) } && text.first != " " && text.last != " "
      && text.first != "'" && text.first != "\""
    if plain { return text }
    if text.contains(where: \.isNewline) || text.contains("'") && text.contains("\"") {
      return text.contains("'''") || text.hasSuffix("'") ? "\"\"\"\(text)\"\"\"" : "'''\(text)'''"
    }
    return text.contains("'") ? "\"\(text)\"" : "'\(text)'"
  }

  /// A key, quoted where it would be read as something else.
  static func quotedKey(_ text: String) -> String { quotedName(text, endings: "=#\t") }

  /// A section's name, quoted where it would be read as something else.
  static func quotedName(_ text: String) -> String { quotedName(text, endings: "]") }

  /// What was read without quotes may hold both kinds of them, and then needs none.
  private static func quotedName(_ text: String, endings: String) -> String {
    let plain =
      !text.contains(where: endings.contains) && text.first != " " && text.last != " " && text.first != "["
      && text.first != "'" && text.first != "\""
    if plain { return text }
    return text.contains("'") ? "\"\(text)\"" : "'\(text)'"
  }
}

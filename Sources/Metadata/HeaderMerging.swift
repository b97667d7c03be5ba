import Yams

/// How each keyword of an exposure's reads becomes the one of its frame: the table of `Schemas/readout_headers.yaml`.
public struct HeaderMerging: Sendable {
  /// What is made of the values of one keyword.
  public enum Rule: String, Sendable, Decodable, CaseIterable {
    case first, same, last, mean, angle, ends, range, drop
  }

  /// What a value is, for keywords that no line of the table names.
  public enum Kind: String, Sendable { case real, integer, text, logical }

  /// A keyword's rule and, for those that write two more, their names.
  public struct Decision: Sendable, Equatable {
    public var rule: Rule
    /// Two keywords for `ends` and `range`, empty for the others.
    public var into: [String]
    /// A line of the table names the keyword; where none does, values that get lost are told.
    public var isNamed: Bool
  }

  private struct Line: Decodable, Sendable {
    var rule: Rule
    var keywords: [String]
    var into: [String]?
  }

  private struct Table: Decodable {
    var rules: [Line]
    var others: [String: Rule]
  }

  private var lines: [(patterns: [Wildcard], rule: Rule, into: [String]?)]
  private let others: [String: Rule]

  /// The table that is compiled in.
  public static let standard: HeaderMerging = {
    do throws(MetadataError) {
      return try HeaderMerging(yaml: String(decoding: PackageResources.readout_headers_yaml, as: UTF8.self))
    } catch {
      preconditionFailure("the embedded table of header rules is wrong: \(error)")
    }
  }()

  /// Reads a table.
  ///
  /// - Throws: `bad-header-rules` for text that is no such table, or names other than two keywords in `into`.
  public init(yaml: String) throws(MetadataError) {
    let table: Table
    do {
      table = try YAMLDecoder().decode(Table.self, from: yaml)
    } catch {
      throw Self.wrong("not a table of header rules: \(error)", "readout_headers.yaml", error)
    }
    lines = []
    others = table.others
    for line in table.rules {
      if let into = line.into, into.count != 2 || line.keywords.count != 1 {
        throw Self.wrong("`into` names two keywords, for one", line.keywords.joined(separator: ", "))
      }
      lines.append((line.keywords.map(Wildcard.init), line.rule, line.into))
    }
  }

  /// The table with further lines before it, each `KEYWORD rule` or `PATTERN rule`.
  ///
  /// - Throws: `bad-header-rules` naming the text and the rules there are.
  public func preceded(by texts: [String]) throws(MetadataError) -> HeaderMerging {
    var copy = self
    for text in texts.reversed() {
      let words = text.split(separator: " ").map(String.init)
      guard words.count == 2, let rule = Rule(rawValue: words[1].lowercased()) else {
        let known = Rule.allCases.map(\.rawValue).joined(separator: ", ")
        throw Self.wrong("a header rule is `KEYWORD rule`, with one of \(known)", text)
      }
      copy.lines.insert(([Wildcard(words[0])], rule, nil), at: 0)
    }
    return copy
  }

  /// What becomes of a keyword whose values are of that kind.
  public func decision(for keyword: String, kind: Kind) -> Decision {
    let line = lines.first { $0.patterns.contains { $0.matches(keyword) } }
    let rule = line?.rule ?? others[kind.rawValue] ?? .first
    let into: [String] =
      switch rule {
      case .ends: line?.into ?? Self.names(keyword, "ST", "EN")
      case .range: line?.into ?? Self.names(keyword, "MN", "MX")
      default: []
      }
    return Decision(rule: rule, into: into, isNamed: line != nil)
  }

  private static func names(_ keyword: String, _ first: String, _ second: String) -> [String] {
    let stem = keyword.prefix(6)
    return [stem + first, stem + second]
  }

  private static func wrong(
    _ message: String, _ subject: String, _ underlying: (any Error)? = nil
  ) -> MetadataError {
    MetadataError(
      code: "bad-header-rules", message: message, subject: subject,
      hint: "header_rules = AIRMASS ends, TMPTMP range", underlying: underlying)
  }
}

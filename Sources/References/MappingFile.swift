import Crypto
import Foundation

/// One mapping (`.pmap`, `.imap` or `.rmap`) as text says it, not yet linked to others.
struct MappingFile: Sendable {
  enum Checksum: Sendable, Equatable {
    case valid
    case missing
    case wrong(written: String, actual: String)
  }

  /// Bare file name.
  let name: String
  var header: [String: Literal]
  var selector: Literal
  let comment: String?
  let checksum: Checksum

  /// Parses the text of a mapping.
  ///
  /// - Throws: `ReferencesError` with file and line.
  init(text: String, name: String) throws(ReferencesError) {
    var parser = try LiteralParser(text, subject: name)
    let parts = try parser.assignments()
    guard let pairs = parts["header"]?.pairs, let selector = parts["selector"] else {
      throw ReferencesError("mapping-header", "a mapping needs 'header = {…}' and 'selector = …'", name)
    }
    var header: [String: Literal] = [:]
    for pair in pairs {
      guard let key = pair.key.string else {
        throw ReferencesError("mapping-header", "keys of the header are strings", name)
      }
      header[key] = pair.value
    }
    self.name = name
    self.header = header
    self.selector = selector
    self.comment = parts["comment"]?.string
    self.checksum = Self.check(text, written: header["sha1sum"]?.string)
  }

  private static func check(_ text: String, written: String?) -> Checksum {
    guard let written else { return .missing }
    let actual = sha1(of: text)
    return written.lowercased() == actual ? .valid : .wrong(written: written, actual: actual)
  }

  /// sha1 of the text without the lines that hold the word `sha1sum`, in lower-case hexadecimal.
  static func sha1(of text: String) -> String {
    var hash = Insecure.SHA1()
    let bytes = Array(text.utf8)
    let word = Array("sha1sum".utf8)
    var start = 0
    while start < bytes.count {
      let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1
      let line = bytes[start...newline]
      if !contains(line, word) { hash.update(data: line) }
      start = newline + 1
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  private static func contains(_ line: ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
    guard line.count >= word.count else { return false }
    return (line.startIndex...(line.endIndex - word.count)).contains { line[$0...].starts(with: word) }
  }

  func string(_ key: String) -> String? { header[key]?.string }

  /// `pipeline`, `instrument` or `reference`.
  var kind: String { string("mapping")?.lowercased() ?? "" }

  /// The parkey as levels of names: `(('A', 'B'), ('DATE', 'TIME'))`, or a flat `('A', 'B', 'DATE', 'TIME')`, which is
  /// cut into as many levels as the selector has.
  var parkeyLevels: [[String]] {
    let levels = header["parkey"]?.elements ?? header["parkey"].map { [$0] } ?? []
    let names = levels.compactMap(\.string)
    let depth = Self.depth(selector)
    guard names.count == levels.count, depth > 0, names.count > depth else {
      return levels.map { level in level.elements?.compactMap(\.string) ?? level.string.map { [$0] } ?? [] }
    }
    guard depth > 1 else { return [names] }
    // The last level takes date and time together; the others one name each, the first what is left.
    let dates = names.suffix(2).map { HeaderName($0).role } == [.date, .time] ? 2 : 1
    let singles = names.dropLast(dates).suffix(depth - 2).map { [$0] }
    let first = Array(names.dropLast(dates + singles.count))
    return [first] + singles + [Array(names.suffix(dates))]
  }

  /// How many selectors stand below each other, at most.
  private static func depth(_ literal: Literal) -> Int {
    guard case .call(_, .dictionary(let pairs)) = literal else { return 0 }
    return 1 + (pairs.map { depth($0.value) }.max() ?? 0)
  }

  /// True for `'ignore_checksum' : True`.
  var ignoresChecksum: Bool {
    switch header["ignore_checksum"] {
    case .bool(let flag): flag
    case .string(let text): ["true", "1"].contains(text.lowercased())
    default: false
    }
  }

  /// The mapping as CRDS formats it (comments in the text are not kept), with a valid sha1sum.
  func formatted() -> String {
    var header = header
    header["sha1sum"] = .string(String(repeating: "0", count: 40))
    let draft = Self.format(header: header, comment: comment, selector: selector)
    header["sha1sum"] = .string(Self.sha1(of: draft))
    return Self.format(header: header, comment: comment, selector: selector)
  }

  private static func format(header: [String: Literal], comment: String?, selector: Literal) -> String {
    let pairs = header.sorted { $0.key < $1.key }.map { Literal.Pair(key: .string($0.key), value: $0.value) }
    let head = "header = " + Literal.dictionary(pairs).representation(indent: 0) + "\n\n"
    let middle = comment.map { "comment = \"\"\"\($0)\"\"\"\n\n" } ?? ""
    return head + middle + "selector = " + selector.representation(indent: 0) + "\n"
  }
}

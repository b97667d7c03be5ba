import Foundation
import Glibc

/// The sha1sum of one mapping: what its header says and what its text gives.
public struct MappingChecksum: Sendable, Hashable {
  /// Whether the sum in a mapping fits its text.
  public enum State: String, Sendable { case valid, wrong, missing }

  public let path: String
  public let state: State
  /// nil when the header has none.
  public let written: String?
  /// Of the text without the lines that hold the word `sha1sum`.
  public let actual: String

  /// Reads and judges a mapping.
  ///
  /// - Throws: `mapping-missing`, `mapping-syntax`, `mapping-header`.
  public init(path: String) throws(ReferencesError) {
    try self.init(path: path, text: try Self.text(path))
  }

  private init(path: String, text: String) throws(ReferencesError) {
    let file = try MappingFile(text: text, name: path)
    self.path = path
    written = file.string("sha1sum")
    actual = MappingFile.sha1(of: text)
    switch file.checksum {
    case .valid: state = .valid
    case .wrong: state = .wrong
    case .missing: state = .missing
    }
  }

  private static func text(_ path: String) throws(ReferencesError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ReferencesError(
        "mapping-missing", "the mapping cannot be read", path, hint: "name a .pmap, .imap or .rmap")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ReferencesError("mapping-syntax", "the mapping is not UTF-8 text", path)
    }
    return text
  }

  /// Writes the right sha1sum into a mapping, leaving every other character (comments too) as it is. The file is
  /// replaced whole, by rename; nothing is done when it is right already.
  ///
  /// - Returns: what it was before.
  /// - Throws: as reading; `mapping-header` when the line of the sha1sum cannot be found or made; `io`.
  public static func update(path: String) throws(ReferencesError) -> MappingChecksum {
    let text = try Self.text(path)
    let before = try MappingChecksum(path: path, text: text)
    guard before.state != .valid else { return before }
    let placed = try placing(String(repeating: "0", count: 40), in: text, path)
    let corrected = try placing(MappingFile.sha1(of: placed), in: placed, path)
    guard try MappingChecksum(path: path, text: corrected).state == .valid else {
      throw ReferencesError(
        "mapping-header", "no line of its own for the sha1sum", path,
        hint: "give 'sha1sum' : '' a line of its own in the header")
    }
    try NewFile.replace(path, with: Data(corrected.utf8))
    return before
  }

  /// The text with this sha1sum in the header's line, or in a new line behind `header = {`.
  private static func placing(
    _ sum: String, in text: String, _ path: String
  ) throws(ReferencesError) -> String {
    let key = /(["']sha1sum["']\s*:\s*)["'][^"'\n]*["']/
    if let match = text.firstMatch(of: key) {
      return text.replacingCharacters(in: match.range, with: "\(match.output.1)'\(sum)'")
    }
    guard let brace = text.firstMatch(of: /header\s*=\s*\{[^\n]*\n/), text[brace.range].contains("{\n") else {
      throw ReferencesError(
        "mapping-header", "no line of its own for the sha1sum", path,
        hint: "give 'sha1sum' : '' a line of its own in the header")
    }
    return text.replacingCharacters(in: brace.range, with: "\(text[brace.range])    'sha1sum' : '\(sum)',\n")
  }
}

/// A cursor over one line.
struct CfgLineScanner {
  private(set) var remaining: Substring

  init(_ line: Substring) { remaining = line }

  var peek: Character? { remaining.first }
  var rest: String { String(remaining) }

  /// `'''` or `"""` when the line goes on with it.
  var tripleQuote: String? {
    ["'''", "\"\"\""].first { remaining.hasPrefix($0) }
  }

  mutating func skip(_ count: Int = 1) { remaining = remaining.dropFirst(count) }

  /// Skips spaces only: a tab stays and is refused by whoever meets it.
  mutating func skipSpaces() { remaining = remaining.drop { $0 == " " } }

  mutating func takeIf(_ character: Character) -> Bool {
    guard remaining.first == character else { return false }
    skip()
    return true
  }

  mutating func take(while condition: (Character) -> Bool) -> Substring {
    let taken = remaining.prefix(while: condition)
    remaining = remaining[taken.endIndex...]
    return taken
  }

  /// The text between `quote`s, or nil (cursor unmoved) when it is not closed in this line.
  mutating func takeQuoted(_ quote: Character) -> String? {
    let inside = remaining.dropFirst()
    guard let end = inside.firstIndex(of: quote) else { return nil }
    remaining = inside[inside.index(after: end)...]
    return String(inside[..<end])
  }

  /// The text before `mark`, both consumed, or nil (cursor unmoved) when it is not in this line.
  mutating func takeUpTo(_ mark: String) -> String? {
    var position = remaining.startIndex
    while position < remaining.endIndex {
      if remaining[position...].hasPrefix(mark) {
        let inside = String(remaining[..<position])
        remaining = remaining[remaining.index(position, offsetBy: mark.count)...]
        return inside
      }
      position = remaining.index(after: position)
    }
    return nil
  }
}

extension Substring {
  /// Without spaces at either end.
  var trimmed: String {
    var text = self.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// The table for people: aligned columns, two blanks between, numbers to the right.
///
/// When the rows are wider than the terminal, the widest text columns are cut with `…` (paths at their
/// front).
struct AlignedWriter {
  var options: TextOptions

  func render(_ table: Table) -> String {
    let cells = table.rows.map { $0.map { PlainText.escaped($0.text) } }
    let widths = fitted(naturalWidths(table.columns, cells), table.columns)
    var output = line(table.columns.map(\.name), table.columns, widths, coloured: false)
    for row in cells { output += line(row, table.columns, widths, coloured: options.colour) }
    return output
  }

  private func naturalWidths(_ columns: [Column], _ rows: [[String]]) -> [Int] {
    columns.indices.map { index in
      rows.reduce(DisplayWidth.of(columns[index].name)) { max($0, DisplayWidth.of($1[index])) }
    }
  }

  /// Takes from the widest text column until the row fits; no column goes below 8.
  private func fitted(_ natural: [Int], _ columns: [Column]) -> [Int] {
    guard let limit = options.width else { return natural }
    var widths = natural
    var excess = widths.reduce(0, +) + 2 * max(0, widths.count - 1) - limit
    while excess > 0 {
      let shrinkable = widths.indices.filter { columns[$0].kind == .string && widths[$0] > 8 }
      guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
      let next = shrinkable.filter { $0 != widest }.map { widths[$0] }.max() ?? 8
      let step = max(1, min(excess, widths[widest] - max(8, next)))
      widths[widest] -= step
      excess -= step
    }
    return widths
  }

  private func line(_ texts: [String], _ columns: [Column], _ widths: [Int], coloured: Bool) -> String {
    var output = ""
    for (index, text) in texts.enumerated() {
      let cut = DisplayWidth.cut(text, to: widths[index], keepEnd: columns[index].name == "path")
      let padding = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(cut)))
      let shown = coloured && columns[index].name == "state" ? StateColour.paint(cut, word: text) : cut
      let isNumber = columns[index].kind == .int || columns[index].kind == .double
      output += (index > 0 ? "  " : "") + (isNumber ? padding + shown : shown + padding)
    }
    while output.last == " " { output.removeLast() }
    return output + "\n"
  }
}

/// Columns that text takes on a terminal.
enum DisplayWidth {
  static func of(_ text: String) -> Int {
    text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + of($1) }
  }

  /// `text` in at most `width` columns, with `…` for what is left out.
  static func cut(_ text: String, to width: Int, keepEnd: Bool) -> String {
    guard of(text) > width else { return text }
    var kept: [Character] = []
    var used = 1
    for character in keepEnd ? Array(text.reversed()) : Array(text) {
      guard used + of(character) <= width else { break }
      used += of(character)
      kept.append(character)
    }
    return keepEnd ? "…" + String(kept.reversed()) : String(kept) + "…"
  }

  /// Two columns for East Asian wide characters and emoji, one for the rest.
  private static func of(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first?.value else { return 0 }
    switch scalar {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}

/// Colours of state words; the word itself always says the same.
enum StateColour {
  static func paint(_ shown: String, word: String) -> String {
    guard let code = code(of: word) else { return shown }
    return "\u{1B}[\(code)m\(shown)\u{1B}[0m"
  }

  private static func code(of word: String) -> Int? {
    switch word {
    case "classified", "current", "done": 32
    case "held", "stale", "waiting", "queued", "running", "received", "degraded": 33
    case "quarantined", "failed", "dead", "missing": 31
    case "superseded", "duplicate", "cancelled": 90
    default: nil
    }
  }
}

/// Line by line over the text; sections are kept in an open path and closed when a shallower one comes.
struct CfgParser {
  let path: String
  private let lines: [Substring]
  private var index = 0
  private var open: [CfgSection]
  /// Lines of the keys and of the sections of each open section, by name.
  private var keyLines: [[String: Int]] = [[:]]
  private var sectionLines: [[String: Int]] = [[:]]
  private(set) var pendingComments: [String] = []
  /// The line of the section we are in could not be read; only `parseAll` goes on after that.
  private var isInLostSection = false
  private var isBeyondRecovery = false

  init(text: String, path: String) {
    self.path = path
    let body = text.first == "\u{FEFF}" ? text.dropFirst() : text[...]
    var lines = body.split(omittingEmptySubsequences: false) { $0.isNewline }
    if lines.last?.isEmpty == true { lines.removeLast() }
    self.lines = lines
    self.open = [CfgSection()]
  }

  /// The finished tree; valid after `parse()`.
  var root: CfgSection { open[0] }

  private var lineNumber: Int { index + 1 }

  /// Reads to the end, or to the first fault.
  mutating func parse() throws(CfgError) {
    while index < lines.count { try parseLine() }
    closeAll()
  }

  /// Reads to the end whatever comes: a faulty line is left out, and what stands in a section whose own line is
  /// faulty is left out with it.
  /// - Returns: every fault, at most `limit`.
  mutating func parseAll(limit: Int) -> [CfgError] {
    var faults: [CfgError] = []
    while index < lines.count && faults.count < limit {
      do throws(CfgError) {
        try parseLine()
      } catch {
        faults.append(error)
        // After a quote that is never closed nothing is what it seems.
        if isBeyondRecovery { break }
        index += 1
      }
    }
    closeAll()
    return faults
  }

  private mutating func parseLine() throws(CfgError) {
    let line = lines[index]
    let content = line.drop { $0 == " " || $0 == "\t" }
    if content.isEmpty || content.first == "#" {
      pendingComments.append(String(content))
    } else if content.first == "[" {
      try parseSection(content, indent: line[..<content.startIndex])
    } else {
      try refuseTab(in: line[..<content.startIndex])
      if !isInLostSection { try parseEntry(content) }
    }
    index += 1
  }

  private mutating func closeAll() {
    while open.count > 1 { closeSection() }
  }

  private func fail(_ code: String, _ message: String, hint: String? = nil) -> CfgError {
    CfgError(code, message, path: path, line: lineNumber, hint: hint)
  }

  private func refuseTab(in text: Substring) throws(CfgError) {
    guard text.contains("\t") else { return }
    throw fail("cfg-tab", "a tab where a cfg takes spaces only", hint: "replace the tab by spaces")
  }

  // MARK: sections

  private mutating func parseSection(_ content: Substring, indent: Substring) throws(CfgError) {
    let depth = content.prefix { $0 == "[" }.count
    // A section inside one that was lost cannot be placed either.
    if isInLostSection && depth > open.count { return }
    isInLostSection = true
    try refuseTab(in: indent)
    var scanner = CfgLineScanner(content.dropFirst(depth))
    let name: String
    if let quote = scanner.peek, quote == "'" || quote == "\"" {
      guard let text = scanner.takeQuoted(quote) else {
        throw fail("cfg-quote", "the section's name has no closing quote")
      }
      name = text
    } else {
      name = scanner.take { $0 != "]" }.trimmed
    }
    scanner.skipSpaces()
    let closing = scanner.take { $0 == "]" }.count
    guard closing == depth, !name.isEmpty else {
      throw fail("cfg-syntax", "a section is written [name], with as many ] as [", hint: "check the brackets")
    }
    let comment = try trailingComment(&scanner, after: "the section's name")
    try openSection(name, depth: depth, comment: comment)
    isInLostSection = false
  }

  private mutating func openSection(_ name: String, depth: Int, comment: String?) throws(CfgError) {
    guard depth <= CfgDocument.maximumDepth else {
      throw fail("cfg-nesting", "sections are nested deeper than \(CfgDocument.maximumDepth)")
    }
    guard depth <= open.count else {
      throw fail(
        "cfg-nesting", "section '\(name)' is nested \(depth) deep inside \(open.count - 1)",
        hint: "use \(String(repeating: "[", count: open.count)) here, or open the section between")
    }
    while open.count > depth { closeSection() }
    let parent = open[open.count - 1]
    if let earlier = keyLines[open.count - 1][name] {
      throw fail(
        "cfg-duplicate-section", "section '\(name)' has the name of the key in line \(earlier)",
        hint: "rename one of the two")
    }
    if let earlier = sectionLines[open.count - 1][name] {
      throw fail(
        "cfg-duplicate-section", "section '\(name)' is there already, in line \(earlier)",
        hint: "put what belongs together into one section")
    }
    var section = CfgSection(path: parent.path + [name], line: lineNumber)
    section.leadingComments = pendingComments
    section.inlineComment = comment
    pendingComments = []
    sectionLines[open.count - 1][name] = lineNumber
    open.append(section)
    keyLines.append([:])
    sectionLines.append([:])
  }

  private mutating func closeSection() {
    let section = open.removeLast()
    keyLines.removeLast()
    sectionLines.removeLast()
    open[open.count - 1].sections.append(section)
  }

  // MARK: entries

  private mutating func parseEntry(_ content: Substring) throws(CfgError) {
    let start = lineNumber
    var scanner = CfgLineScanner(content)
    let key = try parseKey(&scanner)
    if let earlier = keyLines[open.count - 1][key] {
      throw fail(
        "cfg-duplicate-key", "'\(key)' has a value already, in line \(earlier)", hint: "keep one of the two")
    }
    let (value, comment) = try parseValue(&scanner)
    keyLines[open.count - 1][key] = start
    open[open.count - 1].entries.append(
      CfgEntry(
        key: key, value: value, line: start, leadingComments: pendingComments, inlineComment: comment))
    pendingComments = []
  }

  private func parseKey(_ scanner: inout CfgLineScanner) throws(CfgError) -> String {
    let key: String
    if let quote = scanner.peek, quote == "'" || quote == "\"" {
      guard let text = scanner.takeQuoted(quote) else {
        throw fail("cfg-quote", "the key has no closing quote")
      }
      key = text
    } else {
      let raw = scanner.take { $0 != "=" && $0 != "#" }
      try refuseTab(in: raw)
      key = raw.trimmed
    }
    scanner.skipSpaces()
    guard scanner.takeIf("="), !key.isEmpty else {
      throw fail("cfg-syntax", "expected 'key = value' or '[section]'", hint: "comments begin with #")
    }
    return key
  }

  private mutating func parseValue(
    _ scanner: inout CfgLineScanner
  ) throws(CfgError) -> (CfgValue, String?) {
    scanner.skipSpaces()
    if let quote = scanner.tripleQuote { return try parseTripleQuoted(&scanner, quote) }
    var items: [String] = []
    var isList = false
    var bareNone = false
    while true {
      scanner.skipSpaces()
      guard let next = scanner.peek, next != "#" else { break }
      if next == "," {
        guard items.isEmpty, !isList else { throw fail("cfg-syntax", "an empty place in a list") }
        scanner.skip()
        isList = true
        scanner.skipSpaces()
        guard scanner.peek == nil || scanner.peek == "#" else {
          throw fail("cfg-syntax", "a list may not begin with a comma", hint: "quote the value")
        }
        break
      }
      if next == "'" || next == "\"" {
        guard let text = scanner.takeQuoted(next) else {
          throw fail(
            "cfg-quote", "the value has no closing \(next)", hint: "close the quote in the same line")
        }
        items.append(text)
      } else {
        let raw = scanner.take { $0 != "," && $0 != "#" }
        try refuseTab(in: raw)
        items.append(raw.trimmed)
        bareNone = items == ["None"]
      }
      scanner.skipSpaces()
      guard scanner.takeIf(",") else { break }
      isList = true
    }
    let comment = try trailingComment(&scanner, after: "the value")
    if isList { return (.list(items), comment) }
    return (bareNone ? .none : .string(items.first ?? ""), comment)
  }

  private mutating func parseTripleQuoted(
    _ scanner: inout CfgLineScanner, _ quote: String
  ) throws(CfgError) -> (CfgValue, String?) {
    let start = index
    scanner.skip(3)
    var text = ""
    while true {
      if let inside = scanner.takeUpTo(quote) {
        text += inside
        return (.string(text), try trailingComment(&scanner, after: "the value"))
      }
      text += scanner.rest + "\n"
      index += 1
      guard index < lines.count else {
        index = start
        isBeyondRecovery = true
        throw fail("cfg-quote", "the value opened by \(quote) is never closed", hint: "end it with \(quote)")
      }
      scanner = CfgLineScanner(lines[index])
    }
  }

  /// What follows must be nothing or a comment.
  private func trailingComment(
    _ scanner: inout CfgLineScanner, after what: String
  ) throws(CfgError) -> String? {
    scanner.skipSpaces()
    guard let next = scanner.peek else { return nil }
    if next == "#" { return scanner.rest }
    try refuseTab(in: scanner.remaining)
    throw fail("cfg-syntax", "unexpected '\(scanner.rest)' after \(what)", hint: "quote the whole value")
  }
}

/// Recursive descent over Python literals; nothing is ever evaluated, depth and size are bounded.
struct LiteralParser {
  static let maximumBytes = 64 << 20
  static let maximumDepth = 128

  private var tokens: PythonTokenizer
  private var token: PythonTokenizer.Token = .end
  private var depth = 0

  init(_ text: String, subject: String) throws(ReferencesError) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw ReferencesError("mapping-syntax", "a mapping may not exceed \(Self.maximumBytes) bytes", subject)
    }
    tokens = PythonTokenizer(text, subject: subject)
    token = try tokens.next()
  }

  /// The assignments of a mapping: `header = …`, `comment = …`, `selector = …`, each at most once.
  mutating func assignments() throws(ReferencesError) -> [String: Literal] {
    var result: [String: Literal] = [:]
    while token != .end {
      guard case .name(let name) = token, ["header", "selector", "comment"].contains(name) else {
        throw tokens.fail("expected 'header = ', 'comment = ' or 'selector = '")
      }
      guard result[name] == nil else { throw tokens.fail("'\(name)' is assigned twice") }
      try advance()
      try expect("=")
      result[name] = try value()
    }
    return result
  }

  /// A text that is one value and nothing else.
  mutating func whole() throws(ReferencesError) -> Literal {
    let result = try value()
    guard token == .end else { throw tokens.fail("unexpected text behind the value") }
    return result
  }

  private mutating func advance() throws(ReferencesError) { token = try tokens.next() }

  private mutating func expect(_ text: String) throws(ReferencesError) {
    guard token == .punctuation(text) else { throw tokens.fail("expected '\(text)'") }
    try advance()
  }

  private mutating func takeIf(_ text: String) throws(ReferencesError) -> Bool {
    guard token == .punctuation(text) else { return false }
    try advance()
    return true
  }

  private mutating func value() throws(ReferencesError) -> Literal {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw tokens.fail("nested deeper than \(Self.maximumDepth)") }
    switch token {
    case .string(let text): return .string(try adjacentStrings(text))
    case .integer(let number):
      try advance()
      return .integer(number)
    case .real(let number):
      try advance()
      return .real(number)
    case .name(let name): return try named(name)
    case .punctuation("-"), .punctuation("+"): return try signed()
    case .punctuation("("): return try parenthesised()
    case .punctuation("["):
      try advance()
      return .list(try items(until: "]").items)
    case .punctuation("{"): return try dictionary()
    case .punctuation, .end: throw tokens.fail("expected a value")
    }
  }

  private mutating func adjacentStrings(_ first: String) throws(ReferencesError) -> String {
    var text = first
    try advance()
    while case .string(let more) = token {
      text += more
      try advance()
    }
    return text
  }

  private mutating func named(_ name: String) throws(ReferencesError) -> Literal {
    switch name {
    case "None", "True", "False":
      try advance()
      return name == "None" ? .none : .bool(name == "True")
    default:
      try advance()
      guard try takeIf("(") else { throw tokens.fail("'\(name)' is not a literal") }
      let argument = try value()
      _ = try takeIf(",")
      try expect(")")
      return .call(name, argument)
    }
  }

  private mutating func signed() throws(ReferencesError) -> Literal {
    let isNegative = token == .punctuation("-")
    try advance()
    switch token {
    case .integer(let number):
      try advance()
      return .integer(isNegative ? -number : number)
    case .real(let number):
      try advance()
      return .real(isNegative ? -number : number)
    default: throw tokens.fail("expected a number after the sign")
    }
  }

  private mutating func parenthesised() throws(ReferencesError) -> Literal {
    try advance()
    let (items, hadComma) = try items(until: ")")
    return items.count == 1 && !hadComma ? items[0] : .tuple(items)
  }

  private mutating func items(
    until close: String
  ) throws(ReferencesError) -> (items: [Literal], hadComma: Bool) {
    var items: [Literal] = []
    var hadComma = false
    while true {
      if try takeIf(close) { return (items, hadComma) }
      items.append(try value())
      if try takeIf(",") {
        hadComma = true
      } else {
        try expect(close)
        return (items, hadComma)
      }
    }
  }

  private mutating func dictionary() throws(ReferencesError) -> Literal {
    try advance()
    var pairs: [Literal.Pair] = []
    while true {
      if try takeIf("}") { return .dictionary(pairs) }
      let key = try value()
      try expect(":")
      pairs.append(Literal.Pair(key: key, value: try value()))
      guard try takeIf(",") else {
        try expect("}")
        return .dictionary(pairs)
      }
    }
  }
}

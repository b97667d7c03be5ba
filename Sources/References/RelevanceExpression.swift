/// A condition of an rmap's header, such as `(META_INSTRUMENT_DETECTOR != "IFU")`, parsed into a tree and
/// judged against a header; Python syntax of comparisons, `in`, `not in`, `and`, `or`, `not`, and nothing
/// else.
struct RelevanceExpression: Sendable {
  enum Value: Sendable, Equatable {
    case string(String)
    case number(Double)
    case bool(Bool)
    case list([Value])

    var isTrue: Bool {
      switch self {
      case .string(let text): !text.isEmpty
      case .number(let number): number != 0
      case .bool(let flag): flag
      case .list(let items): !items.isEmpty
      }
    }
  }

  indirect enum Node: Sendable {
    case constant(Value)
    case name(String)
    case list([Node])
    case comparison(Node, [(relation: String, right: Node)])
    case all([Node])
    case any([Node])
    case not(Node)
  }

  let text: String
  let root: Node

  init(_ text: String, subject: String) throws(ReferencesError) {
    self.text = text
    if text.lowercased() == "always" {
      root = .constant(.bool(true))
    } else {
      var parser = try RelevanceParser(text, subject: subject)
      root = try parser.whole()
    }
  }

  /// The verdict, or nil when a name has no value or things of different kinds are ordered.
  ///
  /// `value` gets names as written, with `_` where a parkey has dots or with the dots.
  func verdict(_ value: (String) -> String?) -> Bool? { evaluate(root, value)?.isTrue }

  private func evaluate(_ node: Node, _ value: (String) -> String?) -> Value? {
    switch node {
    case .constant(let constant): return constant
    case .name(let name): return value(name).map(Value.string)
    case .list(let nodes):
      let items = nodes.compactMap { evaluate($0, value) }
      return items.count == nodes.count ? .list(items) : nil
    case .not(let inner): return evaluate(inner, value).map { .bool(!$0.isTrue) }
    case .all(let nodes):
      for node in nodes {
        guard let item = evaluate(node, value) else { return nil }
        if !item.isTrue { return .bool(false) }
      }
      return .bool(true)
    case .any(let nodes):
      for node in nodes {
        guard let item = evaluate(node, value) else { return nil }
        if item.isTrue { return .bool(true) }
      }
      return .bool(false)
    case .comparison(let first, let rest):
      guard var left = evaluate(first, value) else { return nil }
      for (relation, node) in rest {
        guard let right = evaluate(node, value), let holds = Self.compare(left, relation, right) else {
          return nil
        }
        if !holds { return .bool(false) }
        left = right
      }
      return .bool(true)
    }
  }

  private static func compare(_ left: Value, _ relation: String, _ right: Value) -> Bool? {
    switch relation {
    case "==": return left == right
    case "!=": return left != right
    case "in", "not in":
      let isIn: Bool
      switch (left, right) {
      case (_, .list(let items)): isIn = items.contains(left)
      case (.string(let part), .string(let whole)): isIn = part.isEmpty || whole.contains(part)
      default: return nil
      }
      return isIn == (relation == "in")
    default: break
    }
    switch (left, right) {
    case (.string(let a), .string(let b)): return ordered(a, relation, b)
    case (.number(let a), .number(let b)): return ordered(a, relation, b)
    default: return nil
    }
  }

  private static func ordered<T: Comparable>(_ a: T, _ relation: String, _ b: T) -> Bool {
    switch relation {
    case "<": a < b
    case "<=": a <= b
    case ">": a > b
    default: a >= b
    }
  }
}

/// Precedence of Python: `or`, `and`, `not`, comparison, atom.
private struct RelevanceParser {
  private var tokens: PythonTokenizer
  private var token: PythonTokenizer.Token = .end
  private var depth = 0

  init(_ text: String, subject: String) throws(ReferencesError) {
    tokens = PythonTokenizer(text, subject: subject)
    token = try tokens.next()
  }

  mutating func whole() throws(ReferencesError) -> RelevanceExpression.Node {
    let node = try disjunction()
    guard token == .end else { throw tokens.fail("unexpected text in a relevance expression") }
    return node
  }

  private mutating func advance() throws(ReferencesError) { token = try tokens.next() }

  private mutating func take(_ wanted: PythonTokenizer.Token) throws(ReferencesError) -> Bool {
    guard token == wanted else { return false }
    try advance()
    return true
  }

  private mutating func disjunction() throws(ReferencesError) -> RelevanceExpression.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= LiteralParser.maximumDepth else {
      throw tokens.fail("a relevance expression is nested too deep")
    }
    var nodes = [try conjunction()]
    while try take(.name("or")) { nodes.append(try conjunction()) }
    return nodes.count == 1 ? nodes[0] : .any(nodes)
  }

  private mutating func conjunction() throws(ReferencesError) -> RelevanceExpression.Node {
    var nodes = [try negation()]
    while try take(.name("and")) { nodes.append(try negation()) }
    return nodes.count == 1 ? nodes[0] : .all(nodes)
  }

  private mutating func negation() throws(ReferencesError) -> RelevanceExpression.Node {
    var isNegated = false
    while try take(.name("not")) { isNegated.toggle() }
    let node = try comparison()
    return isNegated ? .not(node) : node
  }

  private mutating func comparison() throws(ReferencesError) -> RelevanceExpression.Node {
    let left = try atom()
    var rest: [(relation: String, right: RelevanceExpression.Node)] = []
    while let relation = try relation() { rest.append((relation, try atom())) }
    return rest.isEmpty ? left : .comparison(left, rest)
  }

  private mutating func relation() throws(ReferencesError) -> String? {
    switch token {
    case .punctuation(let sign) where ["==", "!=", "<", "<=", ">", ">="].contains(sign):
      try advance()
      return sign
    case .name("in"):
      try advance()
      return "in"
    case .name("not"):
      try advance()
      guard try take(.name("in")) else { throw tokens.fail("expected 'in' after 'not'") }
      return "not in"
    default: return nil
    }
  }

  private mutating func atom() throws(ReferencesError) -> RelevanceExpression.Node {
    switch token {
    case .string(let text):
      try advance()
      return .constant(.string(text))
    case .integer(let number):
      try advance()
      return .constant(.number(Double(number)))
    case .real(let number):
      try advance()
      return .constant(.number(number))
    case .name("True"), .name("False"):
      let flag = token == .name("True")
      try advance()
      return .constant(.bool(flag))
    case .name(let name):
      try advance()
      return .name(name)
    case .punctuation("("): return try list(until: ")")
    case .punctuation("["): return try list(until: "]")
    default:
      throw tokens.fail("expected a name, a string, a number or a parenthesis in a relevance expression")
    }
  }

  private mutating func list(until close: String) throws(ReferencesError) -> RelevanceExpression.Node {
    try advance()
    var nodes: [RelevanceExpression.Node] = []
    var hadComma = false
    while !(try take(.punctuation(close))) {
      nodes.append(try disjunction())
      if try take(.punctuation(",")) {
        hadComma = true
      } else if token != .punctuation(close) {
        throw tokens.fail("expected '\(close)' in a relevance expression")
      }
    }
    return nodes.count == 1 && !hadComma && close == ")" ? nodes[0] : .list(nodes)
  }
}

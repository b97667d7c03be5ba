/// Recursive descent over the tokens of a `--where` expression.
struct WhereExpressionParser {
  private typealias Node = WhereExpression.Node
  private static let comparisons: Set<String> = ["=", "==", "!=", "<>", "<", "<=", ">", ">="]
  /// Deeper nesting than people write is refused instead of exhausting the stack.
  private static let maximumDepth = 64

  private let text: String
  private var tokens: ArraySlice<WhereExpressionToken>
  private var depth = 0

  init(_ text: String) throws(CatalogError) {
    self.text = text
    tokens = try WhereExpressionToken.tokens(of: text)[...]
  }

  mutating func parse() throws(CatalogError) -> WhereExpression.Node {
    let node = try disjunction()
    if let rest = tokens.first { throw fault("and, or, or the end", rest) }
    return node
  }

  private mutating func disjunction() throws(CatalogError) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw fault("at most \(Self.maximumDepth) levels", tokens.first) }
    var node = try conjunction()
    while take(word: "or") { node = .or(node, try conjunction()) }
    return node
  }

  private mutating func conjunction() throws(CatalogError) -> Node {
    var node = try negation()
    while take(word: "and") { node = .and(node, try negation()) }
    return node
  }

  private mutating func negation() throws(CatalogError) -> Node {
    var negative = false
    while take(word: "not") { negative.toggle() }
    let node: Node
    if take(symbol: "(") {
      node = try disjunction()
      try expect(")")
    } else {
      node = try comparison()
    }
    return negative ? .not(node) : node
  }

  private mutating func comparison() throws(CatalogError) -> Node {
    guard case .word(let name, _)? = tokens.first else { throw fault("a column", tokens.first) }
    let column = try SelectionColumn.named(name)
    tokens.removeFirst()
    if take(word: "is") {
      let negative = take(word: "not")
      guard take(word: "null") else { throw fault("null", tokens.first) }
      return negative ? .not(.isNull(column: column.name)) : .isNull(column: column.name)
    }
    let negative = take(word: "not")
    if let node = try worded(column) { return negative ? .not(node) : node }
    guard !negative, case .symbol(let symbol, _)? = tokens.first, Self.comparisons.contains(symbol) else {
      throw fault("a comparison such as = or >=", tokens.first)
    }
    tokens.removeFirst()
    let word = symbol == "==" ? "=" : symbol == "!=" ? "<>" : symbol
    return .compare(column: column.name, operator: word, value: try value(for: column))
  }

  /// `like`, `glob`, `in` or `between`.
  private mutating func worded(_ column: SelectionColumn) throws(CatalogError) -> Node? {
    for word in ["like", "glob"] where take(word: word) {
      guard column.kind == .text else { throw mismatch(column, word, "a text column") }
      return .compare(column: column.name, operator: word.uppercased(), value: try value(for: column))
    }
    if take(word: "between") {
      let low = try value(for: column)
      guard take(word: "and") else { throw fault("and", tokens.first) }
      return .between(column: column.name, low: low, high: try value(for: column))
    }
    guard take(word: "in") else { return nil }
    try expect("(")
    var values = [try value(for: column)]
    while take(symbol: ",") { values.append(try value(for: column)) }
    try expect(")")
    return .among(column: column.name, values: values)
  }

  private mutating func value(for column: SelectionColumn) throws(CatalogError) -> WhereExpression.Value {
    guard let token = tokens.first else { throw fault("a value", nil) }
    tokens.removeFirst()
    switch (column.kind, token) {
    case (.text, .string(let string, _)): return .text(string)
    case (.text, .number(_, let written, _)): return .text(written)
    case (.integer, .number(let number, _, _)), (.real, .number(let number, _, _)): return .number(number)
    case (.time, .string(let string, _)):
      guard let seconds = CatalogTime.seconds(string) else {
        throw mismatch(column, string, "a time such as '2026-07-14T09:12:44Z'")
      }
      return .number(seconds)
    case (_, .string(let string, _)): throw mismatch(column, string, "a number")
    case (.time, .number(_, let written, _)):
      throw mismatch(column, written, "a time such as '2026-07-14T09:12:44Z'")
    case (_, .word), (_, .symbol): throw fault("a number or a 'text'", token)
    }
  }

  private mutating func take(word: String) -> Bool {
    guard case .word(let next, _)? = tokens.first, next.lowercased() == word else { return false }
    tokens.removeFirst()
    return true
  }

  private mutating func take(symbol: String) -> Bool {
    guard case .symbol(symbol, _)? = tokens.first else { return false }
    tokens.removeFirst()
    return true
  }

  private mutating func expect(_ symbol: String) throws(CatalogError) {
    guard take(symbol: symbol) else { throw fault("'\(symbol)'", tokens.first) }
  }

  private func fault(_ wanted: String, _ token: WhereExpressionToken?) -> CatalogError {
    let place = token.map { "at '\($0.written)' (character \($0.position + 1))" } ?? "at the end"
    return CatalogError(
      code: "where-syntax", message: "--where needs \(wanted) \(place)", subject: text,
      hint: "e.g. --where \"exptime >= 60 and (filter = 'K' or object like 'M%')\"")
  }

  private func mismatch(_ column: SelectionColumn, _ value: String, _ wanted: String) -> CatalogError {
    CatalogError(
      code: "where-type", message: "\(column.name) is compared with \(value), which is not \(wanted)",
      subject: text, hint: "irisarchive query --columns lists the columns with their kinds")
  }
}

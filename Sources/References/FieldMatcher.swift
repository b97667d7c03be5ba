import Foundation

/// How one field of a `Match` row meets a header's value.
enum FieldMatcher: Sendable {
  /// `N/A`: always fits, and weighs nothing.
  case notApplicable
  /// Equality with any of these.
  case words([String])
  /// Equality with a word or fit of a glob (`*`, `?`, `[…]`).
  case globs([String])
  /// `(…)`: a regular expression, anchored at the start only, as the published client does.
  case regex(NSRegularExpression)
  /// `>= 5` and the like, numbers only.
  case comparison(Comparison)
  /// `#a AND b#`, `between a b`
  indirect case both(FieldMatcher, FieldMatcher)
  /// `#a OR b#`
  indirect case either(FieldMatcher, FieldMatcher)
  /// `NOT …`
  indirect case negation(FieldMatcher)

  struct Comparison: Sendable {
    enum Relation: String, CaseIterable {
      case atLeast = ">="
      case atMost = "<="
      case above = ">"
      case below = "<"
    }

    let relation: Relation
    let bound: Double

    func holds(_ value: Double) -> Bool {
      switch relation {
      case .above: value > bound
      case .atLeast: value >= bound
      case .below: value < bound
      case .atMost: value <= bound
      }
    }
  }

  /// Compiles a conditioned field.
  ///
  /// - Throws: `ReferencesError` `row-invalid` naming the field.
  init(_ field: String) throws(ReferencesError) {
    guard field.utf8.count <= Self.maximumBytes else {
      throw Self.invalid("a field may not exceed \(Self.maximumBytes) bytes", String(field.prefix(40)) + "…")
    }
    try self.init(field, depth: 0)
  }

  /// Longest field of a row.
  private static let maximumBytes = 16_384
  /// `NOT NOT …`, at most.
  private static let maximumNegations = 8

  private init(_ field: String, depth: Int) throws(ReferencesError) {
    let upper = field.uppercased()
    if field.count >= 2, field.hasPrefix("("), field.hasSuffix(")") {
      self = try Self.regex(String(field.dropFirst().dropLast()))
    } else if field.count >= 2, field.hasPrefix("{"), field.hasSuffix("}") {
      self = .words([String(field.dropFirst().dropLast())])
    } else if field.count >= 2, field.hasPrefix("#"), field.hasSuffix("#") {
      self = try Self.relation(String(upper.dropFirst().dropLast()), depth: depth)
    } else if upper.hasPrefix("BETWEEN") {
      self = try Self.between(field)
    } else if upper.hasPrefix("NOT ") {
      let inner = try FieldMatcher(Self.trim(field.dropFirst(4)), depth: Self.deeper(depth, field))
      if case .notApplicable = inner { self = inner } else { self = .negation(inner) }
    } else if field.contains("|") || field.contains("*") {
      let parts = alternatives(field)
      let isPlain = !parts.contains { $0.contains { "*?[".contains($0) } }
      self = isPlain ? .words(parts) : .globs(parts)
    } else if field == "N/A" {
      self = .notApplicable
    } else if field.hasPrefix(">") || field.hasPrefix("<") {
      self = .comparison(try Self.comparison(field, of: field))
    } else {
      self = .words([field])
    }
  }

  private static func deeper(_ depth: Int, _ field: String) throws(ReferencesError) -> Int {
    guard depth < maximumNegations else {
      throw invalid("nested more than \(maximumNegations) times", String(field.prefix(40)) + "…")
    }
    return depth + 1
  }

  private static func trim(_ text: some StringProtocol) -> String {
    text.trimmingCharacters(in: .whitespaces)
  }

  private static func invalid(_ message: String, _ field: String) -> ReferencesError {
    ReferencesError(
      "row-invalid", message, "'\(field)'",
      hint: "fields are words, A|B, globs, (regex), {literal}, NOT x, between a b, #>a AND <b#")
  }

  private static func regex(_ pattern: String) throws(ReferencesError) -> FieldMatcher {
    guard let expression = try? NSRegularExpression(pattern: pattern) else {
      throw invalid("not a regular expression", "(\(pattern))")
    }
    return .regex(expression)
  }

  private static func between(_ field: String) throws(ReferencesError) -> FieldMatcher {
    let parts = field.split(separator: " ").map(String.init)
    guard parts.count == 3, let low = Double(parts[1]), let high = Double(parts[2]), low <= high else {
      throw invalid("expected 'between LOW HIGH'", field)
    }
    return .both(
      .comparison(Comparison(relation: .atLeast, bound: low)),
      .comparison(Comparison(relation: .below, bound: high)))
  }

  /// What stands between two `#`: two fields joined by AND, else two joined by OR, else one field as it stands; of more
  /// than two the published client takes the first two, and a blank before a single comparison makes it a word that
  /// nothing equals.
  private static func relation(_ inner: String, depth: Int) throws(ReferencesError) -> FieldMatcher {
    for word in ["AND", "OR"] where "#\(inner)#".contains(" \(word) ") {
      let parts = inner.components(separatedBy: word).map(trim)
      let deeper = try deeper(depth, inner)
      let first = try FieldMatcher(parts[0], depth: deeper)
      let second = try FieldMatcher(parts[1], depth: deeper)
      return word == "AND" ? .both(first, second) : .either(first, second)
    }
    return try FieldMatcher(inner, depth: deeper(depth, inner))
  }

  /// The number behind the sign; what follows it is not looked at, as in the published client.
  private static func comparison(_ text: String, of field: String) throws(ReferencesError) -> Comparison {
    let sign = Comparison.Relation.allCases.first { text.hasPrefix($0.rawValue) }
    let number = sign.flatMap { sign in
      text.dropFirst(sign.rawValue.count).prefixMatch(of: /\s*([-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?)/)?.1
    }
    guard let sign, let number, let bound = decimalNumber(String(number)) else {
      throw invalid("expected a comparison such as '>= 5'", field)
    }
    return Comparison(relation: sign, bound: bound)
  }

  /// A field that no header can fit, though it looks like a comparison: `# >5 #`.
  static func isBlankComparison(_ field: String) -> Bool {
    guard field.count > 2, field.hasPrefix("#"), field.hasSuffix("#") else { return false }
    let inner = field.dropFirst().dropLast()
    let isSingle = !field.uppercased().contains(" AND ") && !field.uppercased().contains(" OR ")
    return isSingle && inner.first == " " && "<>".contains(trim(inner).first ?? " ")
  }

  /// 1 fits, 0 does not matter, -1 does not fit. A header's `*` fits every row; its `N/A` matters to none.
  func match(_ value: String, number: Double?) -> Int {
    switch self {
    case .notApplicable: return 0
    case .negation(let inner): return -inner.match(value, number: number)
    default: break
    }
    if value == "*" { return 1 }
    if case .words(let words) = self, words.contains(value) { return 1 }
    if value == "N/A" { return 0 }
    return fits(value, number: number) ? 1 : -1
  }

  /// Stretches of work after which a regular expression that backtracks without end is taken not to fit.
  private static let regexPatience = 100

  private static func fits(_ expression: NSRegularExpression, _ value: String) -> Bool {
    var isFound = false
    var stretches = 0
    let range = NSRange(value.startIndex..., in: value)
    expression.enumerateMatches(in: value, options: [.anchored, .reportProgress], range: range) {
      match, _, stop in
      isFound = match != nil
      stretches += 1
      if isFound || stretches > regexPatience { stop.pointee = true }
    }
    return isFound
  }

  private func fits(_ value: String, number: Double?) -> Bool {
    switch self {
    case .globs(let globs): globs.contains { globMatches($0, value) }
    case .regex(let expression): Self.fits(expression, value)
    case .comparison(let comparison): number.map(comparison.holds) ?? false
    case .both(let a, let b): a.match(value, number: number) == 1 && b.match(value, number: number) == 1
    case .either(let a, let b): a.match(value, number: number) == 1 || b.match(value, number: number) == 1
    case .notApplicable, .words, .negation: false
    }
  }
}

/// True for fields that are not plain words: `{…}`, `(…)`, `#…#`, `BETWEEN …`, `NOT…`.
func isEsoteric(_ field: String) -> Bool {
  let upper = field.uppercased()
  if let first = upper.first, let last = upper.last, "{(#".contains(first), "})#".contains(last) {
    return true
  }
  return upper.hasPrefix("BETWEEN") || upper.hasPrefix("NOT")
}

/// `A | B` as `["A", "B"]`, sorted, blanks and empty alternatives dropped; esoteric fields stay whole.
func alternatives(_ field: String) -> [String] {
  guard field.contains("|"), !isEsoteric(field) else { return [field] }
  return field.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    .filter { !$0.isEmpty }.sorted()
}

/// Shell-style match of the whole value: `*`, `?`, `[abc]`, `[!a-c]`; linear in pattern times value.
func globMatches(_ pattern: String, _ value: String) -> Bool {
  let pattern = Array(pattern)
  let value = Array(value)
  var p = 0
  var v = 0
  var star: (p: Int, v: Int)?
  while v < value.count {
    if p < pattern.count, pattern[p] == "*" {
      star = (p, v)
      p += 1
    } else if let next = globStep(pattern, p, value[v]) {
      p = next
      v += 1
    } else if let back = star {
      p = back.p + 1
      v = back.v + 1
      star = (back.p, back.v + 1)
    } else {
      return false
    }
  }
  return pattern[p...].allSatisfy { $0 == "*" }
}

/// The pattern's position after it took one character, or nil when it does not take it.
private func globStep(_ pattern: [Character], _ p: Int, _ character: Character) -> Int? {
  guard p < pattern.count else { return nil }
  if pattern[p] == "?" { return p + 1 }
  if pattern[p] == "[", let close = pattern[(p + 1)...].dropFirst().firstIndex(of: "]") {
    let isNegated = pattern[p + 1] == "!"
    let set = Array(pattern[(p + (isNegated ? 2 : 1))..<close])
    var isIn = false
    var i = 0
    while i < set.count {
      if i + 2 < set.count, set[i + 1] == "-" {
        isIn = isIn || set[i] <= character && character <= set[i + 2]
        i += 3
      } else {
        isIn = isIn || set[i] == character
        i += 1
      }
    }
    return isIn != isNegated ? close + 1 : nil
  }
  return pattern[p] == character ? p + 1 : nil
}

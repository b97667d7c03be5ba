/// `ClosestTime`, `GeometricallyNearest`, `Bracket`, `SelectVersion` and `VersionAfter`: one value of the header
/// picks among keys that have an order.
///
/// Semantics are those of the published client 14 (`crds.core.selectors`), also that distances are compared in single
/// precision: what is as near to that precision is as near.
final class OrderedTable: Sendable {
  enum Kind: String, Sendable {
    /// The key nearest in time to the header's date; of two as near, the earlier.
    case closestTime = "ClosestTime"
    /// The key nearest to the header's number; of two as near, the first as text.
    case geometricallyNearest = "GeometricallyNearest"
    /// The keys on both sides of the header's number; the one that equals it, or the end beyond which it lies.
    case bracket = "Bracket"
    /// The first of `<1.2`, `=1.2`, … `default` that is not below the header's version.
    case selectVersion = "SelectVersion"
    /// The last of `1`, `1.2`, `1.2.3` that is not above the header's version.
    case versionAfter = "VersionAfter"
  }

  /// A key as a number of one scale.
  enum Position: Sendable {
    case time(UseAfterStamp)
    case number(Double)
    /// A bound and the rank of its relation: `<` before `<=` before `=`.
    case relation(Double, Int)
    case version([Int])
  }

  struct Entry: Sendable {
    let position: Position
    /// As the rmap writes it.
    let text: String
    let choice: SelectorTree
  }

  let kind: Kind
  let parameters: [HeaderName]
  /// In the client's order.
  let entries: [Entry]
  let hasBracket: Bool

  /// - Throws: a sentence about the first key that the kind cannot have.
  init(
    kind: Kind, parameters: [HeaderName], keyed: [(key: Literal, choice: SelectorTree)]
  ) throws(KeyProblem) {
    self.kind = kind
    self.parameters = parameters
    var entries: [Entry] = []
    for (key, choice) in keyed {
      guard let position = Self.position(key, kind) else {
        throw KeyProblem(sentence: "\(key.representation(indent: 0)) is not a key of \(kind.rawValue)")
      }
      entries.append(Entry(position: position, text: key.pythonString, choice: choice))
    }
    self.entries = entries.sorted { Self.precedes($0, $1, kind) }
    hasBracket = kind == .bracket || entries.contains { $0.choice.hasBracket }
  }

  /// The same kind of table with entries of several; of equal keys the greater file name stays.
  init(_ model: OrderedTable, entries: [Entry]) {
    kind = model.kind
    parameters = model.parameters
    let kind = model.kind
    var merged: [Entry] = []
    for entry in entries.sorted(by: { Self.precedes($0, $1, kind) }) {
      guard let last = merged.last, !Self.precedes(last, entry, kind) else {
        merged.append(entry)
        continue
      }
      if entry.choice.fileText ?? "" > last.choice.fileText ?? "" { merged[merged.count - 1] = entry }
    }
    self.entries = merged
    hasBracket = merged.contains { $0.choice.hasBracket }
  }

  struct KeyProblem: Error { let sentence: String }

  private static func position(_ key: Literal, _ kind: Kind) -> Position? {
    switch kind {
    case .closestTime: key.string.flatMap { UseAfterStamp($0) }.map(Position.time)
    case .geometricallyNearest, .bracket: number(key).map(Position.number)
    case .selectVersion: relation(key.pythonString)
    case .versionAfter: version(key.pythonString).map(Position.version)
    }
  }

  private static func number(_ key: Literal) -> Double? {
    switch key {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .string(let text): finite(text)
    default: nil
    }
  }

  /// A finite decimal number with blanks around it ignored.
  static func finite(_ text: String) -> Double? {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return decimalNumber(String(text)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// `<5`, `<=5`, `=5`, `==5`, `5` or `default`.
  private static func relation(_ text: String) -> Position? {
    let bare = text.filter { $0 != "=" && $0 != " " }
    if bare == "default" { return .relation(.infinity, 2) }
    var rest = text[...]
    var rank = 2
    if rest.first == "<" {
      rest = rest.dropFirst()
      rank = 0
      if rest.first == "=" {
        rest = rest.dropFirst()
        rank = 1
      }
    } else {
      while rest.first == "=", text.count - rest.count < 2 { rest = rest.dropFirst() }
    }
    return finite(String(rest)).map { .relation($0, rank) }
  }

  /// Up to three numbers of at most eight digits each, then anything of letters, digits and `_+-.`; absent ones
  /// are 0.
  static func version(_ text: String) -> [Int]? {
    var numbers: [Int] = []
    var rest = text.utf8[...]
    while numbers.count < 3 {
      let digits = rest.prefix { PythonTokenizer.isDigit($0) }.prefix(8)
      guard let number = Int(Substring(digits)) else { break }
      numbers.append(number)
      rest = rest.dropFirst(digits.count)
      guard rest.first == UInt8(ascii: "."), let next = rest.dropFirst().first, PythonTokenizer.isDigit(next)
      else { break }
      if numbers.count < 3 { rest = rest.dropFirst() }
    }
    let isTail = rest.allSatisfy {
      PythonTokenizer.isNameByte($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
    }
    guard !numbers.isEmpty, rest.count <= 128, isTail else { return nil }
    return numbers + [Int](repeating: 0, count: 3 - numbers.count)
  }

  private static func precedes(_ a: Entry, _ b: Entry, _ kind: Kind) -> Bool {
    switch (a.position, b.position) {
    case (.time(let x), .time(let y)): x < y
    // The client sorts these keys as text; of two that are as near, the first in that order is taken.
    case (.number, .number) where kind == .geometricallyNearest: conditioned(a.text) < conditioned(b.text)
    case (.number(let x), .number(let y)): x < y
    case (.relation(let x, let i), .relation(let y, let j)): x == y ? i < j : x < y
    case (.version(let x), .version(let y)): x.lexicographicallyPrecedes(y)
    default: false
    }
  }
}

// MARK: choosing

extension OrderedTable {
  /// Position of the entry nearest to `stamp`, the first of those as near; nil when there is none.
  func nearest(to stamp: UseAfterStamp) -> Int? {
    entries.indices.min {
      Self.distance(entries[$0].position, stamp) < Self.distance(entries[$1].position, stamp)
    }
  }

  /// Seconds.
  private static func distance(_ position: Position, _ stamp: UseAfterStamp) -> Float {
    guard case .time(let time) = position else { return .infinity }
    return Float(Double(abs(time.microseconds - stamp.microseconds)) / 1e6)
  }

  func nearest(to number: Double) -> Int? {
    func distance(_ index: Int) -> Float { abs(Float(self.number(index)) - Float(number)) }
    return entries.indices.min { distance($0) < distance($1) }
  }

  private func number(_ index: Int) -> Double {
    if case .number(let number) = entries[index].position { number } else { .infinity }
  }

  /// The entries on both sides of `number`: one alone when it is hit exactly or lies at that end.
  func bracket(_ number: Double) -> (below: Int, above: Int)? {
    guard let last = entries.indices.last else { return nil }
    let index = entries.indices.first { self.number($0) >= number } ?? last
    let isAlone = index == 0 || self.number(index) <= number
    return (isAlone ? index : index - 1, index)
  }

  /// The first relation that is not below version `number`, of rank `=`.
  func relation(_ number: Double) -> Int? {
    entries.indices.first {
      guard case .relation(let bound, let rank) = entries[$0].position else { return false }
      return bound > number || bound == number && rank == 2
    }
  }

  /// The last version that is not above `version`.
  func version(notAfter version: [Int]) -> Int? {
    entries.indices.last {
      guard case .version(let key) = entries[$0].position else { return false }
      return !version.lexicographicallyPrecedes(key)
    }
  }
}

/// A Python literal of a mapping, and the calls `Match({…})` and `UseAfter({…})` around dictionaries.
indirect enum Literal: Sendable, Hashable {
  case none
  case bool(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case tuple([Literal])
  case list([Literal])
  case dictionary([Pair])
  case call(String, Literal)

  struct Pair: Sendable, Hashable {
    var key: Literal
    var value: Literal
  }

  var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var pairs: [Pair]? {
    if case .dictionary(let pairs) = self { pairs } else { nil }
  }

  /// Elements of a tuple or list.
  var elements: [Literal]? {
    switch self {
    case .tuple(let items), .list(let items): items
    default: nil
    }
  }

  /// What Python's `str()` gives.
  var pythonString: String {
    if case .string(let text) = self { text } else { representation(indent: 0) }
  }

  /// What Python's `repr()` gives; dictionaries as CRDS lays them out, one entry a line.
  func representation(indent: Int) -> String {
    switch self {
    case .none: return "None"
    case .bool(let flag): return flag ? "True" : "False"
    case .integer(let number): return String(number)
    case .real(let number): return String(number)
    case .string(let text): return Self.quoted(text)
    case .tuple(let items):
      let inside = items.map { $0.representation(indent: indent) }.joined(separator: ", ")
      return items.count == 1 ? "(\(inside),)" : "(\(inside))"
    case .list(let items):
      return "[" + items.map { $0.representation(indent: indent) }.joined(separator: ", ") + "]"
    case .dictionary(let pairs):
      let pad = String(repeating: "    ", count: indent)
      let lines = pairs.map {
        "\(pad)    \($0.key.representation(indent: 0)) : \($0.value.representation(indent: indent + 1)),\n"
      }
      return "{\n" + lines.joined() + pad + "}"
    case .call(let name, let argument):
      return "\(name)(\(argument.representation(indent: indent)))"
    }
  }

  /// Python's `repr` of a string.
  static func quoted(_ text: String) -> String {
    let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "'" where quote == "'": result += "\\'"
      case let other where other.value < 0x20 || other.value == 0x7F:
        let digits = String(other.value, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    result.append(quote)
    return result
  }
}

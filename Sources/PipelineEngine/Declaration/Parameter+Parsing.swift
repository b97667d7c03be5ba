/// Why a text is no value of a parameter, and what would be.
package struct ParameterProblem: Error, Sendable, Equatable {
  package let found: String
  package let expected: String
}

extension Parameter {
  /// Reads a value given as text of a cfg or of the command line.
  /// - Throws: `ParameterProblem` when the text is of another type or out of range.
  package func parse(_ text: String) throws(ParameterProblem) -> ParameterSetting {
    if text == "None" || (text.isEmpty && isOptional) {
      guard isOptional else { throw problem(text) }
      return .none
    }
    switch kind {
    case .string: return .string(text)
    case .boolean: return .boolean(try boolean(text))
    case .integer(let range): return .integer(try integer(text, in: range))
    case .number(let range): return .number(try number(text, in: range))
    case .choice(let names):
      guard names.contains(text) else { throw problem(text) }
      return .string(text)
    case .list: return .list(Self.items(text))
    }
  }

  /// Reads a list as a cfg gives it; anything but a list parameter takes a list of one.
  package func parse(_ items: [String]) throws(ParameterProblem) -> ParameterSetting {
    if case .list = kind { return .list(items) }
    guard items.count == 1, let only = items.first else { throw problem(items.joined(separator: ", ")) }
    return try parse(only)
  }

  private func boolean(_ text: String) throws(ParameterProblem) -> Bool {
    switch text.lowercased() {
    case "true", "yes", "on", "1": return true
    case "false", "no", "off", "0": return false
    default: throw problem(text)
    }
  }

  private func integer(_ text: String, in range: ClosedRange<Int>) throws(ParameterProblem) -> Int {
    guard let value = Int(text), range.contains(value) else { throw problem(text) }
    return value
  }

  private func number(_ text: String, in range: ClosedRange<Double>) throws(ParameterProblem) -> Double {
    guard let value = Double(text), value.isFinite, range.contains(value) else { throw problem(text) }
    return value
  }

  private static func items(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
  }

  private func problem(_ text: String) -> ParameterProblem {
    var expected = typeName
    if !rangeText.isEmpty { expected += " (\(rangeText))" }
    if isOptional { expected += " or None" }
    return ParameterProblem(found: text, expected: expected)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var rest = self
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}

import FITSStructure
import Foundation

extension FrameMetadata {
  /// Everything in the header that the schema does not allow, all at once, in the schema's order.
  ///
  /// Checked are types, allowed words, ranges, dates, `EXPDTST` against `EXPJDST`, and, when `kind` is given,
  /// the keywords that a product of that kind must carry. Keywords that the schema does not know are never a
  /// problem.
  public func problems(kind: String? = nil) -> [ValidationProblem] {
    var problems: [ValidationProblem] = []
    var indices = Set(keywords.compactMap(schema.index))
    if let kind { indices.formUnion(schema.requiredIndices(for: kind)) }
    for index in indices.sorted() {
      let definition = schema.definitions[index]
      guard let found = found(definition) else {
        problems.append(
          .init(keyword: definition.keyword, expected: Self.expectation(definition), found: "missing"))
        continue
      }
      if !Self.isAllowed(found.value, definition) {
        problems.append(
          .init(keyword: found.keyword, expected: Self.expectation(definition), found: found.value.shown))
      }
    }
    return problems + dateProblems
  }

  private var dateProblems: [ValidationProblem] {
    var problems: [ValidationProblem] = []
    if let coarse = date("exposure.begin_compact"), let text = value(of: "EXPJDST")?.shown,
      let fine = double("exposure.begin_jd").flatMap(FITSDate.fromJulian),
      abs(fine.timeIntervalSince(coarse) - 0.5) > 1
    {
      problems.append(
        .init(
          keyword: "EXPJDST", expected: "the same time as EXPDTST, \(FITSDate.text(of: coarse))", found: text)
      )
    }
    if let begin = dateBegin, let end = date("exposure.end"), end < begin {
      problems.append(
        .init(
          keyword: "DATE-END", expected: "a time after the start, \(FITSDate.text(of: begin))",
          found: "'\(FITSDate.text(of: end))'"))
    }
    return problems
  }

  private static func isAllowed(_ value: Card.Value, _ definition: KeywordDefinition) -> Bool {
    if case .string(let text) = value, text.allSatisfy({ $0 == " " }) { return true }
    switch convert(value, definition) {
    case .string(let text)?:
      return definition.choices.isEmpty || definition.choices.contains(text)
    case .integer(let number)?:
      return isIn(definition.range, Double(number))
        && (definition.choices.isEmpty || definition.choices.contains(String(number)))
    case .double(let number)?:
      return number.isFinite && isIn(definition.range, number)
    case .logical?, .date?: return true
    case nil: return false
    }
  }

  private static func isIn(_ range: ClosedRange<Double>?, _ number: Double) -> Bool {
    range?.contains(number) ?? true
  }

  /// The schema's demand in words.
  static func expectation(_ definition: KeywordDefinition) -> String {
    if !definition.choices.isEmpty { return "one of " + definition.choices.joined(separator: ", ") }
    let kind =
      switch definition.type {
      case .string: "a text"
      case .label: "a text or a number"
      case .integer: "an integer"
      case .double: "a number"
      case .logical: "T or F"
      case .datetime: "a UTC date such as 2026-07-14T09:12:44.7"
      case .time: "a UTC time such as 09:12:44.7"
      case .ra: "degrees or hh:mm:ss"
      case .dec: "degrees or dd:mm:ss"
      }
    guard let range = definition.range else { return kind }
    let unit = definition.unit.map { " " + $0 } ?? ""
    let ends = "\(DecimalText.shortest(range.lowerBound)) to \(DecimalText.shortest(range.upperBound))"
    return "\(kind) from \(ends)\(unit)"
  }
}

import CatalogStore
import Foundation
import Tables

/// A JSON value of an answer that is one object. Absent values are `null`, so that keys are always there.
enum JSONValue: Encodable {
  case null
  case text(String)
  case integer(Int64)
  case real(Double)
  case flag(Bool)
  case list([JSONValue])
  case object([String: JSONValue])

  init(_ text: String?) { self = text.map(JSONValue.text) ?? .null }
  init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }
  init(_ number: Int64?) { self = number.map(JSONValue.integer) ?? .null }
  init(_ number: Double?) { self = number.flatMap { $0.isFinite ? .real($0) : nil } ?? .null }
  init(time: Double?) { self = time.map { .text(CatalogTime.text($0)) } ?? .null }
  init(_ counts: [String: Int]) { self = .object(counts.mapValues { .integer(Int64($0)) }) }

  init(_ cell: Cell) {
    self =
      switch cell {
      case .string(let text): .text(text)
      case .int(let number): .integer(number)
      case .double(let number): JSONValue(number)
      case .bool(let flag): .flag(flag)
      case .null: .null
      }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .text(let text): try container.encode(text)
    case .integer(let number): try container.encode(number)
    case .real(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .list(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }

  /// Indented, keys sorted, with a final newline.
  func rendered() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}

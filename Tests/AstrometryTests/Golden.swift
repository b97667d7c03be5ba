import Astrometry
import FITSStructure
import Foundation

/// Files of `Tests/Golden`.
enum Golden {
  static func data(_ name: String) throws -> Data {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Data(contentsOf: tests.appending(path: "Golden/\(name)"))
  }

  /// A header value as JSON has it.
  enum Value: Decodable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    func card(_ keyword: String) -> Card {
      switch self {
      case .text(let text): Card(keyword, text)
      case .number(let number) where keyword.hasSuffix("ORDER"): Card(keyword, Int(number))
      case .number(let number): Card(keyword, number)
      }
    }
  }

  static func cards(_ header: [String: Value]) -> [Card] {
    header.sorted { $0.key < $1.key }.map { $0.value.card($0.key) }
  }
}

/// Degrees between two places on the sky.
func separation(_ a: SkyPosition, _ b: SkyPosition) -> Double {
  let offset = TangentPlane(at: a).offset(of: b)
  return (offset.east * offset.east + offset.north * offset.north).squareRoot() / 3600
}

/// Cards of a header of text and numbers.
func cards(_ header: KeyValuePairs<String, Any>) -> [Card] {
  header.map { keyword, value in
    switch value {
    case let text as String: Card(keyword, text)
    case let whole as Int: Card(keyword, whole)
    case let real as Double: Card(keyword, real)
    default: Card(keyword, nil)
    }
  }
}

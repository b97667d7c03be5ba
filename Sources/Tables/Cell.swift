/// One value of a table.
public enum Cell: Sendable, Hashable {
  case string(String)
  case int(Int64)
  case double(Double)
  case bool(Bool)
  case null

  /// The cell of an optional value: null when there is none.
  public init(_ text: String?) { self = text.map(Cell.string) ?? .null }
  public init(_ number: Int?) { self = number.map { .int(Int64($0)) } ?? .null }
  public init(_ number: Double?) { self = number.map(Cell.double) ?? .null }
  public init(_ flag: Bool?) { self = flag.map(Cell.bool) ?? .null }

  /// The value as plain text: shortest round-trip numbers, `true`/`false`, nothing for null.
  public var text: String {
    switch self {
    case .string(let text): text
    case .int(let number): String(number)
    case .double(let number): Self.text(of: number)
    case .bool(let flag): flag ? "true" : "false"
    case .null: ""
    }
  }

  /// Whole numbers below 1e15 without a fraction, others as short as reads back equal; `NaN`, `inf`, `-inf`.
  static func text(of number: Double) -> String {
    if number.isNaN { return "NaN" }
    guard number.isFinite, number == number.rounded(), abs(number) < 1e15 else { return "\(number)" }
    return String(Int64(number))
  }
}

/// A parameter's value, typed by its declaration.
public enum ParameterSetting: Sendable, Hashable {
  case none
  case string(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case list([String])

  /// The value as text of a cfg, so that reading it back gives the same value.
  public var text: String {
    switch self {
    case .none: "None"
    case .string(let text): text
    case .integer(let value): "\(value)"
    case .number(let value): Self.shortest(value)
    case .boolean(let value): value ? "True" : "False"
    case .list(let items): items.isEmpty ? "," : items.joined(separator: ", ")
    }
  }

  private static func shortest(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}

import JobContract

/// The final parameters of one step, each with the layer its value came from.
public struct ParameterSet: Sendable, Equatable {
  /// Where a value came from, weakest first.
  public enum Origin: String, Sendable, Comparable, CaseIterable {
    case `default` = "default"
    case reference = "reference"
    case cfg = "cfg"
    case commandLine = "command line"
    case job = "job"

    public static func < (a: Origin, b: Origin) -> Bool {
      Self.allCases.firstIndex(of: a) ?? 0 < Self.allCases.firstIndex(of: b) ?? 0
    }
  }

  private var values: [String: Layered<ParameterSetting>] = [:]

  /// The defaults of a declaration.
  public init(defaultsOf declaration: StepDeclaration) {
    for parameter in declaration.parameters {
      values[parameter.name] = Layered(parameter.defaultValue)
    }
  }

  /// Sets a value; a later call of the same or a stronger layer wins.
  /// - Parameter place: `file:line` when the value comes from a file.
  public mutating func set(
    _ name: String, _ setting: ParameterSetting, from origin: Origin, at place: String? = nil
  ) {
    values[name, default: Layered(.none)].set(setting, from: origin, at: place)
  }

  /// A parameter's value; `none` for what is not declared.
  public subscript(_ name: String) -> ParameterSetting { values[name]?.value ?? .none }

  /// Where a parameter's value came from.
  public func origin(of name: String) -> Origin? { values[name]?.origin }

  /// `file:line` of the value; nil when no file set it.
  public func place(of name: String) -> String? { values[name]?.place }

  /// The text of a string or choice parameter; nil for `None`.
  public func string(_ name: String) -> String? {
    if case .string(let text) = self[name] { text } else { nil }
  }

  /// A whole number, nil when it is none.
  public func integer(_ name: String) -> Int? {
    if case .integer(let value) = self[name] { value } else { nil }
  }

  /// A number; integers count.
  public func number(_ name: String) -> Double? {
    switch self[name] {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  /// False when absent.
  public func boolean(_ name: String) -> Bool { self[name] == .boolean(true) }

  /// Everything as the report writes it.
  public var reported: [String: ParameterValue] {
    values.mapValues { ParameterValue(value: $0.value.text, origin: $0.origin.rawValue, place: $0.place) }
  }

  public static func == (a: ParameterSet, b: ParameterSet) -> Bool { a.reported == b.reported }
}

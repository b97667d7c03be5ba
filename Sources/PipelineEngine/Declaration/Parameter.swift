/// A step's parameter, declared once: cfg checking, `describe`, provenance and the README come from here.
public struct Parameter: Sendable, Hashable {
  /// Type and allowed values.
  public enum Kind: Sendable, Hashable {
    case string
    case boolean
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case choice([String])
    case list
  }

  public let name: String
  public let kind: Kind
  public let defaultValue: ParameterSetting
  /// Unit as FITS writes it; empty for none.
  public let unit: String
  public let help: String
  /// Whether `None` is a value.
  public let isOptional: Bool
  /// Other names it answers to in a cfg: those of the documents.
  public let aliases: [String]

  /// A parameter; it is optional when its default is `.none`.
  public init(
    _ name: String, _ kind: Kind, default defaultValue: ParameterSetting, unit: String = "", help: String,
    aliases: [String] = []
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.unit = unit
    self.help = help
    self.aliases = aliases
    self.isOptional = defaultValue == .none
  }

  /// Name of the type as manifest and messages give it.
  public var typeName: String {
    switch kind {
    case .string: "string"
    case .boolean: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .choice: "choice"
    case .list: "list"
    }
  }

  /// Allowed values as text; empty when any value of the type will do.
  public var rangeText: String {
    switch kind {
    case .string, .boolean, .list: ""
    case .integer(let range): Self.text(range.lowerBound, range.upperBound, Int.min, Int.max)
    case .number(let range):
      Self.text(range.lowerBound, range.upperBound, -Double.infinity, Double.infinity)
    case .choice(let names): names.joined(separator: " | ")
    }
  }

  private static func text<T: Comparable>(_ low: T, _ high: T, _ least: T, _ most: T) -> String {
    switch (low == least, high == most) {
    case (true, true): ""
    case (false, true): ">= \(low)"
    case (true, false): "<= \(high)"
    case (false, false): "\(low)…\(high)"
    }
  }
}

import Foundation

/// The kind of a setting: how its text is read and written.
public enum SettingKind: String, Sendable {
  case text
  /// A path, relative to the archive's root unless absolute.
  case path
  /// Comma-separated texts.
  case list
  case boolean
  case integer
  case number
  /// Seconds; texts may say `ms`, `s`, `min`, `h` or `d`, a bare number is seconds.
  case duration
  /// Bytes; texts may say `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) or `KiB`, `MiB`, `GiB`, `TiB` (of
  /// 1024).
  case size
  /// A time of day, `hh:mm` UTC, kept as seconds after midnight.
  case timeOfDay
}

/// A typed value.
public enum SettingValue: Sendable, Hashable {
  case text(String)
  case list([String])
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case size(UInt64)

  /// Reads `text` as `kind` within `range`; nil when it is not that.
  init?(_ items: [String], kind: SettingKind, range: ClosedRange<Double>?) {
    let text = items.count == 1 ? items[0].trimmingCharacters(in: .whitespaces) : ""
    guard kind == .list || items.count == 1 else { return nil }
    switch kind {
    case .list: self = .list(items)
    case .text, .path: self = .text(text)
    case .boolean:
      guard let flag = Self.boolean(text) else { return nil }
      self = .boolean(flag)
    case .integer:
      guard let number = Int(text), Self.isIn(range, Double(number)) else { return nil }
      self = .integer(number)
    case .number:
      guard let number = Self.decimal(text), Self.isIn(range, number) else { return nil }
      self = .number(number)
    case .duration:
      guard let seconds = Self.scaled(text, Self.durations), Self.isIn(range, seconds) else { return nil }
      self = .number(seconds)
    case .size:
      guard let bytes = Self.scaled(text, Self.sizes), bytes <= 1e18, Self.isIn(range, bytes) else {
        return nil
      }
      self = .size(UInt64(bytes))
    case .timeOfDay:
      guard let seconds = Self.timeOfDay(text) else { return nil }
      self = .number(seconds)
    }
  }

  private static func isIn(_ range: ClosedRange<Double>?, _ number: Double) -> Bool {
    range?.contains(number) ?? true
  }

  private static func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "yes", "on", "1": true
    case "false", "no", "off", "0": false
    default: nil
    }
  }

  private static func decimal(_ text: String) -> Double? {
    guard text.allSatisfy({ "0123456789.+-eE".contains($0) }), let number = Double(text), number.isFinite
    else {
      return nil
    }
    return number
  }

  private static let durations: [String: Double] = [
    "": 1, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86_400,
  ]

  private static let sizes: [String: Double] = [
    "": 1, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1024, "MiB": 1_048_576,
    "GiB": 1_073_741_824, "TiB": 1_099_511_627_776,
  ]

  private static func scaled(_ text: String, _ units: [String: Double]) -> Double? {
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces)
    guard let number = decimal(String(digits)), let scale = units[unit] else { return nil }
    return number * scale
  }

  private static func timeOfDay(_ text: String) -> Double? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hours = Int(parts[0]),
      let minutes = Int(parts[1]), 0..<24 ~= hours, 0..<60 ~= minutes
    else { return nil }
    return Double(hours * 3600 + minutes * 60)
  }
}

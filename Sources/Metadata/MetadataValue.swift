import FITSStructure
import Foundation

/// A header value by its metadata path, after aliases and canonical spellings are resolved.
public enum MetadataValue: Sendable, Hashable, CustomStringConvertible {
  case string(String)
  case integer(Int64)
  case double(Double)
  case logical(Bool)
  case date(Date)

  /// The value as a person writes it: shortest round-trip numbers, `T`/`F`, ISO 8601 dates.
  public var description: String {
    switch self {
    case .string(let text): text
    case .integer(let number): String(number)
    case .double(let number): DecimalText.shortest(number)
    case .logical(let flag): flag ? "T" : "F"
    case .date(let date): FITSDate.text(of: date)
    }
  }
}

/// Numbers written as text in one canonical way.
enum DecimalText {
  /// Shortest text that reads back equal; whole numbers below 1e15 without a fraction (`300`, `0.004`,
  /// `1e+20`).
  static func shortest(_ number: Double) -> String {
    guard number.isFinite, number == number.rounded(), abs(number) < 1e15 else { return "\(number)" }
    return String(Int64(number))
  }

  /// `text` in canonical decimal form when it is a number (`.0040` -> `0.004`), else unchanged.
  static func canonical(_ text: String) -> String {
    guard let number = Double(text), number.isFinite else { return text }
    return shortest(number)
  }
}

extension Card.Value {
  /// The value as found in the header, for messages: quoted text, cut at 40 characters, control characters
  /// escaped.
  var shown: String {
    switch self {
    case .logical(let flag): flag ? "T" : "F"
    case .integer(let number): String(number)
    case .real(let number): DecimalText.shortest(number)
    case .string(let text): "'\(Self.printable(text))'"
    case .complex(let real, let imaginary): "(\(real), \(imaginary))"
    case .undefined: "no value"
    case .text(let text): "\(Self.printable(text)) (not a FITS value)"
    }
  }

  /// Header text made fit for a log line: at most 40 characters, anything outside printable ASCII as `?`.
  static func printable(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(41) {
      shown.unicodeScalars.append((0x20..<0x7F).contains(scalar.value) ? scalar : "?")
    }
    return shown.count > 40 ? shown.prefix(40) + "…" : shown
  }

  /// The number that a value stands for; texts such as `NaN` and `-Inf` count, other texts do not.
  var number: Double? {
    switch self {
    case .integer(let number): return Double(number)
    case .real(let number): return number
    case .string(let text), .text(let text):
      let word = text.trimmingCharacters(in: .whitespaces).lowercased()
      let bare = word.hasPrefix("+") || word.hasPrefix("-") ? String(word.dropFirst()) : word
      guard ["nan", "inf", "infinity"].contains(bare) else { return nil }
      return bare == "nan" ? .nan : (word.hasPrefix("-") ? -.infinity : .infinity)
    default: return nil
    }
  }

  /// Text, or a number or flag written as text (for labels such as programme numbers).
  var label: String? {
    switch self {
    case .string(let text): text.trimmingCharacters(in: .whitespaces)
    case .integer(let number): String(number)
    case .real(let number): DecimalText.shortest(number)
    case .logical(let flag): flag ? "T" : "F"
    default: nil
    }
  }
}

import Foundation

/// CRDS's normal form of a header or row value: blanks at the ends removed, upper case, numbers as Python
/// prints a float, `ANY` as `*`, the several spellings of not applicable as `N/A`, true and false as `T` and
/// `F`.
func conditioned(_ value: String) -> String {
  if isPlainWord(value) { return value }
  var text = value.trimmingCharacters(in: .whitespacesAndNewlines).uppercased()
  if let number = decimalNumber(text) { text = String(number) }
  if ["-2147483648.0", "()", "N/A", "NOT APPLICABLE"].contains(where: text.hasPrefix) { text = "N/A" }
  switch text {
  case "NOT_APPLICABLE": return "N/A"
  case "ANY": return "*"
  case "4294967295.0": return "-1.0"
  case "TRUE": return "T"
  case "FALSE": return "F"
  default: return text
  }
}

/// True when `value` is its own normal form for sure: capital letters, digits, `_` and `-`, beginning with a
/// letter and none of the words that have another form.
private func isPlainWord(_ value: String) -> Bool {
  var first: UInt8 = 0
  for byte in value.utf8 {
    if first == 0 {
      guard byte >= 0x41 && byte <= 0x5A else { return false }
      first = byte
    }
    let isWordByte =
      byte >= 0x41 && byte <= 0x5A || byte >= 0x30 && byte <= 0x39 || byte == 0x5F || byte == 0x2D
    guard isWordByte else { return false }
  }
  switch first {
  case 0: return false
  case UInt8(ascii: "A"): return value != "ANY"
  case UInt8(ascii: "T"): return value != "TRUE"
  case UInt8(ascii: "F"): return value != "FALSE"
  case UInt8(ascii: "N"): return value != "NOT_APPLICABLE"
  default: return true
  }
}

/// The number when the whole text is a decimal number (sign, digits, point, exponent), else nil.
func decimalNumber(_ text: String) -> Double? {
  var digits = 0
  var sawPoint = false
  var sawExponent = false
  var previous: UInt8 = 0
  for byte in text.utf8 {
    switch byte {
    case 0x30...0x39: digits += 1
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard previous == 0 || previous | 0x20 == UInt8(ascii: "e") && sawExponent else { return nil }
    case UInt8(ascii: "."):
      guard !sawPoint, !sawExponent else { return nil }
      sawPoint = true
    case UInt8(ascii: "E"), UInt8(ascii: "e"):
      guard digits > 0, !sawExponent, previous != UInt8(ascii: ".") else { return nil }
      sawExponent = true
      digits = 0
    default: return nil
    }
    previous = byte
  }
  guard digits > 0 else { return nil }
  return Double(text.hasSuffix(".") ? text + "0" : text)
}

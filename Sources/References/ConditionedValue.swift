import Foundation

/// CRDS's normal form of a header or row value: blanks at the ends removed, upper case, numbers as Python
/// prints a float, `ANY` as `*`, the several spellings of not applicable as `N/A`, true and false as `T` and
/// `F`.
func conditioned(_ value: String) -> String {
  switch form(of: value) {
  case .word: return value
  case .wholeNumber: return value + ".0"
  case .other: break
  }
  if value == "N/A" || value == "*" { return value }
  var text = asciiUppercased(value) ?? value.trimmingCharacters(in: .whitespacesAndNewlines).uppercased()
  if let number = decimalNumber(text) { return number == 4_294_967_295 ? "-1.0" : special(String(number)) }
  for start in ["()", "N/A", "NOT APPLICABLE"] where text.hasPrefix(start) { text = "N/A" }
  return special(text)
}

/// The text without blanks at its ends and in capitals; nil when it is not all ASCII.
private func asciiUppercased(_ value: String) -> String? {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(value.utf8.count)
  for byte in value.utf8 {
    guard byte < 0x80 else { return nil }
    let isBlank = byte == 0x20 || 0x09...0x0D ~= byte
    if isBlank && bytes.isEmpty { continue }
    bytes.append(0x61...0x7A ~= byte ? byte - 0x20 : byte)
  }
  while let last = bytes.last, last == 0x20 || 0x09...0x0D ~= last { bytes.removeLast() }
  return String(decoding: bytes, as: UTF8.self)
}

/// Words that have another normal form than themselves.
private func special(_ text: String) -> String {
  switch text {
  case "-2147483648.0", "NOT_APPLICABLE": "N/A"
  case "ANY": "*"
  case "TRUE": "T"
  case "FALSE": "F"
  default: text
  }
}

private enum ValueForm {
  /// Its own normal form for sure: capital letters, digits, `_` and `-`, beginning with a letter.
  case word
  /// Digits that Python prints as they are, with `.0`.
  case wholeNumber
  case other
}

private func form(of value: String) -> ValueForm {
  var first: UInt8 = 0
  var count = 0
  var isNumber = true
  for byte in value.utf8 {
    if count == 0 { first = byte }
    count += 1
    let isDigit = byte >= 0x30 && byte <= 0x39
    isNumber = isNumber && isDigit
    let isWordByte = byte >= 0x41 && byte <= 0x5A || isDigit || byte == 0x5F || byte == 0x2D
    guard isWordByte else { return .other }
  }
  switch first {
  case 0: return .other
  case 0x30: return count == 1 ? .wholeNumber : .other
  case 0x31...0x39: return isNumber && count <= 9 ? .wholeNumber : .other
  case UInt8(ascii: "A"): return value == "ANY" ? .other : .word
  case UInt8(ascii: "T"): return value == "TRUE" ? .other : .word
  case UInt8(ascii: "F"): return value == "FALSE" ? .other : .word
  case UInt8(ascii: "N"): return value == "NOT_APPLICABLE" ? .other : .word
  case UInt8(ascii: "-"), UInt8(ascii: "_"): return .other
  default: return .word
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

/// Reads the numbers of the FITS grammar: `[+-]digits[.digits][(E|D)[+-]digits]`.
enum NumberParser {
  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
  ]

  /// Digits seen so far: their value while it is exact, and how many.
  private struct Digits {
    var mantissa: UInt64 = 0
    var count = 0
    var overflowed = false
    var afterPoint = 0

    mutating func append(_ digit: UInt8) {
      count += 1
      let (product, high) = mantissa.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if high || carry { overflowed = true } else { mantissa = sum }
    }
  }

  /// `.integer`, `.real`, or `nil` when the bytes are no number or one that a double cannot hold.
  static func parse(_ bytes: Span<UInt8>, from: Int, to: Int) -> Card.Value? {
    var i = from
    guard i < to else { return nil }
    let negative = bytes[i] == 0x2D
    if negative || bytes[i] == 0x2B { i += 1 }
    var digits = Digits()
    while i < to, isDigit(bytes[i]) {
      digits.append(bytes[i] - 0x30)
      i += 1
    }
    if i == to, let whole = integer(digits, negative) { return .integer(whole) }
    if i < to, bytes[i] == 0x2E {
      i += 1
      while i < to, isDigit(bytes[i]) {
        digits.append(bytes[i] - 0x30)
        digits.afterPoint += 1
        i += 1
      }
    }
    guard digits.count > 0, let exponent = exponent(bytes, from: i, to: to) else { return nil }
    return real(digits, negative, exponent, bytes, from, to)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private static func integer(_ digits: Digits, _ negative: Bool) -> Int64? {
    guard digits.count > 0, !digits.overflowed else { return nil }
    if negative {
      return digits.mantissa <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- digits.mantissa) : nil
    }
    return Int64(exactly: digits.mantissa)
  }

  /// Zero at the end of the bytes; `nil` when what follows is no exponent.
  private static func exponent(_ bytes: Span<UInt8>, from: Int, to: Int) -> Int? {
    var i = from
    guard i < to else { return 0 }
    guard [0x45, 0x65, 0x44, 0x64].contains(bytes[i]) else { return nil }
    i += 1
    guard i < to else { return nil }
    let negative = bytes[i] == 0x2D
    if negative || bytes[i] == 0x2B { i += 1 }
    guard i < to else { return nil }
    var value = 0
    while i < to {
      guard isDigit(bytes[i]) else { return nil }
      value = min(value * 10 + Int(bytes[i] - 0x30), 100_000)
      i += 1
    }
    return negative ? -value : value
  }

  /// Exact by one multiplication where mantissa and power are (Clinger 1990), else by the standard library.
  private static func real(
    _ digits: Digits, _ negative: Bool, _ exponent: Int, _ bytes: Span<UInt8>, _ from: Int, _ to: Int
  ) -> Card.Value? {
    let power = exponent - digits.afterPoint
    if !digits.overflowed, digits.mantissa < 1 << 53, abs(power) <= 22 {
      let mantissa = Double(digits.mantissa)
      let magnitude = power < 0 ? mantissa / powersOfTen[-power] : mantissa * powersOfTen[power]
      return .real(negative ? -magnitude : magnitude)
    }
    var text = ""
    for i in from..<to {
      text.unicodeScalars.append(Unicode.Scalar(bytes[i] == 0x44 || bytes[i] == 0x64 ? 0x45 : bytes[i]))
    }
    guard let value = Double(text), value.isFinite else { return nil }
    return .real(value)
  }
}

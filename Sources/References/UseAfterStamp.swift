import Foundation

/// A calendar time to the microsecond; reads the date forms that CRDS reads.
struct UseAfterStamp: Sendable, Comparable {
  /// Microseconds since 1970-01-01, in a calendar without leap seconds.
  let microseconds: Int64

  static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }

  /// Reads `yyyy-mm-dd`, `yyyy/mm/dd`, `mm/dd/yyyy`, `dd/mm/yy`, each alone, with ` hh:mm[:ss[.f]]`, or with
  /// `T`.
  init?(_ text: String) {
    let separator = text.utf8.firstIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "T") }
    guard let separator else {
      self.init(date: text, time: "00:00:00")
      return
    }
    let time = text[text.utf8.index(after: separator)...]
    self.init(date: text[..<separator], time: time.drop { $0 == " " })
  }

  init?(date: some StringProtocol, time: some StringProtocol) {
    guard let (year, month, day) = Self.calendarDay(date) else { return nil }
    guard let (hour, minute, microseconds) = Self.clock(time) else { return nil }
    guard 1...12 ~= month, day >= 1, day <= Self.days(of: month, year), 1...9999 ~= year else { return nil }
    let days = Int64(Self.daysSince1970(year, month, day))
    self.microseconds = ((days * 24 + Int64(hour)) * 60 + Int64(minute)) * 60_000_000 + microseconds
  }

  /// Days-from-civil after Hinnant, "chrono-Compatible Low-Level Date Algorithms"; years from 1 on.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func days(of month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func calendarDay(_ text: some StringProtocol) -> (Int, Int, Int)? {
    var fields = (0, 0, 0)
    var lengths = (0, 0, 0)
    var index = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "-"), UInt8(ascii: "/"):
        index += 1
        guard index <= 2 else { return nil }
      case 0x30...0x39:
        let digit = Int(byte - 0x30)
        switch index {
        case 0: (fields.0, lengths.0) = (fields.0 * 10 + digit, lengths.0 + 1)
        case 1: (fields.1, lengths.1) = (fields.1 * 10 + digit, lengths.1 + 1)
        default: (fields.2, lengths.2) = (fields.2 * 10 + digit, lengths.2 + 1)
        }
        guard lengths.0 <= 4, lengths.1 <= 2, lengths.2 <= 4 else { return nil }
      default: return nil
      }
    }
    switch lengths {
    case (4, 2, 2): return fields
    case (2, 2, 4): return (fields.2, fields.0, fields.1)
    case (2, 2, 2) where fields.2 >= 90: return (1900 + fields.2, fields.1, fields.0)
    case (2, 2, 2) where fields.2 < 40: return (2000 + fields.2, fields.1, fields.0)
    default: return nil
    }
  }

  /// Hour, minute and microseconds of the minute.
  private static func clock(_ text: some StringProtocol) -> (Int, Int, Int64)? {
    var values = (0, 0, 0)
    var digits = (0, 0, 0)
    var microseconds: Int64 = 0
    var fractionUnit: Int64 = 100_000
    var field = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: ":") where field < 2: field += 1
      case UInt8(ascii: ".") where field == 2: field = 3
      case 0x30...0x39:
        let digit = Int(byte - 0x30)
        switch field {
        case 0: (values.0, digits.0) = (values.0 * 10 + digit, digits.0 + 1)
        case 1: (values.1, digits.1) = (values.1 * 10 + digit, digits.1 + 1)
        case 2: (values.2, digits.2) = (values.2 * 10 + digit, digits.2 + 1)
        default:
          microseconds += Int64(digit) * fractionUnit
          fractionUnit /= 10
        }
        guard max(digits.0, digits.1, digits.2) <= 2 else { return nil }
      case UInt8(ascii: "Z") where field >= 1: break
      case UInt8(ascii: " "): break
      default: return nil
      }
    }
    guard digits.0 > 0, digits.1 > 0, field < 2 || digits.2 > 0 else { return nil }
    guard values.0 < 24, values.1 < 60, values.2 < 60 else { return nil }
    return (values.0, values.1, Int64(values.2) * 1_000_000 + microseconds)
  }
}

/// A USEAFTER of any form that CRDS reads as `yyyy-mm-dd hh:mm:ss`, fractions cut off; nil when it is no date.
public func canonicalUseAfter(_ text: String) -> String? {
  UseAfterStamp(text).map { stamp in
    let fraction = ((stamp.microseconds % 1_000_000) + 1_000_000) % 1_000_000
    return useAfterText(Date(timeIntervalSince1970: Double((stamp.microseconds - fraction) / 1_000_000)))
  }
}

/// The time that a USEAFTER names, seconds since 1970 UTC; nil when it is no date.
public func useAfterSeconds(_ text: String) -> Double? {
  UseAfterStamp(text).map { Double($0.microseconds) / 1e6 }
}

/// `yyyy-mm-dd hh:mm:ss` UTC of a date, rounded to the nearest second; dates beyond the years 0000 to 9999 as the
/// nearest end of that span.
///
/// Civil-from-days after Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public func useAfterText(_ date: Date) -> String {
  let since = date.timeIntervalSince1970
  let seconds = since.isNaN ? 0 : Int(min(max(since, -62_167_219_200), 253_402_300_799).rounded())
  let days = Int((Double(seconds) / 86_400).rounded(.down))
  let ofDay = seconds - days * 86_400
  let z = days + 719_468
  let era = (z >= 0 ? z : z - 146_096) / 146_097
  let dayOfEra = z - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shifted = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * shifted + 2) / 5 + 1
  let month = shifted < 10 ? shifted + 3 : shifted - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  func padded(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
  let clock = [ofDay / 3600, ofDay / 60 % 60, ofDay % 60].map { padded($0, 2) }.joined(separator: ":")
  return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) \(clock)"
}

import Foundation

/// Dates as headers write them, read without locale or time zone: everything is UTC.
public enum FITSDate {
  /// Reads `yyyy-mm-dd`, `yyyy-mm-dd[T ]hh:mm:ss[.f][Z]`, `dd/mm/yy` (before 2000) and `yyyymmddhhmmss`.
  ///
  /// Impossible dates (month 13, 30 February, hour 25) give nil. Second 60 is taken as the next minute.
  public static func parse(_ text: String) -> Date? {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    if trimmed.utf8.count == 14, trimmed.utf8.allSatisfy({ (48...57).contains($0) }) {
      return compact(Array(trimmed.utf8))
    }
    let halves = trimmed.split(maxSplits: 1, whereSeparator: { $0 == "T" || $0 == " " })
    guard let first = halves.first, let day = day(String(first)) else { return nil }
    guard halves.count == 2 else { return trimmed.hasSuffix("T") ? nil : date(day: day, seconds: 0) }
    guard let seconds = timeOfDay(String(halves[1])) else { return nil }
    return date(day: day, seconds: seconds)
  }

  /// Whether the text has a time of day as well as a date.
  public static func hasTime(_ text: String) -> Bool {
    text.contains(":") || text.trimmingCharacters(in: .whitespaces).utf8.count == 14
  }

  /// Seconds since midnight of `hh:mm[:ss[.f]][Z]`, or nil.
  public static func timeOfDay(_ text: String) -> Double? {
    var body = text.trimmingCharacters(in: .whitespaces)
    if body.hasSuffix("Z") { body.removeLast() }
    let parts = body.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let hour = number(parts[0]), let minute = number(parts[1]),
      (0..<24).contains(hour), (0..<60).contains(minute)
    else { return nil }
    guard parts.count == 3 else { return Double(hour * 3600 + minute * 60) }
    guard parts[2].utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }), let second = Double(parts[2]),
      second < 61
    else { return nil }
    return Double(hour * 3600 + minute * 60) + second
  }

  /// A day number as a date: above 2,400,000 it is a Julian Date, else a Modified Julian Date.
  public static func fromJulian(_ days: Double) -> Date? {
    guard days.isFinite, days >= 0, days < 5_000_000 else { return nil }
    let modified = days > 2_400_000 ? days - 2_400_000.5 : days
    return Date(timeIntervalSince1970: (modified - 40_587) * 86_400)
  }

  /// Microseconds of Modified Julian Date (the detector software's `READTIME`) as a date.
  public static func fromModifiedJulianMicroseconds(_ microseconds: Double) -> Date? {
    fromJulian(microseconds / 86_400e6)
  }

  /// Modified Julian Date.
  public static func modifiedJulian(_ date: Date) -> Double {
    date.timeIntervalSince1970 / 86_400 + 40_587
  }

  /// `yyyy-mm-ddThh:mm:ss.sss`, rounded to milliseconds (`yyyy-mm-ddThh:mm:ss` when whole seconds). Dates
  /// outside the years 0000 to 9999 are written as the nearest end of that span.
  public static func text(of date: Date) -> String {
    let milliseconds = Int64((seconds(of: date) * 1000).rounded())
    let (days, rest) = floorDivide(milliseconds, 86_400_000)
    let (year, month, day) = civil(fromDays: Int(days))
    let whole = Int(rest / 1000)
    let clock =
      "\(pad(whole / 3600, 2)):\(pad(whole / 60 % 60, 2)):\(pad(whole % 60, 2))"
      + (rest % 1000 == 0 ? "" : ".\(pad(Int(rest % 1000), 3))")
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(clock)"
  }

  /// `yyyymmddThhmmsss`, the start of an exposure in file names; tenths are cut, not rounded.
  public static func compactText(of date: Date) -> String {
    // A tenth written in decimal may sit just below itself in binary: a tenth of a millisecond mends that.
    let tenths = Int64(((seconds(of: date) + 1e-4) * 10).rounded(.down))
    let (days, rest) = floorDivide(tenths, 864_000)
    let (year, month, day) = civil(fromDays: Int(days))
    let seconds = Int(rest / 10)
    return "\(pad(year, 4))\(pad(month, 2))\(pad(day, 2))T"
      + "\(pad(seconds / 3600, 2))\(pad(seconds / 60 % 60, 2))\(pad(seconds % 60, 2))\(rest % 10)"
  }

  /// `yyyy-mm-dd` of a date.
  public static func dayText(of date: Date) -> String {
    let (year, month, day) = civil(fromDays: Int((seconds(of: date) / 86_400).rounded(.down)))
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
  }
}

extension FITSDate {
  /// Seconds since 1970, kept within the years 0000 to 9999 that four digits can write.
  private static func seconds(of date: Date) -> Double {
    let seconds = date.timeIntervalSince1970
    return seconds.isNaN ? 0 : min(max(seconds, -62_167_219_200), 253_402_300_799)
  }

  /// Days since 1970-01-01 of a date text, or nil when the calendar has no such day.
  private static func day(_ text: String) -> Int? {
    if text.contains("/") {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { number($0) }
      guard parts.count == 3, let day = parts[0], let month = parts[1], let year = parts[2], year < 100
      else { return nil }
      return days(year: 1900 + year, month: month, day: day)
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].utf8.count == 4, let year = number(parts[0]),
      let month = number(parts[1]),
      let day = number(parts[2])
    else { return nil }
    return days(year: year, month: month, day: day)
  }

  private static func compact(_ digits: [UInt8]) -> Date? {
    func value(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1) - 48 } }
    guard let day = days(year: value(0..<4), month: value(4..<6), day: value(6..<8)),
      value(8..<10) < 24, value(10..<12) < 60, value(12..<14) < 61
    else { return nil }
    return date(day: day, seconds: Double(value(8..<10) * 3600 + value(10..<12) * 60 + value(12..<14)))
  }

  private static func date(day: Int, seconds: Double) -> Date {
    Date(timeIntervalSince1970: Double(day) * 86_400 + seconds)
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 4, text.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int(text)
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible date algorithms").
  private static func days(year: Int, month: Int, day: Int) -> Int? {
    guard (1...12).contains(month), day >= 1, day <= length(of: month, in: year) else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func length(of month: Int, in year: Int) -> Int {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  /// `value` with leading zeros to at least `width` digits.
  static func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

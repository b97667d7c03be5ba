import Foundation

/// Times of the catalog (seconds since 1970 UTC) as people and machines read them.
public enum CatalogTime {
  /// ISO 8601 UTC with milliseconds, e.g. `2026-07-14T09:12:44.700Z`.
  public static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e14 else { return "" }
    let milliseconds = Int64((seconds * 1000).rounded())
    let (days, ofDay) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let time = ofDay < 0 ? ofDay + 86_400_000 : ofDay
    let date = civil(days: ofDay < 0 ? days - 1 : days)
    let clock = [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60].map { padded($0, 2) }
    let day = [padded(date.year, 4), padded(date.month, 2), padded(date.day, 2)].joined(separator: "-")
    return "\(day)T\(clock.joined(separator: ":")).\(padded(time % 1000, 3))Z"
  }

  /// Reads `2026-07-14`, `2026-07-14T09:12`, `2026-07-14 09:12:44.7`, with or without a final `Z`; nil for
  /// anything else.
  public static func seconds(_ text: String) -> Double? {
    var body = Substring(text)
    if body.last == "Z" || body.last == "z" { body.removeLast() }
    let halves = body.split(whereSeparator: { $0 == "T" || $0 == "t" || $0 == " " })
    guard let first = halves.first, halves.count <= 2 else { return nil }
    let day = first.split(separator: "-", omittingEmptySubsequences: false).compactMap { Int64($0) }
    guard day.count == 3, (1...9999).contains(day[0]), (1...12).contains(day[1]), (1...31).contains(day[2])
    else { return nil }
    let midnight = Double(days(year: day[0], month: day[1], day: day[2])) * 86_400
    guard halves.count == 2 else { return midnight }
    let clock = halves[1].split(separator: ":", omittingEmptySubsequences: false).compactMap { Double($0) }
    guard (1...3).contains(clock.count), zip(clock, [24.0, 60, 61]).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      return nil
    }
    return midnight + zip(clock, [3600.0, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Days since 1970-01-01 of a Gregorian date (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let ofEra = y - era * 400
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let ofEra = z - era * 146_097
    let y = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * y + y / 4 - y / 100)
    let shifted = (5 * ofYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = y + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, ofYear - (153 * shifted + 2) / 5 + 1)
  }
}

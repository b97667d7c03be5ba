/// An instant of the simulated night: microseconds since 1858-11-17T00:00:00 UTC (MJD 0), as raw readouts
/// count.
public struct SimulatedTime: Sendable, Hashable, Comparable {
  /// Microseconds since MJD 0.
  public let microseconds: Int64
  private static let day: Int64 = 86_400_000_000

  /// Creates an instant.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// Reads `yyyy-mm-dd` or `yyyy-mm-ddThh:mm:ss` (UTC, an end in `Z` allowed); nil when it is not a real
  /// date.
  public init?(_ text: String) {
    let halves = text.split(separator: "T", omittingEmptySubsequences: false)
    let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
    guard halves.count <= 2, date.count == 3, let year = date[0], let month = date[1], let day = date[2],
      (1..<3000).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var seconds: Int64 = 0
    if halves.count == 2 {
      let clock = halves[1].drop { $0 == "Z" }.split(separator: ":").map { Int64($0.filter { $0 != "Z" }) }
      guard clock.count == 3, let h = clock[0], let m = clock[1], let s = clock[2],
        (0..<24).contains(h), (0..<60).contains(m), (0..<60).contains(s)
      else { return nil }
      seconds = h * 3600 + m * 60 + s
    }
    let days = Self.daysSinceMJD0(year: year, month: month, day: day)
    self.init(microseconds: days * Self.day + seconds * 1_000_000)
    guard Self.civil(days: days) == (year, month, day) else { return nil }
  }

  /// The instant `seconds` later, to the microsecond.
  public func advanced(by seconds: Double) -> SimulatedTime {
    SimulatedTime(microseconds: microseconds + Int64((seconds * 1_000_000).rounded()))
  }

  /// Seconds from `other` to this instant.
  public func seconds(since other: SimulatedTime) -> Double {
    Double(microseconds - other.microseconds) / 1_000_000
  }

  /// Order in time.
  public static func < (a: SimulatedTime, b: SimulatedTime) -> Bool { a.microseconds < b.microseconds }

  /// `yyyy-mm-dd`.
  public var date: String {
    let (year, month, day) = Self.civil(days: microseconds / Self.day)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
  /// `yyyymmdd`.
  public var compactDate: String { date.filter { $0 != "-" } }
  /// `hh:mm:ss.sss`.
  public var time: String {
    let millis = microseconds % Self.day / 1000
    let seconds = millis / 1000
    let clock = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    return "\(clock).\(padded(millis % 1000, 3))"
  }
  /// `yyyy-mm-ddThh:mm:ss.sss`, the form FITS dates take.
  public var iso: String { "\(date)T\(time)" }

  /// Days from MJD 0 to a Gregorian date (Hinnant's days_from_civil).
  private static func daysSinceMJD0(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = y / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468 + 40_587
  }

  /// The Gregorian date `days` after MJD 0 (Hinnant's civil_from_days).
  private static func civil(days: Int64) -> (Int64, Int64, Int64) {
    let z = days - 40_587 + 719_468
    let era = z / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

/// `value` with at least `width` digits.
func padded(_ value: some BinaryInteger, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

import Foundation

/// Times as the log, the headers and the report write them, all UTC, all to the millisecond.
public enum UTCTime {
  /// `2026-07-14 09:12:44,123`, the form of log lines.
  public static func stpipe(_ date: Date) -> String {
    let (f, ms) = fields(date)
    return "\(f.day) \(f.time),\(ms)"
  }

  /// `2026-07-14T09:12:44.123`, the form of FITS keywords.
  public static func fits(_ date: Date) -> String {
    let (f, ms) = fields(date)
    return "\(f.day)T\(f.time).\(ms)"
  }

  /// `2026-07-14T09:12:44.123Z`, ISO 8601 with its zone, the form of reports.
  public static func iso(_ date: Date) -> String { fits(date) + "Z" }

  private static func fields(_ date: Date) -> (text: (day: String, time: String), milliseconds: String) {
    let total = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
    var seconds = time_t(total >= 0 ? total / 1000 : (total - 999) / 1000)
    let milliseconds = total - Int(seconds) * 1000
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let day =
      "\(pad(Int(parts.tm_year) + 1900, 4))-\(pad(Int(parts.tm_mon) + 1, 2))-\(pad(Int(parts.tm_mday), 2))"
    let time = "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2))"
    return ((day, time), pad(milliseconds, 3))
  }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}

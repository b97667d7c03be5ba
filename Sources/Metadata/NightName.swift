import Foundation

/// Which night a time belongs to: nights turn over at local noon and are named by the UT date of local
/// midnight.
public struct NightName: Sendable, Hashable {
  /// Seconds after UT midnight at which it is noon at the observatory.
  public let turnoverSeconds: Int

  /// Noon in Hawaii.
  public static let hawaii = NightName(turnoverSeconds: 22 * 3600)

  public init(turnoverSeconds: Int) {
    self.turnoverSeconds = ((turnoverSeconds % 86_400) + 86_400) % 86_400
  }

  /// Reads `hh:mm`, the UT of local noon.
  ///
  /// - Throws: `bad-turnover` when it is no time of day.
  public init(turnover: String) throws(MetadataError) {
    guard let seconds = FITSDate.timeOfDay(turnover) else {
      throw MetadataError(
        code: "bad-turnover", message: "the night's turnover is not a time such as 22:00", subject: turnover,
        hint: "irisarchive config show --origin")
    }
    self.init(turnoverSeconds: Int(seconds))
  }

  /// `yyyy-mm-dd` of the night that holds a time. The turnover itself belongs to the night that begins.
  public func night(of date: Date) -> String {
    FITSDate.dayText(of: start(ofNightHolding: date).addingTimeInterval(43_200))
  }

  /// From turnover to turnover, or nil when the name is not a date.
  public func interval(of night: String) -> DateInterval? {
    guard !FITSDate.hasTime(night), let day = FITSDate.parse(night) else { return nil }
    let start = start(ofNightHolding: day.addingTimeInterval(43_200))
    let candidates = [-1, 0, 1].map { start.addingTimeInterval(Double($0) * 86_400) }
    return candidates.first { self.night(of: $0) == FITSDate.dayText(of: day) }
      .map { DateInterval(start: $0, duration: 86_400) }
  }

  private func start(ofNightHolding date: Date) -> Date {
    let seconds = date.timeIntervalSince1970 - Double(turnoverSeconds)
    let days = (seconds / 86_400).rounded(.down)
    return Date(timeIntervalSince1970: days * 86_400 + Double(turnoverSeconds))
  }
}

/// Notices that the clock of the day was set back, by comparing it with one that nobody sets. Pure: times are given.
package struct ClockWatch: Sendable {
  /// Slewing and rounding are no jump.
  private static let tolerance = 1.0

  /// Clock of the day less the steady clock, seconds, at the last look.
  private var offset: Double?

  package init() {}

  /// - Parameters:
  ///   - wall: seconds since 1970 UTC, as the machine believes.
  ///   - monotonic: time since any fixed moment, by a clock that only goes forward.
  /// - Returns: true at the first look (the clock may have been set back before) and after each jump back.
  package mutating func look(wall: Double, monotonic: Duration) -> Bool {
    let now = wall - monotonic / .seconds(1)
    defer { offset = now }
    guard let offset else { return true }
    return now < offset - Self.tolerance
  }
}

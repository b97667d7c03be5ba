/// When to try again what could not be recorded: pure. Times are seconds of any clock that only goes forward.
///
/// After a failure one file tries whether the catalog takes records again, one second later, then two, then four, up to
/// a minute; the others wait for its success.
package struct RetryPause: Sendable {
  private static let first = 1.0
  private static let longest = 60.0

  private var pause = 0.0
  private var next = 0.0

  package init() {}

  /// Nothing was recorded since the last failure.
  package var isFailing: Bool { pause > 0 }

  /// Whether it is time to try.
  package func isDue(at time: Double) -> Bool { time >= next }

  /// One file is sent to try; the pause after it, should it fail, is twice as long.
  package mutating func tries(at time: Double) {
    guard isFailing else { return }
    pause = min(Self.longest, pause * 2)
    next = time + pause
  }

  package mutating func failed(at time: Double) {
    if !isFailing { pause = Self.first }
    next = time + pause
  }

  package mutating func succeeded() { self = RetryPause() }
}

import Synchronization

/// Which parts of the daemon have turned lately: pure. Times are seconds of any clock that only goes forward.
package struct LivenessRule: Sendable {
  /// What must turn for the daemon to be alive.
  package enum Part: String, Sendable, CaseIterable {
    /// Events are read, and the queue of scans moves on.
    case watcher
    case scheduler
  }

  /// A part that has not turned for so long has stalled.
  package let patience: Double
  private var lastTurn: [Part: Double] = [:]

  package init(patience: Double, began: Double) {
    self.patience = patience
    for part in Part.allCases { lastTurn[part] = began }
  }

  package mutating func turned(_ part: Part, at time: Double) {
    lastTurn[part] = max(time, lastTurn[part] ?? time)
  }

  /// Parts that have stalled, and for how long.
  package func stalled(at time: Double) -> [(part: Part, seconds: Double)] {
    Part.allCases.compactMap { part in
      let seconds = time - (lastTurn[part] ?? 0)
      return seconds > patience ? (part, seconds) : nil
    }
  }

  /// True when anything at all has happened within `seconds`.
  package func hasMoved(within seconds: Double, at time: Double) -> Bool {
    lastTurn.values.contains { time - $0 <= seconds }
  }
}

/// Where the parts of the daemon say that they turned; any thread may.
final class Liveness: Sendable {
  private let rule: Mutex<LivenessRule>
  private let began = SuspendingClock.now

  init(patience: Double) {
    rule = Mutex(LivenessRule(patience: patience, began: 0))
  }

  private var now: Double { (SuspendingClock.now - began) / .seconds(1) }

  func turned(_ part: LivenessRule.Part) {
    let now = now
    rule.withLock { $0.turned(part, at: now) }
  }

  var stalled: [(part: LivenessRule.Part, seconds: Double)] {
    let now = now
    return rule.withLock { $0.stalled(at: now) }
  }

  func hasMoved(within seconds: Double) -> Bool {
    let now = now
    return rule.withLock { $0.hasMoved(within: seconds, at: now) }
  }
}

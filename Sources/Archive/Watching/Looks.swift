import Synchronization

/// The ``LookQueue`` of a watched folder, by the clock, for any thread.
final class Looks: Sendable {
  private let queue: Mutex<LookQueue>
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  init(root: String) {
    start = clock.now
    queue = Mutex(LookQueue(root: root, at: 0))
  }

  private var now: Double { (clock.now - start) / .seconds(1) }

  func ask(_ folder: String) -> Bool { queue.withLock { $0.ask(folder) } }

  func begin(_ folder: String) -> Bool {
    let now = now
    return queue.withLock { $0.begin(folder, at: now) }
  }

  func end(_ folder: String) {
    let now = now
    queue.withLock { $0.end(folder, at: now) }
  }

  /// Seconds until a look at everything is due; nil while one waits or is under way.
  func wait(interval: Double) -> Double? {
    let now = now
    return queue.withLock { $0.wait(interval: interval, at: now) }
  }
}

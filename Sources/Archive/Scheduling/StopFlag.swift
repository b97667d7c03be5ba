import Synchronization

/// Set once, when the daemon stops: told from the cancellation of a single job.
final class StopFlag: Sendable {
  private static let slice = 0.2
  private let flag = Mutex(false)

  var isSet: Bool { flag.withLock { $0 } }

  func set() { flag.withLock { $0 = true } }

  /// Waits so long, or until the flag is set. A cancelled task waits as well: the wait is in one that is not.
  func wait(seconds: Double) async {
    await Task {
      var left = seconds
      while left > 0, !isSet {
        try? await Task.sleep(for: .seconds(min(left, Self.slice)))
        left -= Self.slice
      }
    }.value
  }
}

import Dispatch
import Foundation
import Synchronization

/// Calls `body` once for each index below `count`, a few at a time, and returns what they make, in order.
///
/// For work on whole frames that is not spread over the cores by itself all the time: each that runs holds a frame.
/// - Parameters:
///   - count: how many; as many run at a time as there are cores, but not more than four.
///   - body: may be called by any thread.
/// - Throws: the first error; what was not begun then is left out.
public func concurrently<T: Sendable, Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> T
) throws(Failure) -> [T] {
  let state = Mutex(ConcurrentRun<T, Failure>(count: count))
  let limit = min(ProcessInfo.processInfo.activeProcessorCount, 4, count)
  DispatchQueue.concurrentPerform(iterations: max(limit, 1)) { _ in
    while let index = state.withLock({ $0.take() }) {
      do throws(Failure) {
        let result = try body(index)
        state.withLock { $0.results[index] = result }
      } catch {
        state.withLock { $0.failure = $0.failure ?? error }
      }
    }
  }
  let run = state.withLock { $0 }
  if let failure = run.failure { throw failure }
  return run.results.compactMap { $0 }
}

private struct ConcurrentRun<T: Sendable, Failure: Error>: Sendable {
  private let count: Int
  private var next = 0
  var results: [T?]
  var failure: Failure?

  init(count: Int) {
    self.count = count
    results = Array(repeating: nil, count: count)
  }

  /// The next index; nil at the end and after a failure.
  mutating func take() -> Int? {
    guard failure == nil, next < count else { return nil }
    defer { next += 1 }
    return next
  }
}

import Dispatch
import Foundation
import Synchronization

/// Calls `body` once for each index below `count`, a few at a time, and returns what they make, in order.
///
/// For work on whole frames that is not spread over the cores by itself all the time: each that runs holds a frame.
/// - Parameters:
///   - count: how many.
///   - atOnce: how many may run at a time; as many as there are cores, but not more than four, when nil.
///   - body: may be called by any thread.
/// - Throws: the first error; what was not begun then is left out.
public func concurrently<T: Sendable>(
  _ count: Int, atOnce: Int? = nil, _ body: @Sendable (Int) throws -> T
) throws -> [T] {
  let state = Mutex(ConcurrentRun<T>(count: count))
  let limit = atOnce ?? min(ProcessInfo.processInfo.activeProcessorCount, 4)
  DispatchQueue.concurrentPerform(iterations: max(min(limit, count), 1)) { _ in
    while let index = state.withLock({ $0.take() }) {
      do {
        let result = try body(index)
        state.withLock { $0.results[index] = result }
      } catch {
        state.withLock { $0.failure = $0.failure ?? error }
      }
    }
  }
  return try state.withLock { state in
    if let failure = state.failure { throw failure }
    return state.results.compactMap { $0 }
  }
}

private struct ConcurrentRun<T: Sendable>: Sendable {
  private let count: Int
  private var next = 0
  var results: [T?]
  var failure: (any Error)?

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

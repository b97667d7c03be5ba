import Dispatch
import Foundation

/// Waits for a condition by asking for it again and again, with a deadline; a wait that is in vain is an error that
/// says what was waited for.
struct Eventually: Error, CustomStringConvertible {
  let description: String

  /// Returns as soon as the condition holds. A wait is in vain only when a look that was begun after the deadline finds
  /// nothing: on a busy machine a single look may take longer than the whole wait.
  ///
  /// - Parameters:
  ///   - seconds: the deadline, from now.
  ///   - context: more words for the error, gathered when it is made.
  static func holds(
    _ what: String, within seconds: Double = 60, every interval: Double = 0.05,
    context: () async throws -> String = { "" }, _ condition: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let began = ContinuousClock.now
      if try await condition() { return }
      guard began < deadline else {
        throw Eventually(description: "not in \(seconds) s: \(what)\n\(try await context())")
      }
      await tick(interval)
    }
  }

  /// Lets time pass, for a test whose subject is a moment that cannot be asked for.
  static func pause(_ seconds: Double) async { await tick(seconds) }

  /// Lets the clock's own queue call back: no thread waits.
  private static func tick(_ seconds: Double) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { continuation.resume() }
    }
  }
}

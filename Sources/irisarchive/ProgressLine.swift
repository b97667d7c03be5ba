import Foundation
import Glibc

/// One line on standard error that tells how far a long work is; nothing in a pipe, nothing within 300 ms.
struct ProgressLine {
  private let total: Int
  private let what: String
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var told: ContinuousClock.Instant
  private var done = 0
  private var bytes: Int64 = 0
  private var isShown = false
  private let isTerminal = isatty(STDERR_FILENO) == 1

  init(total: Int, what: String) {
    self.total = total
    self.what = what
    start = clock.now
    told = clock.now
  }

  mutating func advance(bytes more: Int64) {
    done += 1
    bytes += more
    let now = clock.now
    guard isTerminal, now - told > .milliseconds(300) else { return }
    told = now
    let seconds = (now - start) / .seconds(1)
    let left = seconds / Double(max(done, 1)) * Double(total - done)
    Talk.write(
      "\r\u{1B}[K\(done) of \(total) \(what), \(bytes / 1_000_000) MB, \(Int(left.rounded(.up))) s left")
    isShown = true
  }

  func end() {
    if isShown { Talk.write("\r\u{1B}[K") }
  }
}

import ChildProcess
import Foundation
import Glibc
import Synchronization

/// Looks at a running attempt every quarter of a second: how much memory it takes, and whether its files take more of
/// the disk than they may.
final class AttemptWatch: Sendable {
  private static let interval = Duration.milliseconds(250)

  private struct State {
    var pid: Int32?
    var peakBytes: UInt64?
    var overrun: UInt64?
  }

  private let folder: String
  private let diskBytes: UInt64?
  private let state = Mutex(State())

  init(folder: String, diskBytes: UInt64?) {
    self.folder = folder
    self.diskBytes = diskBytes
  }

  /// Peak resident memory as seen last.
  var peakBytes: UInt64? { state.withLock { $0.peakBytes } }
  /// What the files took when that was too much.
  var overrun: UInt64? { state.withLock { $0.overrun } }

  func began(_ pid: Int32) { state.withLock { $0.pid = pid } }

  /// Watches until this task is cancelled or the files take too much.
  func watch() async {
    while !Task.isCancelled {
      look()
      if overrun != nil { return }
      try? await Task.sleep(for: Self.interval)
    }
  }

  private func look() {
    if let pid = state.withLock({ $0.pid }), let peak = ProcessFacts.peakMemoryBytes(of: pid) {
      state.withLock { $0.peakBytes = max($0.peakBytes ?? 0, peak) }
    }
    guard let diskBytes else { return }
    let bytes = AttemptFolder.bytesOnDisk(folder)
    if bytes > diskBytes { state.withLock { $0.overrun = bytes } }
  }
}

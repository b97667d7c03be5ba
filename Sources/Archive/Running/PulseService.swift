import CatalogStore
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Gives the service manager signs of life as long as the parts of the daemon turn, and a line of status. A daemon
/// that hangs gives none, and is started anew.
final class PulseService: Service {
  private enum Phase { case starting, running, stopping }

  /// Longer than this without any progress at start is left to the manager's own time-out.
  private static let startPatience = 60.0

  private let notifier: ServiceNotifier
  private let liveness: Liveness
  private let reader: CatalogReader
  private let period: Double
  private let logger: Logger
  private let phase = Mutex(Phase.starting)

  /// - Parameter watchdogSeconds: the manager's patience; nil when it does not watch.
  init(
    notifier: ServiceNotifier, liveness: Liveness, reader: CatalogReader, watchdogSeconds: Double?,
    logger: Logger
  ) {
    self.notifier = notifier
    self.liveness = liveness
    self.reader = reader
    self.logger = logger
    period = min(5, (watchdogSeconds ?? 20) / 4)
  }

  /// The manager may call the service started.
  func ready(_ status: String) {
    phase.withLock { phase in
      guard phase == .starting else { return }
      phase = .running
      notifier.tell(.ready, .status(status))
    }
  }

  /// The configuration is about to be read anew. A manager for whom the service has not started yet is not told: the
  /// answer would tell it that it has.
  func reloading() {
    phase.withLock { phase in
      guard phase == .running else { return }
      notifier.tell(.reloading(atMicroseconds: ServiceNotifier.monotonicMicroseconds))
    }
  }

  /// It was read, with this outcome.
  func reloaded(_ status: String) {
    phase.withLock { phase in
      switch phase {
      case .starting: notifier.tell(.status(status))
      case .running: notifier.tell(.ready, .status(status))
      case .stopping: return
      }
    }
  }

  func run() async throws {
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown { await self.beat() }
    } onGracefulShutdown: { [self] in
      phase.withLock { phase in
        phase = .stopping
        notifier.tell(.stopping, .status("stopping: jobs and hooks under way are ended and put back"))
      }
    }
  }

  private func beat() async {
    while !Task.isCancelled {
      switch phase.withLock({ $0 }) {
      case .starting:
        if liveness.hasMoved(within: Self.startPatience) {
          notifier.tell(.extendTimeout(microseconds: UInt64(Self.startPatience * 1e6)))
        }
      case .running: tell(liveness.stalled)
      case .stopping: return
      }
      // Cancellation ends the wait early.
      try? await Task.sleep(for: .seconds(period))
    }
  }

  private func tell(_ stalled: [(part: LivenessRule.Part, seconds: Double)]) {
    guard let first = stalled.first else {
      // It asks the catalog, which takes its time.
      let summary = summary
      return tellWhileRunning(.watchdog, .status(summary))
    }
    let sentence = "the \(first.part.rawValue) has not turned for \(Int(first.seconds)) s"
    logger.error("no sign of life is given", metadata: ["reason": "\(sentence)"])
    tellWhileRunning(.status(sentence))
  }

  /// Nothing of this comes after the end was told.
  private func tellWhileRunning(_ messages: ServiceNotifier.Message...) {
    phase.withLock { if $0 == .running { notifier.tell(messages) } }
  }

  private var summary: String {
    let queue = (try? reader.jobCounts()) ?? [:]
    let pending = (try? reader.pendingDeliveries()) ?? 0
    return
      "watching; \(queue["running"] ?? 0) jobs running, \(queue["queued"] ?? 0) queued, \(pending) hooks to call"
  }
}

import CatalogStore
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// `watch --once`: takes in everything, then treats every wait as passed, calibrations before science, until all jobs
/// and due hooks are done.
final class OnceService: Service {
  /// A file without a writer that is unchanged for so long is truncated.
  private static let truncatedAfter = 2.0

  private let folder: String
  private let scheduler: Scheduler
  private let ingest: IngestService
  private let wake: WakeSignal
  private let logger: Logger
  private let stuck = Mutex<DiskShortage?>(nil)

  /// The disk for whose sake work was left undone.
  var shortage: DiskShortage? { stuck.withLock { $0 } }

  init(folder: String, scheduler: Scheduler, ingest: IngestService, wake: WakeSignal, logger: Logger) {
    self.folder = folder
    self.scheduler = scheduler
    self.ingest = ingest
    self.wake = wake
    self.logger = logger
  }

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await self.work() }
  }

  private func work() async throws {
    ingest.truncatedAfter.withLock { $0 = Self.truncatedAfter }
    ingest.scan(folder)
    await ingest.drained()
    while ingest.reviewIncomplete(after: Self.truncatedAfter) > 0, !Task.isCancelled {
      await ingest.drained()
      // The wait is for the files' own age, which only the clock can bring about.
      try await Task.sleep(for: .milliseconds(100))
    }
    await ingest.drained()
    do {
      try await schedule()
    } catch {
      await scheduler.stop()
      throw error
    }
    await scheduler.stop()
  }

  private func schedule() async throws {
    let ticker = Task { [wake] in
      while !Task.isCancelled {
        wake.ask()
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
    defer { ticker.cancel() }
    for await _ in wake.stream {
      if Task.isCancelled { return }
      try await scheduler.turn()
      if let shortage = try await scheduler.shortage() { return stuck.withLock { $0 = shortage } }
      guard try await scheduler.isIdle() else { continue }
      if try await scheduler.passWaits() == 0, try await scheduler.isSettled() {
        if let fault = await scheduler.insertionFault() { throw fault }
        return
      }
      wake.ask()
    }
  }
}

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

  /// Files that cannot be recorded are waited for so long.
  private static let patience = Duration.seconds(60)
  /// Files that somebody writes to are waited for so long: whoever keeps one open holds the others up no longer.
  private static let writersPatience = Duration.seconds(10)

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
    try await takeIn()
    do {
      try await schedule()
    } catch {
      await scheduler.stop()
      throw error
    }
    await scheduler.stop()
  }

  /// Everything that lies there is in the catalog afterwards: what is left out would be missing from the jobs, too.
  private func takeIn() async throws {
    ingest.scan(folder)
    var behindSince: ContinuousClock.Instant?
    let began = ContinuousClock.now
    while !Task.isCancelled {
      await ingest.drained()
      if let fault = ingest.fault { throw fault }
      let incomplete = ingest.reviewIncomplete(after: Self.truncatedAfter)
      // In this order: what fails meanwhile is in flight before it is behind.
      let isQuiet = ingest.inFlight == 0
      let behind = ingest.behind
      let isBehind = !behind.unrecorded.isEmpty || behind.isOverfull
      let waitsForWriters = !behind.busy.isEmpty && .now - began < Self.writersPatience
      if incomplete == 0, isQuiet, !isBehind, !waitsForWriters { return ingest.leaveOut(behind.busy) }
      if isBehind {
        let since = behindSince ?? .now
        behindSince = since
        if .now - since >= Self.patience { throw Self.leftOut(behind.unrecorded, folder) }
      } else {
        behindSince = nil
      }
      // The waits are for the files' own age, for another's lock, for a writer's close: only the clock brings them.
      try await Task.sleep(for: .milliseconds(100))
      if behind.isOverfull, behind.unrecorded.isEmpty, behind.busy.isEmpty { ingest.scan(folder) }
      ingest.recordAgain()
    }
  }

  private static func leftOut(_ unrecorded: [String], _ folder: String) -> ArchiveError {
    ArchiveError(
      code: "files-left-out",
      message: unrecorded.isEmpty
        ? "not everything could be recorded" : "could not be recorded: \(names(unrecorded))",
      subject: folder,
      hint: "irisarchive status tells what ails the catalog; then irisarchive watch --once again")
  }

  private static func names(_ paths: [String]) -> String {
    let shown = paths.sorted().prefix(5).joined(separator: ", ")
    return paths.count > 5 ? "\(shown) and \(paths.count - 5) more" : shown
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

import CatalogStore
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// The scheduling loop of the daemon: a turn when something happened, and once a second for what is due by the clock
/// or was changed by a command.
final class ScheduleService: Service {
  /// Least time between two turns: in a burst of arrivals a turn serves many of them.
  private static let pause = Duration.milliseconds(25)

  private let scheduler: Scheduler
  private let ingest: IngestService
  private let truncatedAfter: Mutex<Double>
  private let liveness: Liveness
  private let wake: WakeSignal
  private let firstScan: WakeSignal
  private let ready: @Sendable () -> Void
  private let logger: Logger

  /// - Parameter ready: told once, when the first scan is in the catalog and planning begins.
  init(
    scheduler: Scheduler, ingest: IngestService, waits: Waits, wake: WakeSignal, firstScan: WakeSignal,
    liveness: Liveness, logger: Logger, ready: @escaping @Sendable () -> Void
  ) {
    self.scheduler = scheduler
    self.ingest = ingest
    truncatedAfter = Mutex(waits.truncated)
    self.liveness = liveness
    self.wake = wake
    self.firstScan = firstScan
    self.logger = logger
    self.ready = ready
  }

  /// From the next turn on.
  func use(_ waits: Waits) {
    truncatedAfter.withLock { $0 = waits.truncated }
    ingest.truncatedAfter.withLock { $0 = waits.truncated }
    wake.ask()
  }

  func run() async throws {
    let wake = wake
    let firstScan = firstScan
    let ingest = ingest
    let fault = await withGracefulShutdownHandler { () -> CatalogError? in
      var fault: CatalogError?
      // What lay there at start is taken in before anything is planned from it.
      for await _ in firstScan.stream {}
      await ingest.drained()
      if !Task.isShuttingDownGracefully { ready() }
      let ticker = Task { await Self.tick(wake) }
      for await _ in wake.stream {
        // Another turn would start jobs only to end them.
        if Task.isShuttingDownGracefully { break }
        do throws(CatalogError) {
          try await turn()
        } catch {
          fault = error
          break
        }
        // What arrives within this pause shares the next turn.
        try? await Task.sleep(for: Self.pause)
      }
      ticker.cancel()
      await scheduler.stop()
      return fault
    } onGracefulShutdown: {
      ingest.stop()
      firstScan.finish()
      wake.finish()
    }
    if let fault { throw fault }
  }

  /// - Throws: `catalog-corrupt`: on a damaged catalog nothing more is written, and the daemon ends.
  private func turn() async throws(CatalogError) {
    if let fault = ingest.fault { throw fault }
    liveness.turned(.scheduler)
    ingest.recordAgain()
    _ = ingest.reviewIncomplete(after: truncatedAfter.withLock { $0 })
    do {
      try await scheduler.turn()
    } catch {
      let told = ArchiveParts.translated(error)
      if told.code == "catalog-corrupt" {
        throw CatalogError(
          code: told.code, message: told.message, subject: told.subject, hint: told.hint, underlying: error)
      }
      logger.error("a scheduling turn was cut short; the next one goes on", metadata: ["error": "\(error)"])
    }
  }

  private static func tick(_ wake: WakeSignal) async {
    while !Task.isCancelled {
      wake.ask()
      try? await Task.sleep(for: .seconds(1))
    }
  }
}

import CatalogStore
import Executors
import Foundation
import Logging
import References

/// Puts the parts of a daemon together, at its start and again for each reload.
struct DaemonAssembly: Sendable {
  let options: DaemonOptions
  /// Identity of this run of the daemon.
  let instance: String
  let wake: WakeSignal
  /// Seconds since 1970 UTC.
  let began: Double
  let liveness: Liveness
  /// Set when the daemon stops; jobs of before and after a reload share it.
  let stopping = StopFlag()

  /// Parts may be busy for half of the service manager's patience.
  init(options: DaemonOptions, instance: String, wake: WakeSignal, began: Double) {
    self.options = options
    self.instance = instance
    self.wake = wake
    self.began = began
    liveness = Liveness(patience: (options.watchdogSeconds ?? 300) / 2)
  }

  func hooks(_ parts: ArchiveParts) -> HookRunner {
    HookRunner(
      writer: parts.writer, root: parts.layout.root, scratch: parts.layout.logs + "/hooks",
      settings: parts.hookSettings, patience: patience, logger: options.logger, finished: { wake.ask() })
  }

  private var patience: CatalogPatience { CatalogPatience(stopping: stopping, logger: options.logger) }

  func ingest(_ parts: ArchiveParts) -> IngestService {
    let service = IngestService(
      parts.judgement, writer: parts.writer, logger: options.logger, recorded: { wake.ask() },
      progress: { liveness.turned(.watcher) })
    service.truncatedAfter.withLock { $0 = parts.waits.truncated }
    return service
  }

  /// - Throws: ``ArchiveError`` `tmtrun-unusable`.
  func schedulerParts(
    _ parts: ArchiveParts, tmtrun: String, hooks: HookRunner
  ) async throws -> Scheduler.Parts {
    let logger = options.logger
    let manifests = ManifestReader(program: tmtrun)
    _ = try await manifests.current()
    return Scheduler.Parts(
      writer: parts.writer,
      associator: AssociatorService(
        associator: parts.associator, writer: parts.writer, waits: parts.waits, logger: logger),
      manifests: manifests, starter: starter(parts, tmtrun: tmtrun), recovery: recovery(parts),
      inserter: MasterInserter(
        writer: parts.writer, layout: parts.layout, headers: parts.headers,
        firstContext: parts.settings.context, judge: parts.masterJudge, logger: logger),
      hooks: hooks, headers: parts.headers, layout: parts.layout, windows: CalibrationWindows(),
      nights: parts.describer.night, limits: parts.jobLimits, maxJobs: parts.maxJobs,
      disks: try disks(parts), ballast: try ballast(parts), insertsMasters: parts.settings.insertsMasters,
      calibrationWait: parts.settings.calibrationWaitSeconds,
      persistenceWindow: parts.settings.persistenceWindowSeconds,
      alive: { liveness.turned(.scheduler) }, logger: logger)
  }

  private func starter(_ parts: ArchiveParts, tmtrun: String) -> JobStarter {
    JobStarter(
      writer: parts.writer,
      executor: LocalExecutor(
        program: tmtrun, grace: .seconds(parts.settings.jobGraceSeconds), logger: options.logger),
      recorder: recorder(parts), layout: parts.layout, policy: parts.retryPolicy, instance: instance,
      timeout: parts.jobTimeout, previews: parts.settings.drawsPreviews, patience: patience,
      space: WantOfSpace(
        reserveBytes: parts.settings.diskReserveBytes, pauseSeconds: parts.settings.diskCheckIntervalSeconds,
        freeBytes: { FreeSpace(of: $0)?.freeBytes }),
      logger: options.logger)
  }

  func recovery(_ parts: ArchiveParts) -> Recovery {
    Recovery(
      writer: parts.writer, recorder: recorder(parts), instance: instance, logger: options.logger)
  }

  private func recorder(_ parts: ArchiveParts) -> Recorder {
    Recorder(
      writer: parts.writer, layout: parts.layout, describer: parts.describer, logger: options.logger)
  }

  private func ballast(_ parts: ArchiveParts) throws(CatalogError) -> BallastKeeper {
    var keeper = BallastKeeper(
      parts.ballast, reserveBytes: parts.settings.diskReserveBytes,
      known: try parts.writer.reader.diskShortages(), probe: FreeSpace.init(of:))
    _ = keeper.look()
    return keeper
  }

  /// What was low before has been told.
  private func disks(_ parts: ArchiveParts) throws(CatalogError) -> DiskWatch {
    let layout = parts.layout
    return DiskWatch(
      folders: [
        (layout.catalog as NSString).deletingLastPathComponent, layout.work, layout.products, layout.logs,
      ],
      reserveBytes: parts.settings.diskReserveBytes, intervalSeconds: parts.settings.diskCheckIntervalSeconds,
      low: try parts.writer.reader.diskShortages(), probe: FreeSpace.init(of:))
  }
}

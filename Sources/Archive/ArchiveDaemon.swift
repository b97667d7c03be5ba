import Associations
import CatalogStore
import Executors
import Foundation
import Glibc
import JobContract
import Logging
import Metadata
import References
import ServiceLifecycle
import Settings
import Synchronization

/// How to run the daemon.
public struct DaemonOptions: Sendable {
  public var root: String
  public var settings: ArchiveSettings
  /// Absolute path of `tmtrun`.
  public var tmtrun: String
  /// Take in everything, work everything off, and end.
  public var once: Bool
  /// Poll every so many seconds instead of using inotify.
  public var pollSeconds: Double?
  public var logger: Logger

  public init(
    root: String, settings: ArchiveSettings, tmtrun: String, once: Bool, pollSeconds: Double?, logger: Logger
  ) {
    self.root = root
    self.settings = settings
    self.tmtrun = tmtrun
    self.once = once
    self.pollSeconds = pollSeconds
    self.logger = logger
  }
}

/// What a run of the daemon came to.
public struct DaemonSummary: Sendable, Equatable {
  public var jobsDone: Int
  public var jobsFailed: Int
  /// `once` was told to stop before everything was done.
  public var interrupted = false
  /// `once` left jobs undone for want of space.
  public var shortage: DiskShortage?
}

/// The work of `once`, which remembers whether it came to its own end.
private final class EndingService: Service {
  private let once: OnceService
  private let ended = Mutex(false)

  init(_ once: OnceService) {
    self.once = once
  }

  var cameToItsEnd: Bool { ended.withLock { $0 } }
  var shortage: DiskShortage? { once.shortage }

  func run() async throws {
    do {
      try await once.run()
    } catch is CancellationError where Task.isShuttingDownGracefully {
      return
    }
    if !Task.isShuttingDownGracefully { ended.withLock { $0 = true } }
  }
}

/// The archive: watches, takes in, associates, schedules, records, tells. One per root.
public struct ArchiveDaemon: Sendable {
  private let options: DaemonOptions
  private let parts: ArchiveParts

  /// Takes the lock, opens the catalog and reads the archive's rules.
  ///
  /// - Throws: ``ArchiveError`` `daemon-running`, `catalog-…`, `configuration-…`, `rule-…`.
  public init(_ options: DaemonOptions) throws(ArchiveError) {
    self.options = options
    parts = try ArchiveParts(root: options.root, settings: options.settings, locked: true)
  }

  /// Runs until SIGTERM or SIGINT, or, with `once`, until everything is done.
  ///
  /// - Throws: ``ArchiveError`` `incoming-missing` when there is no folder for `once` to take in.
  public func run() async throws(ArchiveError) -> DaemonSummary {
    let instance = UUID().uuidString
    let started = Date().timeIntervalSince1970
    let wake = WakeSignal()
    if options.once { try requireIncoming() }
    do {
      let scheduler = try await prepare(instance: instance, wake: wake)
      try announce("starting", started)
      let (group, once) = serviceGroup(scheduler, wake: wake, started: started)
      try await group.run()
      try announce("stopped", started)
      let failed = try parts.writer.reader.failedJobs(since: started)
      return DaemonSummary(
        jobsDone: await scheduler.done, jobsFailed: failed, interrupted: once?.cameToItsEnd == false,
        shortage: once?.shortage)
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private func requireIncoming() throws(ArchiveError) {
    var status = stat()
    guard stat(parts.layout.incoming, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw ArchiveError(
        code: "incoming-missing", message: "the folder to take files from is not there",
        subject: parts.layout.incoming, hint: "mount or make it, then irisarchive doctor")
    }
  }

  private func prepare(instance: String, wake: WakeSignal) async throws -> Scheduler {
    let logger = options.logger
    let recorder = Recorder(
      writer: parts.writer, layout: parts.layout, describer: parts.describer, logger: logger)
    let recovered = try Recovery(writer: parts.writer, recorder: recorder, instance: instance, logger: logger)
      .run()
    if recovered != (0, 0) {
      logger.info(
        "after the last daemon",
        metadata: ["adopted": "\(recovered.adopted)", "requeued": "\(recovered.requeued)"])
    }
    let manifests = ManifestReader(program: options.tmtrun)
    _ = try await manifests.current()
    let starter = JobStarter(
      writer: parts.writer,
      executor: LocalExecutor(
        program: options.tmtrun, grace: .seconds(parts.settings.jobGraceSeconds), logger: logger),
      recorder: recorder,
      layout: parts.layout, policy: RetryPolicy(attempts: parts.settings.jobAttempts), instance: instance,
      timeout: parts.jobTimeout, previews: parts.settings.drawsPreviews,
      isShort: isShort(parts.settings.diskReserveBytes),
      shortagePause: parts.settings.diskCheckIntervalSeconds, logger: logger)
    return Scheduler(
      .init(
        writer: parts.writer,
        associator: AssociatorService(
          associator: parts.associator, writer: parts.writer, waits: parts.waits, logger: logger),
        manifests: manifests, starter: starter,
        inserter: MasterInserter(
          writer: parts.writer, layout: parts.layout, headers: parts.headers,
          firstContext: parts.settings.context, judge: parts.masterJudge, logger: logger),
        hooks: HookRunner(
          writer: parts.writer, root: parts.layout.root, scratch: parts.layout.logs + "/hooks",
          timeoutSeconds: parts.settings.hookTimeoutSeconds, limit: parts.settings.hookConcurrency,
          logger: logger,
          finished: { wake.ask() }),
        headers: parts.headers, layout: parts.layout, windows: CalibrationWindows(),
        nights: parts.describer.night, limits: parts.jobLimits,
        maxJobs: parts.maxJobs, disks: try disks(), ballast: try ballast(),
        insertsMasters: parts.settings.insertsMasters,
        calibrationWait: parts.settings.calibrationWaitSeconds, logger: logger),
      wake: { wake.ask() })
  }

  /// Whether a folder's disk has less than the reserve, or next to nothing.
  private func isShort(_ reserve: UInt64) -> @Sendable (String) -> Bool {
    { folder in FreeSpace(of: folder).map { $0.freeBytes < max(reserve, 1 << 20) } ?? false }
  }

  /// What was low for the last daemon has been told.
  private func disks() throws(CatalogError) -> DiskWatch {
    let layout = parts.layout
    return DiskWatch(
      folders: [
        (layout.catalog as NSString).deletingLastPathComponent, layout.work, layout.products, layout.logs,
      ],
      reserveBytes: parts.settings.diskReserveBytes, intervalSeconds: parts.settings.diskCheckIntervalSeconds,
      low: try parts.writer.reader.diskShortages(), probe: FreeSpace.init(of:))
  }

  private func ballast() throws(CatalogError) -> BallastKeeper {
    var keeper = BallastKeeper(
      parts.ballast, reserveBytes: parts.settings.diskReserveBytes,
      known: try parts.writer.reader.diskShortages(), probe: FreeSpace.init(of:))
    _ = keeper.look()
    return keeper
  }

  private func serviceGroup(
    _ scheduler: Scheduler, wake: WakeSignal, started: Double
  ) -> (group: ServiceGroup, once: EndingService?) {
    let ingest = IngestService(
      inspector: FileInspector(describer: parts.describer), writer: parts.writer, filter: parts.filter,
      logger: options.logger, recorded: { wake.ask() })
    ingest.truncatedAfter.withLock { $0 = parts.waits.truncated }
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    var once: EndingService?
    if options.once {
      let service = EndingService(
        OnceService(
          folder: parts.layout.incoming, scheduler: scheduler, ingest: ingest, wake: wake,
          logger: options.logger))
      once = service
      services.append(.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup))
    } else {
      let firstScan = WakeSignal()
      services.append(
        .init(
          service: WatchService(
            folder: parts.layout.incoming, source: source, ingest: ingest, writer: parts.writer,
            reconcileSeconds: parts.settings.reconcileIntervalSeconds, firstScan: firstScan,
            logger: options.logger)))
      services.append(
        .init(
          service: ScheduleService(
            scheduler: scheduler, ingest: ingest, waits: parts.waits, wake: wake, firstScan: firstScan,
            logger: options.logger, ready: { tellReady(started) })))
    }
    let group = ServiceGroup(
      configuration: .init(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: options.logger))
    return (group, once)
  }

  private var source: any ArrivalSource {
    switch listening {
    case .inotify: InotifySource()
    case .polling(let seconds, _): PollingSource(interval: seconds)
    }
  }

  private var listening: Listening {
    .choose(asked: pollSeconds, network: NetworkFileSystem.name(of: parts.layout.incoming))
  }

  private var pollSeconds: Double? { options.pollSeconds ?? parts.settings.pollIntervalSeconds }

  private func tellReady(_ started: Double) {
    options.logger.info("watching", metadata: ["folder": "\(parts.layout.incoming)"])
    do {
      try announce("watching", started)
    } catch {
      options.logger.error("the catalog could not be told", metadata: ["error": "\(error)"])
    }
  }

  private func announce(_ state: String, _ started: Double) throws(CatalogError) {
    let source = options.once ? "once" : listening.sentence
    let daemon = DaemonState(
      pid: getpid(), host: ProcessInfo.processInfo.hostName, started: started, state: state, source: source)
    try parts.writer.setFact("daemon", daemon.json)
  }
}

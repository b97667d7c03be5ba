import CatalogStore
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Settings
import Synchronization
import UnixSignals

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
  /// Reads settings and place of `tmtrun` anew when the daemon gets SIGHUP; nil: SIGHUP ends it, as a terminal that is
  /// closed means it to.
  public var reread: (@Sendable () throws -> (settings: ArchiveSettings, tmtrun: String))?
  /// Told the level of the log that a reload asks for.
  public var useLogLevel: @Sendable (String) -> Void = { _ in }
  /// The service manager; nil when there is none.
  public var notifier: ServiceNotifier?
  /// How long the service manager waits for a sign of life; nil when it does not.
  public var watchdogSeconds: Double?

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
  private let pulse: StartPulse

  /// Takes the lock, opens the catalog and reads the archive's rules.
  ///
  /// - Throws: ``ArchiveError`` `daemon-running`, `catalog-…`, `configuration-…`, `rule-…`.
  public init(_ options: DaemonOptions) throws(ArchiveError) {
    self.options = options
    pulse = StartPulse(options.notifier)
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
      let assembly = DaemonAssembly(options: options, instance: instance, wake: wake, began: started)
      try recover(assembly)
      if options.once { try unknownProducts.tell(at: started) }
      let hooks = assembly.hooks(parts)
      let scheduler = Scheduler(
        try await assembly.schedulerParts(parts, tmtrun: options.tmtrun, hooks: hooks), wake: { wake.ask() })
      try parts.writer.removeFact(DaemonFact.reload)
      try announce("starting", started)
      let (group, once) = serviceGroup(scheduler, hooks, assembly)
      pulse.end()
      try await group.run()
      try announce(DaemonState.stopped, started)
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

  private var unknownProducts: UnknownProducts {
    UnknownProducts(writer: parts.writer, folder: parts.layout.products, logger: options.logger)
  }

  /// A look at every product takes its time, so it is nothing that the start, or the end, should wait for.
  private func tellUnknownProducts() {
    let (look, logger) = (unknownProducts, options.logger)
    Task.detached {
      do throws(CatalogError) {
        try look.tell(at: Date().timeIntervalSince1970)
      } catch {
        logger.error("the products could not be compared with the catalog", metadata: ["error": "\(error)"])
      }
    }
  }

  private func recover(_ assembly: DaemonAssembly) throws {
    let recovered = try assembly.recovery(parts).run()
    if recovered != (0, 0) {
      options.logger.info(
        "after the last daemon",
        metadata: ["adopted": "\(recovered.adopted)", "requeued": "\(recovered.requeued)"])
    }
  }

  private func serviceGroup(
    _ scheduler: Scheduler, _ hooks: HookRunner, _ assembly: DaemonAssembly
  ) -> (group: ServiceGroup, once: EndingService?) {
    let ingest = assembly.ingest(parts)
    var services: [any Service] = []
    var once: EndingService?
    if options.once {
      let service = EndingService(
        OnceService(
          folder: parts.layout.incoming, scheduler: scheduler, ingest: ingest, wake: assembly.wake,
          logger: options.logger))
      once = service
    } else {
      services = watching(scheduler, hooks, ingest, assembly)
    }
    // A terminal that is closed ends what runs on it.
    let signals: [UnixSignal] = [.sigterm, .sigint] + (options.reread == nil ? [.sighup] : [])
    let group = ServiceGroup(
      configuration: .init(
        services: services.map { .init(service: $0) }
          + (once.map { [.init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)] } ?? []),
        gracefulShutdownSignals: signals, logger: options.logger))
    return (group, once)
  }

  /// The services of a daemon that stays. They are stopped in the opposite order.
  private func watching(
    _ scheduler: Scheduler, _ hooks: HookRunner, _ ingest: IngestService, _ assembly: DaemonAssembly
  ) -> [any Service] {
    let firstScan = WakeSignal()
    let watch = WatchService(
      folder: parts.layout.incoming, source: source, ingest: ingest, writer: parts.writer,
      reconcileSeconds: parts.settings.reconcileIntervalSeconds, firstScan: firstScan,
      liveness: assembly.liveness, logger: options.logger)
    let pulse = options.notifier.map {
      PulseService(
        notifier: $0, liveness: assembly.liveness, reader: parts.writer.reader,
        watchdogSeconds: options.watchdogSeconds, logger: options.logger)
    }
    let schedule = ScheduleService(
      scheduler: scheduler, ingest: ingest, waits: parts.waits, wake: assembly.wake, firstScan: firstScan,
      liveness: assembly.liveness, logger: options.logger,
      ready: {
        tellReady(assembly.began)
        pulse?.ready("watching \(parts.layout.incoming)")
        tellUnknownProducts()
      })
    let metrics = MetricsService(
      settings: parts.metrics, reader: parts.writer.reader, layout: parts.layout, startedAt: assembly.began,
      logger: options.logger)
    var services: [any Service] = [metrics, watch, schedule]
    if options.reread != nil {
      services.append(
        ReloadService(
          parts: parts, assembly: assembly,
          users: .init(
            scheduler: scheduler, hooks: hooks, ingest: ingest, watch: watch, schedule: schedule,
            metrics: metrics, pulse: pulse)))
    }
    return services + (pulse.map { [$0] } ?? [])
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

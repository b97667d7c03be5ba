import CatalogStore
import Foundation
import Logging
import References
import ServiceLifecycle
import Settings
import Synchronization
import UnixSignals

/// SIGHUP: settings, classification, association rules, reference rules and hooks are read anew, and taken all together
/// or not at all. No event and no job is lost; what is under way ends as it began.
final class ReloadService: Service {
  /// Those who are told of a new configuration.
  struct Users: Sendable {
    var scheduler: Scheduler
    var hooks: HookRunner
    var ingest: IngestService
    var watch: WatchService
    var schedule: ScheduleService
    var metrics: MetricsService
    /// nil without a service manager.
    var pulse: PulseService?
  }

  private let assembly: DaemonAssembly
  private let users: Users
  /// What is in force.
  private let parts: Mutex<ArchiveParts>
  private var options: DaemonOptions { assembly.options }

  init(parts: ArchiveParts, assembly: DaemonAssembly, users: Users) {
    self.parts = Mutex(parts)
    self.assembly = assembly
    self.users = users
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
    }
  }

  /// Takes a new configuration, or says what is wrong with it and leaves the old one in force.
  private func reload() async {
    users.pulse?.reloading()
    let state: ReloadState
    do {
      let sentence = try await take()
      options.logger.notice("the configuration was read anew", metadata: ["changes": "\(sentence)"])
      state = ReloadState(at: now, accepted: true, sentence: sentence)
    } catch {
      let fault = Self.sentence(error)
      options.logger.error(
        "the new configuration will not do; the old one stays in force", metadata: ["fault": "\(fault)"])
      state = ReloadState(at: now, accepted: false, sentence: fault)
    }
    do {
      try parts.withLock { $0.writer }.setFact(DaemonFact.reload, state.json)
    } catch {
      options.logger.error("the catalog could not be told", metadata: ["error": "\(error)"])
    }
    users.pulse?.reloaded(
      state.accepted ? "watching" : "reload refused, the old configuration stays: \(state.sentence)")
  }

  private var now: Double { Date().timeIntervalSince1970 }

  /// Everything is read and tried before anything is changed.
  private func take() async throws -> String {
    guard let reread = options.reread else { return "" }
    let old = parts.withLock { $0 }
    let (wanted, tmtrun) = try reread()
    let new = try old.reread(wanted.keepingFixed(of: old.settings))
    let context = try new.writer.reader.fact("context") ?? new.settings.context
    _ = try RulesContext(cachePath: new.layout.rules, context: context)
    let scheduled = try await assembly.schedulerParts(new, tmtrun: tmtrun, hooks: users.hooks)

    await users.scheduler.use(scheduled)
    await users.hooks.use(new.hookSettings)
    users.ingest.use(new.judgement)
    users.metrics.use(new.metrics)
    users.schedule.use(new.waits)
    users.watch.use(reconcileSeconds: new.settings.reconcileIntervalSeconds)
    options.useLogLevel(new.settings.logLevel)
    parts.withLock { $0 = new }
    return Self.sentence(wanted.changes(from: old.settings))
  }

  private static func sentence(_ changes: [SettingKey]) -> String {
    let taken = changes.filter { !$0.needsRestart }.map(\.rawValue)
    let left = changes.filter(\.needsRestart).map(\.rawValue)
    var sentence = taken.isEmpty ? "rules and hooks; no setting" : taken.joined(separator: ", ")
    if !left.isEmpty { sentence += "; needs a restart: \(left.joined(separator: ", "))" }
    return sentence
  }

  /// What is wrong, with file and line where the error has them.
  private static func sentence(_ error: any Error) -> String {
    if let error = error as? SettingsError { return "\(error.subject): \(error.message)" }
    let error = ArchiveParts.translated(error)
    // The tables' room does not know which file it reads.
    let file = "config/classification.yaml"
    let isNameless = error.code == "bad-classification" && !error.subject.contains(file)
    return "\(isNameless ? "\(file): " : "")\(error.subject): \(error.message)"
  }
}

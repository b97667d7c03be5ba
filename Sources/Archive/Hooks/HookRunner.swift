import Associations
import CatalogStore
import ChildProcess
import Foundation
import Logging

/// Tells the hooks what the outbox holds: at least once, in order per hook and subject.
actor HookRunner {
  /// What the archive's settings say of hooks; may change while it runs.
  struct Settings: Sendable {
    var timeoutSeconds: Double
    /// Calls at a time.
    var limit: Int
    /// Factor on the waits between attempts.
    var retryScale: Double
  }

  private let writer: CatalogWriter
  private let folder: HookFolder
  private let root: String
  private let scratch: String
  private var settings: Settings
  private let patience: CatalogPatience
  private let logger: Logger
  private let finished: @Sendable () -> Void
  /// Deliveries under way, by event and hook.
  private var running: [Key: Call] = [:]
  /// Faults of sidecars that the log has already.
  private var toldFaults: Set<String> = []

  private struct Key: Hashable {
    var event: Int64
    var hook: String
  }

  private struct Call {
    var subject: String
    var task: Task<Void, Never>
  }

  /// - Parameter finished: told after each ended delivery.
  init(
    writer: CatalogWriter, root: String, scratch: String, settings: Settings, patience: CatalogPatience,
    logger: Logger, finished: @escaping @Sendable () -> Void
  ) {
    self.writer = writer
    self.root = root
    self.scratch = scratch
    self.settings = settings
    self.patience = patience
    self.logger = logger
    self.finished = finished
    folder = HookFolder(path: root + "/hooks")
  }

  /// Nothing is being delivered right now.
  var isIdle: Bool { running.isEmpty }

  /// From the next call on.
  func use(_ settings: Settings) {
    self.settings = settings
    toldFaults = []
  }

  /// Ends the deliveries under way (they are told again later) and returns when they are settled.
  func stop() async {
    let tasks = running.values.map(\.task)
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Starts what is due, up to the limit.
  func startDue() throws(CatalogError) {
    while try writer.dispatchEvents(listeners: folder.listeners) > 0 {}
    guard running.count < settings.limit else { return }
    let now = Date().timeIntervalSince1970
    let due = try writer.deliveries(limit: settings.limit + 50).filter { policy.isDue($0.nextAt, now: now) }
    guard !due.isEmpty else { return }
    var options: [String: HookOptions] = [:]
    for type in Set(due.map(\.type)) { options[type] = sidecar(of: type) }
    let calls = running.map { (hook: $0.key.hook, subject: $0.value.subject) }
    let chosen = HookTurns(limit: settings.limit).choose(due, running: calls) {
      options[$0]?.concurrency ?? HookOptions().concurrency
    }
    for delivery in chosen {
      let options = options[delivery.type] ?? HookOptions()
      running[Key(event: delivery.event, hook: delivery.hook)] = Call(
        subject: delivery.subject, task: Task { await deliver(delivery, options) })
    }
  }

  private var policy: HookPolicy { HookPolicy(scale: settings.retryScale) }

  private func sidecar(of event: String) -> HookOptions {
    let options = folder.options(of: event)
    for fault in options.faults where toldFaults.insert(fault).inserted {
      logger.warning("a hook's settings", metadata: ["fault": "\(fault)"])
    }
    return options
  }

  private func deliver(_ delivery: DueDelivery, _ options: HookOptions) async {
    let verdict = await attempt(delivery, options)
    if verdict.state == "failed" || verdict.state == "dead" {
      logger.warning(
        "a hook was not told",
        metadata: [
          "hook": "\(delivery.hook)", "event": "\(delivery.eventID)", "state": "\(verdict.state)",
          "reason": "\(verdict.reason ?? "")",
        ])
    }
    // As long as this daemon lives it calls no hook again that has ended, whatever keeps the catalog from knowing.
    let failure = await patience.write(neverGivesUp: true) { [writer] in
      do throws(CatalogError) {
        try writer.settleDelivery(
          event: delivery.event, hook: delivery.hook, state: verdict.state, nextAt: verdict.nextAt,
          reason: verdict.reason, counts: verdict.counts, at: Date().timeIntervalSince1970)
        return nil
      } catch {
        return ArchiveParts.translated(error)
      }
    }
    if let failure {
      logger.error(
        "a delivery could not be settled; the next start tells it again", metadata: ["error": "\(failure)"])
    }
    running[Key(event: delivery.event, hook: delivery.hook)] = nil
    finished()
  }

  private func attempt(_ delivery: DueDelivery, _ options: HookOptions) async -> HookPolicy.Verdict {
    if let match = options.match, !Glob.matches(delivery.subject, pattern: match) {
      return .init(state: "delivered", nextAt: 0, reason: "not matched by '\(match)'")
    }
    // It was accepted when the event came; what it is now is what counts.
    if let refusal = folder.refusal(of: delivery.hook) {
      return .init(state: "failed", nextAt: 0, reason: refusal)
    }
    let policy = policy
    do {
      let home = "\(scratch)/\(delivery.event)-\((delivery.hook as NSString).lastPathComponent)"
      try FileMover.makeFolder(home)
      let end = try await HookProgram(root: root, scratch: home).run(
        delivery, output: .file(path: home + "/output", append: true, capBytes: 1 << 20),
        timeoutSeconds: options.timeoutSeconds ?? settings.timeoutSeconds)
      // What a hook said is kept while somebody may ask why it failed.
      if end.succeeded { try? FileManager.default.removeItem(atPath: home) }
      return policy.judge(
        end.cause, attemptsBefore: delivery.attempts, retries: options.retries,
        now: Date().timeIntervalSince1970, isStillThere: folder.isThere(delivery.hook))
    } catch {
      return policy.judge(
        error, attemptsBefore: delivery.attempts, retries: options.retries, now: Date().timeIntervalSince1970)
    }
  }
}

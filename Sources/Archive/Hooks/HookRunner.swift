import Associations
import CatalogStore
import ChildProcess
import Foundation
import Logging

/// Tells the hooks what the outbox holds: at least once, in order per hook and subject.
actor HookRunner {
  private let writer: CatalogWriter
  private let folder: HookFolder
  private let root: String
  private let scratch: String
  private let policy = HookPolicy()
  private let limit: Int
  private let timeoutSeconds: Double
  private let logger: Logger
  private let finished: @Sendable () -> Void
  /// Deliveries under way, by hook and subject.
  private var running: [String: Task<Void, Never>] = [:]

  /// - Parameter finished: told after each ended delivery.
  init(
    writer: CatalogWriter, root: String, scratch: String, timeoutSeconds: Double, limit: Int, logger: Logger,
    finished: @escaping @Sendable () -> Void
  ) {
    self.writer = writer
    self.root = root
    self.scratch = scratch
    self.limit = limit
    self.timeoutSeconds = timeoutSeconds
    self.logger = logger
    self.finished = finished
    folder = HookFolder(path: root + "/hooks")
  }

  /// Nothing is being delivered right now.
  var isIdle: Bool { running.isEmpty }

  /// Ends the deliveries under way (they are told again later) and returns when they are settled.
  func stop() async {
    let tasks = Array(running.values)
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Starts what is due, up to the limit.
  func startDue() throws(CatalogError) {
    while try writer.dispatchEvents(hooks: folder.accepted) > 0 {}
    let now = Date().timeIntervalSince1970
    for delivery in try writer.deliveries() where delivery.nextAt <= now && running.count < limit {
      let key = "\(delivery.hook)\u{0}\(delivery.subject)"
      guard running[key] == nil else { continue }
      running[key] = Task { await deliver(delivery, key) }
    }
  }

  private func deliver(_ delivery: DueDelivery, _ key: String) async {
    let verdict = await attempt(delivery)
    do {
      try writer.settleDelivery(
        event: delivery.event, hook: delivery.hook, state: verdict.state, nextAt: verdict.nextAt,
        reason: verdict.reason, at: Date().timeIntervalSince1970)
    } catch {
      logger.error("a delivery could not be settled; it is told again", metadata: ["error": "\(error)"])
    }
    running[key] = nil
    finished()
  }

  private func attempt(_ delivery: DueDelivery) async -> HookPolicy.Verdict {
    let now = Date().timeIntervalSince1970
    let (options, fault) = HookOptions.read("\(folder.path)/\(delivery.type).cfg")
    if let fault { logger.warning("a hook's settings", metadata: ["fault": "\(fault)"]) }
    if let match = options.match, !Glob.matches(delivery.subject, pattern: match) {
      return .init(state: "delivered", nextAt: 0, reason: "not matched by '\(match)'")
    }
    guard folder.accepted()[delivery.type]?.contains(delivery.hook) == true else {
      return .init(
        state: "failed", nextAt: 0, reason: "the hook is gone or refused; see irisarchive hooks list")
    }
    do {
      let home = "\(scratch)/\(delivery.event)-\((delivery.hook as NSString).lastPathComponent)"
      try FileMover.makeFolder(home)
      let end = try await HookProgram(root: root, scratch: home).run(
        delivery, output: .file(path: home + "/output", append: true, capBytes: 1 << 20),
        timeoutSeconds: options.timeoutSeconds ?? timeoutSeconds)
      // What a hook said is kept while somebody may ask why it failed.
      if end.succeeded { try? FileManager.default.removeItem(atPath: home) }
      return policy.judge(
        end.cause, attemptsBefore: delivery.attempts, retries: options.retries, now: now)
    } catch {
      return policy.again("\(error)", delivery.attempts, options.retries, now)
    }
  }
}

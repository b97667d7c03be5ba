import CatalogStore
import Foundation
import JobContract
import Logging
import Metadata
import References
import Synchronization

/// One turn after another: associate, close, plan, start, insert masters, tell hooks. All state is in the catalog, so
/// a turn can be cut short anywhere.
actor Scheduler {
  struct Parts: Sendable {
    var writer: CatalogWriter
    var associator: AssociatorService
    var manifests: ManifestReader
    var starter: JobStarter
    var recovery: Recovery
    var inserter: MasterInserter
    var hooks: HookRunner
    var headers: HeaderLoader
    var layout: ArchiveLayout
    var windows: CalibrationWindows
    var nights: NightName
    var limits: JobLimits
    var maxJobs: Int
    var disks: DiskWatch
    var ballast: BallastKeeper
    /// Whether masters that pass their checks become references by themselves.
    var insertsMasters: Bool
    /// Seconds after a frame's arrival for which its job waits for calibrations on their way.
    var calibrationWait: Double
    /// Seconds before a ramp in which an exposure may leave an afterimage; 0: none does.
    var persistenceWindow: Double
    /// Told between the stages of a turn: a long one is not a stalled one.
    var alive: @Sendable () -> Void
    var logger: Logger
  }

  private var parts: Parts
  private let hasher = FileHasher()
  private let wake: @Sendable () -> Void
  /// Jobs under way, by id: this actor owns them, and `stop` ends them.
  private var running: [Int64: Task<Void, Never>] = [:]
  private var contexts: [String: RulesContext] = [:]
  private(set) var done = 0
  /// Whether the catalog knows the state of the disks.
  private var isTold = true
  private let began = ContinuousClock.now
  /// Turns in a row in which a master could not be put into the rules for a reason that is not its own, by frame.
  private var failures: [Int64: (turns: Int, error: any Error)] = [:]
  /// So many turns, and `--once` goes on without that master.
  private static let patience = 10
  private var disks: DiskWatch
  /// When jobs without their input were looked at last.
  private var lookedForInputs: ContinuousClock.Instant?
  private static let inputInterval = Duration.seconds(5)
  /// Program, rules and parameters when what failed was planned last.
  private var circumstances: [String] = []
  /// Pipelines that want to know what was exposed before.
  private var remembering: Set<String> = []
  private var ballast: BallastKeeper
  private var clock: ClockWatch

  /// - Parameter wake: asks for another turn.
  init(_ parts: Parts, wake: @escaping @Sendable () -> Void) {
    self.parts = parts
    self.wake = wake
    disks = parts.disks
    ballast = parts.ballast
    clock = ClockWatch()
  }

  /// From the next turn on: other rules, limits, waits. Jobs under way end as they began, and reference rules are read
  /// anew.
  func use(_ parts: Parts) {
    self.parts = parts
    disks = parts.disks
    ballast = parts.ballast
    contexts = [:]
  }

  /// Nothing runs and nothing could be started without waiting.
  func isIdle() async throws(CatalogError) -> Bool {
    guard running.isEmpty, await parts.hooks.isIdle else { return false }
    let reader = parts.writer.reader
    guard try reader.unassociated(limit: 1).isEmpty else { return false }
    guard try reader.jobs(states: ["queued"], limit: 1).isEmpty else { return false }
    guard try reader.pendingReviews().isEmpty, try reader.associationsToRecheck().isEmpty else {
      return false
    }
    if parts.insertsMasters, try reader.uninsertedMasters().contains(where: { !isGivenUp($0.id) }) {
      return false
    }
    let deliveries = try parts.writer.deliveries()
    let due = deliveries.contains { $0.nextAt <= now }
    return try reader.undispatchedEvents() == 0 && !due
  }

  /// Ends the jobs and hooks under way and returns when they are gone and settled.
  func stop() async {
    parts.starter.patience.stopping.set()
    let tasks = Array(running.values)
    for task in tasks { task.cancel() }
    await parts.hooks.stop()
    for task in tasks { await task.value }
  }

  /// One turn: starts jobs and hooks, and waits for none of them.
  func turn() async throws {
    try heedClock()
    while try parts.associator.associateNew() > 0 { parts.alive() }
    try parts.associator.recheck()
    _ = try parts.associator.closeDue(everything: false)
    try parts.associator.closeNights(parts.nights)
    parts.alive()
    try insertMasters()
    try cancelJobs()
    try retryReturned()
    try parts.recovery.settleStrays(attended: Set(running.keys))
    try await plan()
    parts.alive()
    lookAtDisks()
    try startJobs()
    try await parts.hooks.startDue()
  }

  /// Every association has its job, or waits for something that only a person or another file can bring.
  func isSettled() throws(CatalogError) -> Bool {
    try parts.writer.reader.jobs(states: ["queued"], limit: 1).isEmpty
  }

  /// Treats the waits of the earliest rule with open associations as passed. Returns how many were closed.
  func passWaits() throws(CatalogError) -> Int { try parts.associator.closeDue(everything: true) }

  // MARK: planning

  private func plan() async throws {
    let manifest = try await parts.manifests.current()
    try planFailuresAgain(manifest)
    remembering = Set(manifest.pipelines.filter(PreviousExposures.concern).map(\.name))
    let planner = try planner(manifest)
    for association in try unsettledInOrder() {
      parts.alive()
      do {
        try plan(association, planner)
      } catch {
        try setAside(association, error)
      }
    }
  }

  /// Mosaics last: what they wait for may be settled in the same turn without a job.
  private func unsettledInOrder() throws(CatalogError) -> [AssociationRecord] {
    let rules = parts.associator.associator.rules
    let combinations = Set(rules.filter(\.isCombination).map(\.name))
    let all = try parts.writer.reader.unsettledAssociations()
    return all.filter { !combinations.contains($0.rule) } + all.filter { combinations.contains($0.rule) }
  }

  private func plan(_ association: AssociationRecord, _ planner: JobPlanner) throws {
    if try parts.writer.reader.isRunning(association: association.id) { return }
    switch try planner.plan(association) {
    case .wait(let why): try parts.writer.setWaitingReason(why, association: association.id)
    case .refuse(let why):
      try parts.writer.setWaitingReason(why, association: association.id)
      parts.logger.info(
        "nothing can be made", metadata: ["association": "\(association.name)", "reason": "\(why)"])
      try parts.writer.settle(association: association.id)
      planner.pending.forget(association.id)
    case .queue(let job):
      if let name = try parts.writer.queue(job, at: now) {
        parts.logger.info("queued", metadata: ["job": "\(name)", "association": "\(association.name)"])
      } else if try !parts.writer.reader.hasActiveJob(association: association.id) {
        planner.pending.forget(association.id)
      }
    }
  }

  /// What stops every association, not one.
  private static let faultsOfTheCatalog: Set<String> = ["catalog-busy", "catalog-disk", "catalog-corrupt"]

  /// An association that cannot be planned (a stored header that cannot be read) keeps the others from nothing: it says
  /// why and waits. What the catalog cannot do at all ends the turn.
  private func setAside(_ association: AssociationRecord, _ error: any Error) throws {
    let fault = ArchiveParts.translated(error)
    if Self.faultsOfTheCatalog.contains(fault.code) { throw fault }
    parts.logger.error(
      "no job can be planned", metadata: ["association": "\(association.name)", "error": "\(fault)"])
    try parts.writer.setWaitingReason("its job cannot be planned: \(fault)", association: association.id)
  }

  /// What failed stays failed until its inputs, its references, its parameters or the program change. Inputs plan their
  /// association by themselves; when one of the others changed, and at start, all that failed is planned again: a job
  /// that would be the same is known by its key and stays as it is.
  private func planFailuresAgain(_ manifest: PipelineManifest) throws {
    guard try parts.writer.reader.hasFailures() else { return }
    let digest = ConfigurationDigest(hasher: hasher)
    let configurations = manifest.pipelines.map { pipeline in
      parts.layout.pipelineConfiguration(pipeline.name).flatMap { digest.sha256(of: $0) } ?? "-"
    }
    let standards = hasher.sha256(of: parts.layout.standards) ?? "-"
    let now = [manifest.software, try parts.inserter.pinnedContext(), standards] + configurations
    if now == circumstances { return }
    circumstances = now
    try parts.writer.unsettleFailures()
  }

  private var now: Double { Date().timeIntervalSince1970 }

  private func planner(_ manifest: PipelineManifest) throws -> JobPlanner {
    JobPlanner(
      writer: parts.writer, associator: parts.associator.associator, manifest: manifest,
      resolver: try resolver(),
      headers: parts.headers, layout: parts.layout, limits: parts.limits,
      calibrationWait: parts.calibrationWait, persistenceWindow: parts.persistenceWindow,
      insertsMasters: parts.insertsMasters,
      pending: PendingWork(reader: parts.writer.reader, rules: parts.associator.associator.rules),
      faults: OperatorFaults(layout: parts.layout, hasher: hasher), now: now)
  }

  private func resolver() throws -> ReferenceResolver {
    ReferenceResolver(
      reader: parts.writer.reader, context: try context(), windows: parts.windows,
      associator: parts.associator.associator, hasher: hasher)
  }

  /// The pinned context, loaded once per name.
  private func context() throws -> RulesContext {
    let name = try parts.inserter.pinnedContext()
    if let known = contexts[name] { return known }
    let context = try RulesContext(cachePath: parts.layout.rules, context: name)
    for warning in context.warnings {
      parts.logger.warning("reference rules", metadata: ["warning": "\(warning)"])
    }
    contexts = [name: context]
    return context
  }

  // MARK: masters

  private func isGivenUp(_ master: Int64) -> Bool { (failures[master]?.turns ?? 0) >= Self.patience }

  /// Why masters that passed are not in the rules after many turns; nil when there is none of these.
  func insertionFault() -> ArchiveError? {
    let stuck = failures.filter { $0.value.turns >= Self.patience }
    guard let first = stuck.min(by: { $0.key < $1.key }) else { return nil }
    return ArchiveError(
      code: "masters-not-inserted",
      message: "\(stuck.count) masters could not be put into the reference rules: \(first.value.error)",
      subject: parts.layout.rules, hint: "mend it and run again: they are tried again then",
      underlying: first.value.error)
  }

  private func insertMasters() throws {
    for master in try parts.writer.reader.uninsertedMasters() where parts.insertsMasters {
      // Rules that cannot be read are no fault of this master: the turn ends, and a later one tries again.
      let context = try context()
      do {
        _ = try parts.inserter.insert(master, context: context, at: now)
        failures[master.id] = nil
      } catch {
        let isRefused = try parts.inserter.refuse(master, because: error, at: now)
        failures[master.id] = isRefused ? nil : ((failures[master.id]?.turns ?? 0) + 1, error)
      }
    }
    try reviewProducts()
  }

  /// So long a turn looks at what new references change: other work comes between, and the next turn goes on.
  private static let reviewTime = Duration.seconds(5)

  private func reviewProducts() throws {
    let end = ContinuousClock.now + Self.reviewTime
    for reference in try parts.writer.reader.pendingReviews() {
      let staleness = Staleness(
        writer: parts.writer, resolver: try resolver(), headers: parts.headers, windows: parts.windows,
        alive: parts.alive, logger: parts.logger)
      guard try staleness.review(reference, at: now, until: end) else { return wake() }
    }
  }

  // MARK: clock

  /// A clock that was set back must freeze nothing: what waits for a time that is far off now waits from now.
  private func heedClock() throws(CatalogError) {
    guard clock.look(wall: now, monotonic: ContinuousClock.now - began) else { return }
    let count = try parts.writer.forgetFuture(now: now)
    if count > 0 {
      parts.logger.warning(
        "the clock was set back: what waited by it waits from now", metadata: ["count": "\(count)"])
    }
  }

  // MARK: disks

  /// Jobs are held back even where that cannot be told: a full disk may be the catalog's own.
  private func lookAtDisks() {
    let isDifferent = ballast.look()
    guard disks.look(now: now) || isDifferent || !isTold else { return }
    do throws(CatalogError) {
      let change = try parts.writer.tellDisks(low: shortages, at: now)
      isTold = true
      for shortage in change.began {
        parts.logger.warning("disk low: no job starts", metadata: ["reason": "\(shortage.concern.reason)"])
      }
      for path in change.ended { parts.logger.info("space again: jobs go on", metadata: ["disk": "\(path)"]) }
    } catch {
      isTold = false
      parts.logger.error("the state of the disks could not be told", metadata: ["error": "\(error)"])
    }
  }

  /// Disks for whose sake no job starts; the one that was full is told as that.
  private var shortages: [DiskShortage] {
    guard let full = ballast.shortage else { return disks.low }
    return [full] + disks.low.filter { $0.path != full.path }
  }

  /// The one reason why nothing goes on, when jobs could start but for a disk below its reserve; nil otherwise.
  func shortage() async throws(CatalogError) -> DiskShortage? {
    guard let low = shortages.first, running.isEmpty, await parts.hooks.isIdle else { return nil }
    let reader = parts.writer.reader
    guard try reader.unassociated(limit: 1).isEmpty, try reader.undispatchedEvents() == 0 else { return nil }
    guard try !parts.writer.deliveries().contains(where: { $0.nextAt <= now }) else { return nil }
    return try reader.startableJobs(now: now, limit: 1).isEmpty ? nil : low
  }

  // MARK: jobs

  private func startJobs() throws {
    guard shortages.isEmpty, running.count < parts.maxJobs else { return }
    let free = parts.maxJobs - running.count
    for job in try parts.writer.reader.startableJobs(now: now, limit: free) where running[job.id] == nil {
      let before = before(job)
      running[job.id] = Task {
        let succeeded = await parts.starter.run(job, before: before)
        ended(job.id, succeeded)
      }
    }
  }

  /// What goes wrong here is the job's own matter: it must not keep the others from starting.
  private func before(_ job: JobRecord) -> Result<JobStarter.Before, any Error> {
    Result {
      var before = JobStarter.Before()
      before.master = try PreviousMaster(
        reader: parts.writer.reader, resolver: try resolver(), headers: parts.headers
      ).of(job)
      if remembering.contains(job.pipeline) {
        let rules = parts.associator.associator.rules.filter { $0.pipeline == job.pipeline }.map(\.name)
        let previous = try PreviousExposures(reader: parts.writer.reader, window: parts.persistenceWindow)
          .of(job, rules: rules)
        before.exposures = previous.given
        before.shortcomings = [previous.shortcoming].compactMap { $0 }
      }
      return before
    }
  }

  /// Now and then: the look costs a question for each job that waits for its input.
  private func retryReturned() throws {
    let time = ContinuousClock.now
    if let last = lookedForInputs, time - last < Self.inputInterval { return }
    lookedForInputs = time
    for name in try ReturnedInputs(writer: parts.writer).retry(at: now) {
      parts.logger.info("its input is back: it is tried again", metadata: ["job": "\(name)"])
    }
  }

  /// Ends running jobs that an operator wants cancelled.
  private func cancelJobs() throws {
    guard !running.isEmpty else { return }
    for job in try parts.writer.reader.jobsToCancel() { running[job]?.cancel() }
  }

  private func ended(_ job: Int64, _ succeeded: Bool) {
    running[job] = nil
    if succeeded { done += 1 }
    wake()
  }
}

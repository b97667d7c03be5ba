import CatalogStore
import Dispatch
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Keeps the watched folder and the catalog in step: events, a scan after each new watch, a reconciling scan every so
/// often, and again from the start when the folder was away.
final class WatchService: Service {
  private let folder: String
  private let source: any ArrivalSource
  private let ingest: IngestService
  private let writer: CatalogWriter
  private let reconcileSeconds: Mutex<Double>
  private let liveness: Liveness
  private let logger: Logger
  private let scans = DispatchQueue(label: "scan")
  private let firstScan: WakeSignal
  private let disks = Mutex<Set<Int64>?>(nil)
  private let looks: Looks
  /// Whether it was told that the folder is not there.
  private let isAway = Mutex(false)
  private let lost = Mutex<WakeSignal?>(nil)

  /// - Parameter firstScan: finished after the first scan of the folder has been handed to ingest.
  init(
    folder: String, source: any ArrivalSource, ingest: IngestService, writer: CatalogWriter,
    reconcileSeconds: Double, firstScan: WakeSignal, liveness: Liveness, logger: Logger
  ) {
    self.folder = folder
    looks = Looks(root: folder)
    self.source = source
    self.ingest = ingest
    self.writer = writer
    self.reconcileSeconds = Mutex(reconcileSeconds)
    self.liveness = liveness
    self.firstScan = firstScan
    self.logger = logger
  }

  /// From now on the tree is compared with the catalog this often, and once now: other names may be wanted.
  func use(reconcileSeconds: Double) {
    self.reconcileSeconds.withLock { $0 = reconcileSeconds }
    scan(folder)
  }

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await self.watch() }
        group.addTask { await self.reconcile() }
        try await group.waitForAll()
      }
    }
  }

  private func watch() async throws {
    while !Task.isCancelled {
      let lost = WakeSignal()
      self.lost.withLock { $0 = lost }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { [self] in
          try await self.listen(lost)
        }
        group.addTask {
          for await _ in lost.stream { break }
        }
        try await group.next()
        group.cancelAll()
        try await group.waitForAll()
      }
      await waitForFolder()
    }
  }

  /// Listens by the chosen source; where events are not to be had, by looking again and again until the next reason to
  /// begin anew.
  private func listen(_ lost: WakeSignal) async throws {
    do throws(ArchiveError) {
      try await source.run(folder: folder, looks: looks) { arrival in self.handle(arrival, lost: lost) }
    } catch {
      guard error.code == "watch-failed" else { throw error }
      // The folder may have gone between two looks; that is no fault of events.
      if access(folder, R_OK | X_OK) != 0 {
        tellAway("the watched folder is not there, or cannot be looked into; waiting for it")
        return await Self.pause()
      }
      let seconds = Listening.usualSeconds
      note("\(error.message): looking every \(seconds) s instead; \(error.hint ?? "")")
      try await PollingSource(interval: seconds).run(folder: folder, looks: looks) {
        self.handle($0, lost: lost)
      }
    }
  }

  private static func pause() async { try? await Task.sleep(for: .seconds(1)) }

  private func handle(_ arrival: Arrival, lost: WakeSignal) {
    switch arrival {
    case .file(let path, let time): ingest.take(path, at: time)
    case .scan(let folder): scan(folder)
    case .rescan(let reason):
      note("events were lost (\(reason)); everything is looked at again")
    case .rootLost:
      tellAway("the watched folder is gone; waiting for it to come back")
      lost.ask()
    // The watcher lives only while its scans move on, too: a dead network disk stops them, not the events.
    case .alive: scans.async { [liveness] in liveness.turned(.watcher) }
    }
  }

  private func scan(_ path: String) {
    guard looks.ask(path) else { return }
    scans.async { [self] in
      guard looks.begin(path) else { return }
      let seen = ingest.scan(path)
      looks.end(path)
      guard path == folder else { return }
      if seen.isEmpty {
        tellAway("the watched folder is not there, or cannot be looked into; waiting for it")
      } else {
        isAway.withLock { $0 = false }
      }
      firstScan.finish()
      heed(seen)
      do {
        try writer.setFact(DaemonFact.reconciled, String(Date().timeIntervalSince1970))
      } catch {
        logger.error("a scan could not be recorded", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Once each time that the folder is away; jobs and hooks do not wait for it.
  private func tellAway(_ sentence: String) {
    let isNew = isAway.withLock { isAway in
      defer { isAway = true }
      return !isAway
    }
    if isNew { note(sentence) }
    firstScan.finish()
  }

  /// No event tells that a disk was mounted under the folder; another set of disks than before does.
  private func heed(_ seen: Set<Int64>) {
    // A folder that is away says nothing of disks.
    if seen.isEmpty { return }
    let before = disks.withLock { disks in
      defer { disks = seen }
      return disks
    }
    guard let before, !seen.subtracting(before).isEmpty else { return }
    note("another disk is mounted here: everything is watched anew")
    lost.withLock { $0?.ask() }
  }

  /// Looks for the folder every second until it is there (again).
  private func waitForFolder() async {
    while !Task.isCancelled, access(folder, R_OK | X_OK) != 0 {
      liveness.turned(.watcher)
      await Self.pause()
    }
  }

  /// A look at everything every so often, and when somebody asks for one.
  private func reconcile() async {
    while !Task.isCancelled {
      let wanted = reconcileSeconds.withLock { $0 }
      try? await Task.sleep(for: .seconds(min(wanted, 1)))
      if Task.isCancelled { return }
      let isAsked = takeRequest()
      let isDue = looks.wait(interval: wanted).map { $0 <= 0 } ?? false
      if isAsked || isDue { scan(folder) }
    }
  }

  private func takeRequest() -> Bool {
    do {
      return try writer.takeRescanRequest()
    } catch {
      logger.warning("it is not known whether a look was asked for", metadata: ["error": "\(error)"])
      return false
    }
  }

  private func note(_ sentence: String) {
    logger.warning("\(sentence)", metadata: ["folder": "\(folder)"])
    do {
      try writer.note(sentence, subject: folder, at: Date().timeIntervalSince1970)
    } catch {
      logger.error("a notice could not be recorded", metadata: ["error": "\(error)"])
    }
  }
}

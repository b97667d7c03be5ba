import CatalogStore
import Dispatch
import Foundation
import Logging
import Synchronization

/// Takes files in: looks, waits for the half-written, records. One serial queue per share of the paths, so that looks
/// at one path never overlap.
final class IngestService: Sendable {
  private struct Waiting {
    var bytes: Int64
    var modifiedNanoseconds: Int64
    var since: ContinuousClock.Instant
    var frame: NewFrame
  }
  private struct State {
    var inFlight = 0
    /// Paths that are queued or looked at; true when one was told again meanwhile.
    var queued: [PathKey: Bool] = [:]
    var isStopping = false
    var waiting: [PathKey: Waiting] = [:]
    /// Files that could not be recorded, and when they arrived.
    var unrecorded: [PathKey: Double] = [:]
    /// Files that somebody writes to, and when they arrived.
    var busy: [PathKey: Double] = [:]
    /// Files that wait for their next look are too many to be kept: only a look at everything finds them all.
    var isOverfull = false
    var retry = RetryPause()
    /// The file that tries whether the catalog takes records again.
    var probe: PathKey?
    var busyNext = 0.0
    var fault: CatalogError?
    var idle: [CheckedContinuation<Void, Never>] = []
  }

  /// What files are judged by; a reload of the configuration replaces it.
  struct Judgement: Sendable {
    var inspector: FileInspector
    var filter: FileNameFilter
  }

  private let judgement: Mutex<Judgement>
  private let writer: CatalogWriter
  private let logger: Logger
  private let recorded: @Sendable () -> Void
  private let progress: @Sendable () -> Void
  private let queues: [DispatchQueue]
  private let state = Mutex(State())
  private let began = Date().timeIntervalSince1970
  private let start = ContinuousClock.now
  private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// - Parameters:
  ///   - recorded: told after each new record, from any thread.
  ///   - progress: told for each file that is looked at or passed over, from any thread.
  init(
    _ judgement: Judgement, writer: CatalogWriter, logger: Logger, recorded: @escaping @Sendable () -> Void,
    progress: @escaping @Sendable () -> Void = {}
  ) {
    self.judgement = Mutex(judgement)
    self.writer = writer
    self.logger = logger
    self.recorded = recorded
    self.progress = progress
    queues = (0..<max(2, ProcessInfo.processInfo.activeProcessorCount)).map {
      DispatchQueue(label: "ingest-\($0)")
    }
  }

  /// From the next look on.
  func use(_ new: Judgement) { judgement.withLock { $0 = new } }

  private var filter: FileNameFilter { judgement.withLock { $0.filter } }

  /// Files that are looked at right now or wait to be.
  var inFlight: Int { state.withLock { $0.inFlight } }

  /// Looks at one path as soon as its queue is free.
  func take(_ path: String, at time: Double) {
    guard filter.accepts(Self.name(path)) else { return }
    let seen = Date().timeIntervalSince1970
    let key = PathKey(path)
    let isNew = state.withLock { state in
      if state.isStopping || state.queued.updateValue(state.queued[key] != nil, forKey: key) != nil {
        return false
      }
      state.inFlight += 1
      return true
    }
    guard isNew else { return }
    var hasher = FNV1a()
    for byte in path.utf8 { hasher.add(byte) }
    queues[Int(hasher.value % UInt64(queues.count))].async { [self] in
      repeat {
        state.withLock { $0.queued[key] = false }
        if !state.withLock({ $0.isStopping }) { process(path, at: time, seen: seen, looksLeft: 8) }
      } while toldAgain(path)
      finishOne()
    }
  }

  /// Looks at everything under a folder that the catalog does not know exactly as it is, and marks what is gone.
  ///
  /// - Returns: the devices of the folders that were seen.
  @discardableResult
  func scan(_ folder: String) -> Set<Int64> {
    let filter = filter
    state.withLock { $0.isOverfull = false }
    let listing = TreeScan.list(folder) { [progress] name in
      progress()
      return filter.accepts(name)
    }
    for oddity in listing.oddities {
      progress()
      // A catalog that somebody holds is not asked for each of them: the next look tells the others.
      guard note(oddity.sentence, oddity.path)?.code != "catalog-busy" else { break }
    }
    var comparison = PlaceComparison(listing)
    var absent: [CatalogPlace]?
    do {
      try writer.reader.eachPlace(under: folder) { comparison.compare($0) }
      absent = comparison.absent
    } catch {
      // What it did not say is looked at again then: slower, and nothing is lost or taken in twice.
      logger.warning("the catalog did not say what it knows", metadata: ["error": "\(error)"])
    }
    for entry in comparison.unknownUnnameable {
      progress()
      guard recordUnnameable(entry)?.code != "catalog-busy" else { break }
    }
    for file in comparison.unknown {
      // The inode changed last when the file was closed or moved here; what came before us arrives with us.
      let now = Date().timeIntervalSince1970
      take(file.path, at: min(max(Double(file.changedNanoseconds) / 1e9, began), now))
    }
    if let absent { review(absent, comparison, listing, of: folder) }
    return listing.devices
  }

  private func review(
    _ absent: [CatalogPlace], _ comparison: PlaceComparison, _ listing: TreeScan.Listing, of folder: String
  ) {
    do {
      try comparison.renumber(in: writer, progress: progress)
      try MissingFiles(writer: writer, logger: logger)
        .review(absent, listing, seen: comparison.seenDevices, of: folder)
    } catch {
      logger.warning("what is missing could not be told", metadata: ["error": "\(error)"])
    }
  }

  /// A file whose name cannot be written down is in the catalog as quarantined, until it is renamed.
  private func recordUnnameable(_ entry: TreeScan.Entry) -> CatalogError? {
    let error = record(
      NewFrame(
        place: .init(
          path: entry.path, device: entry.device, inode: entry.inode, bytes: entry.bytes,
          modifiedNanoseconds: entry.modifiedNanoseconds, changedNanoseconds: entry.changedNanoseconds),
        sha256: nil, state: "quarantined",
        reason: "its name, or its folder's, is not UTF-8 (shown here with %XX for each such byte); rename it",
        arrivedAt: Date().timeIntervalSince1970))
    // By its escaped name nobody finds it again.
    if error != nil { state.withLock { $0.isOverfull = true } }
    return error
  }

  /// Returns when nothing is in flight.
  func drained() async {
    await withCheckedContinuation { continuation in
      let idle = state.withLock { state in
        if state.inFlight == 0 { return true }
        state.idle.append(continuation)
        return false
      }
      if idle { continuation.resume() }
    }
  }

  /// Incomplete files: those unchanged for `seconds` are recorded as truncated, the others are looked at again when
  /// they change. Returns how many still wait.
  func reviewIncomplete(after seconds: Double) -> Int {
    let now = ContinuousClock.now
    let ripe = state.withLock { state in
      state.waiting.filter { now - $0.value.since >= .seconds(seconds) }.map { ($0.key, $0.value) }
    }
    for (path, _) in ripe { take(path.path, at: Date().timeIntervalSince1970) }
    return state.withLock { $0.waiting.count }
  }

  /// Seconds after which a file that is incomplete and unchanged counts as truncated.
  let truncatedAfter = Mutex<Double>(120)

  /// Takes the path off the queue unless it was told again while it was looked at.
  private func toldAgain(_ path: String) -> Bool {
    state.withLock { state in
      if state.queued[PathKey(path)] == true, !state.isStopping { return true }
      state.queued[PathKey(path)] = nil
      return false
    }
  }

  /// No further file is looked at: what is queued is found again by the next start's scan.
  func stop() { state.withLock { $0.isStopping = true } }

  private func finishOne() {
    let resumed = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.inFlight -= 1
      guard state.inFlight == 0 else { return [] }
      defer { state.idle = [] }
      return state.idle
    }
    for continuation in resumed { continuation.resume() }
  }

  private func process(_ path: String, at time: Double, seen: Double, looksLeft: Int) {
    let inspector = judgement.withLock { $0.inspector }
    progress()
    switch inspector.inspect(path, arrivedAt: time) {
    case .ready(var frame):
      frame.seenAt = seen
      record(frame)
    case .incomplete(var frame):
      frame.seenAt = seen
      hold(frame)
    case .busy:
      // Its closing is told only where it was opened by this very name: a hard link to it is looked at again.
      lookLater(path, time)
      logger.debug("a writer has it open", metadata: ["path": "\(path)"])
    case .changed where looksLeft > 0: process(path, at: time, seen: seen, looksLeft: looksLeft - 1)
    case .changed:
      lookLater(path, time)
      logger.info("changes while it is read", metadata: ["path": "\(path)"])
    case .gone: state.withLock { _ = $0.waiting.removeValue(forKey: PathKey(path)) }
    case .notAFile(let sentence): _ = note(sentence, path)
    }
  }

  private func lookLater(_ path: String, _ time: Double) {
    state.withLock { state in
      if state.busy.count < Self.mostUnrecorded {
        state.busy[PathKey(path)] = time
      } else {
        state.isOverfull = true
      }
    }
  }

  private func hold(_ frame: NewFrame) {
    let limit = truncatedAfter.withLock { $0 }
    let path = frame.place.path
    let isRipe = state.withLock { state -> Bool in
      if let old = state.waiting[PathKey(path)], old.bytes == frame.place.bytes,
        old.modifiedNanoseconds == frame.place.modifiedNanoseconds
      {
        guard ContinuousClock.now - old.since >= .seconds(limit) else { return false }
        state.waiting.removeValue(forKey: PathKey(path))
        return true
      }
      // A file that has lain unchanged since before we came is as old as its own time stamp says.
      let age = max(0, Date().timeIntervalSince1970 - Double(frame.place.modifiedNanoseconds) / 1e9)
      if age >= limit { return true }
      state.waiting[PathKey(path)] = Waiting(
        bytes: frame.place.bytes, modifiedNanoseconds: frame.place.modifiedNanoseconds,
        since: ContinuousClock.now - .seconds(age), frame: frame)
      return false
    }
    if isRipe { record(frame) }
  }

  /// - Returns: what the catalog said when it did not take the record.
  @discardableResult
  private func record(_ frame: NewFrame) -> CatalogError? {
    state.withLock { _ = $0.waiting.removeValue(forKey: PathKey(frame.place.path)) }
    do {
      let outcome = try writer.record(frame, recordedAt: Date().timeIntervalSince1970)
      if case .recorded(_, let state) = outcome {
        logger.info(
          "in the catalog",
          metadata: [
            "name": "\(frame.name)", "state": "\(state)", "obsname": "\(frame.description.obsname)",
            "reason": "\(frame.reason ?? "")",
          ])
      }
      state.withLock { $0.retry.succeeded() }
      recorded()
      return nil
    } catch {
      // Looked at again soon, and by the next reconciling scan at the latest. Nobody is woken for it: that would be
      // to try again at once.
      let now = now
      state.withLock { state in
        if error.code == "catalog-corrupt" { state.fault = error }
        state.retry.failed(at: now)
        if state.unrecorded.count < Self.mostUnrecorded {
          state.unrecorded[PathKey(frame.place.path)] = frame.arrivedAt
        } else {
          state.isOverfull = true
        }
      }
      logger.error(
        "could not be recorded; it is tried again",
        metadata: ["path": "\(frame.place.path)", "error": "\(error)"])
      return error
    }
  }

  private static let mostUnrecorded = 10_000

  /// Why nothing more can be recorded, ever.
  var fault: CatalogError? { state.withLock { $0.fault } }

  /// Looks again at files that could not be recorded (the catalog was locked, its disk full), after a pause and one file
  /// first, and at most once a second at those that a writer had open.
  func recordAgain() {
    let now = now
    let again = state.withLock { state in Self.takeUnrecorded(&state, now) + Self.takeBusy(&state, now) }
    for (path, time) in again { take(path.path, at: time) }
  }

  private static func takeUnrecorded(_ state: inout State, _ now: Double) -> [(PathKey, Double)] {
    guard state.retry.isDue(at: now) else { return [] }
    guard state.retry.isFailing else {
      defer { state.unrecorded = [:] }
      return Array(state.unrecorded)
    }
    if let probe = state.probe, state.queued[probe] != nil { return [] }
    // Any of them: one that can never be recorded must not stand for all.
    guard let one = state.unrecorded.randomElement() else { return [] }
    state.unrecorded[one.key] = nil
    state.probe = one.key
    state.retry.tries(at: now)
    return [(one.key, one.value)]
  }

  private static func takeBusy(_ state: inout State, _ now: Double) -> [(PathKey, Double)] {
    guard now >= state.busyNext else { return [] }
    state.busyNext = now + 1
    defer { state.busy = [:] }
    return Array(state.busy)
  }

  /// Files that wait to be looked at again: whether the catalog did not take them, or somebody writes to them.
  var behind: (unrecorded: [String], busy: [String], isOverfull: Bool) {
    state.withLock { state in
      (state.unrecorded.keys.map(\.path), state.busy.keys.map(\.path), state.isOverfull)
    }
  }

  /// Says that files which somebody still writes to were not waited for.
  func leaveOut(_ paths: [String]) {
    for path in paths.sorted() {
      let sentence =
        "somebody writes to it; it was left out: irisarchive watch --once again when it is closed"
      logger.warning("\(sentence)", metadata: ["path": "\(path)"])
      _ = note(sentence, path)
    }
  }

  private func note(_ sentence: String, _ path: String) -> CatalogError? {
    do {
      try writer.noteOnce(sentence, subject: path, at: Date().timeIntervalSince1970)
      return nil
    } catch {
      logger.error("a notice could not be recorded", metadata: ["path": "\(path)", "error": "\(error)"])
      return error
    }
  }

  private static func name(_ path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }

}

/// FNV-1a, 64 bit: spreads paths over the queues the same way in every run.
struct FNV1a {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}

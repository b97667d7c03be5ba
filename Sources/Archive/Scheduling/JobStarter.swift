import CatalogStore
import CfgFormat
import Executors
import Foundation
import JobContract
import Logging

/// Runs one job: opens the attempt, hands it to the executor, and settles whatever comes of it.
struct JobStarter: Sendable {
  let writer: CatalogWriter
  let executor: any Executor
  let recorder: Recorder
  let layout: ArchiveLayout
  let policy: RetryPolicy
  let instance: String
  let timeout: Duration?
  /// Whether runs draw quick-look pictures.
  let previews: Bool
  let patience: CatalogPatience
  let space: WantOfSpace
  let logger: Logger

  /// What a job is given of what came before it.
  struct Before: Sendable {
    /// What a new master is compared with.
    var master: ResolvedReference?
    /// What may have left an afterimage.
    var exposures: [PreviousExposure] = []
    /// What should have been there and is not: the products are degraded for it.
    var shortcomings: [String] = []
  }

  /// Runs the job to its end. Returns true when it made its products.
  ///
  /// - Parameter before: what came before it: known only now, and no part of the job's key.
  func run(_ job: JobRecord, before: Result<Before, any Error> = .success(Before())) async -> Bool {
    do {
      let limits = policy.limits(raisedMemory: job.raisedMemory)
      let run = try writer.start(
        job: job.id, instance: instance, token: UUID().uuidString, folder: { layout.attempt(job.name, $0) },
        memoryBytes: limits.memoryBytes.map { Int64(clamping: $0) }, at: Self.now)
      guard let run else { return false }
      guard var spec = Self.spec(of: job, run: run) else {
        let reason = "the stored job cannot be read; irisarchive reprocess \(job.association) makes another"
        try await fail(job, run, .init(end: .failed, facts: Self.notStarted, reason: reason))
        return false
      }
      do {
        let before = try before.get()
        spec.previousMaster = before.master
        spec.degraded += before.shortcomings
        if !before.exposures.isEmpty {
          spec.previous = before.exposures
          spec.parameters[PreviousExposures.parameter] =
            CfgValue.list(before.exposures.map(\.path)).cfgText
        }
        try refresh(&spec, limits)
      } catch {
        let again = policy.judge(
          .init(cause: .notStarted, reason: "not started: \(error)", outOfMemory: false, seconds: 0),
          attempt(of: job), stopping: false)
        try await fail(job, run, again)
        return false
      }
      return try await attempt(job, run, spec)
    } catch {
      logger.error("a job could not be settled", metadata: ["job": "\(job.name)", "error": "\(error)"])
      return false
    }
  }

  private static var now: Double { Date().timeIntervalSince1970 }
  private static let notStarted = AttemptFacts(endedBy: "not started")

  private func attempt(of job: JobRecord) -> RetryPolicy.Attempt {
    .init(before: job.attempts, raisedMemory: job.raisedMemory, now: Self.now)
  }

  /// What may have changed since the job was planned and is no part of its key: where the files lie, the limits.
  private func refresh(_ spec: inout JobSpec, _ limits: JobLimits) throws(CatalogError) {
    for index in spec.inputs.indices {
      let input = spec.inputs[index]
      guard let path = try writer.reader.frame(sha256: input.sha256, name: input.name)?.path else { continue }
      spec.inputs[index].path = path
    }
    spec.limits = limits
    spec.preview = previews
  }

  /// The stored spec with what belongs to this attempt filled in.
  static func spec(of job: JobRecord, run: RunRecord) -> JobSpec? {
    guard var spec = try? JSONDecoder().decode(JobSpec.self, from: Data(job.spec.utf8)) else { return nil }
    spec.job = job.name
    spec.attempt = run.attempt
    spec.token = run.token
    spec.outputDirectory = run.folder
    return spec
  }

  private func attempt(_ job: JobRecord, _ run: RunRecord, _ spec: JobSpec) async throws -> Bool {
    do {
      try? FileManager.default.removeItem(atPath: run.folder)
      try FileMover.makeFolder(run.folder)
    } catch {
      let unmade = policy.judge(
        .init(cause: .notStarted, reason: "not started: \(error)", outOfMemory: false, seconds: 0),
        attempt(of: job), stopping: false)
      try await fail(job, run, unmade)
      return false
    }
    logger.info(
      "started",
      metadata: ["job": "\(job.name)", "pipeline": "\(job.pipeline)", "association": "\(job.association)"])
    switch await executor.run(spec, timeout: timeout) {
    case .reported(let report) where report.status == .succeeded:
      return try await settle(report, job, run, spec)
    case .reported(let report):
      try await fail(job, run, policy.judge(report, attempt(of: job)))
    case .died(let death):
      try await fail(job, run, policy.judge(death, attempt(of: job), stopping: Task.isCancelled))
    }
    return false
  }

  private func settle(
    _ report: RunReport, _ job: JobRecord, _ run: RunRecord, _ spec: JobSpec
  ) async throws -> Bool {
    let failure = await recorded(report, job, run, spec)
    if let failure, CatalogPatience.passes(failure.code) { return false }
    guard let failure else {
      logger.info(
        "done",
        metadata: [
          "job": "\(job.name)", "products": "\(report.products.map(\.fileName).joined(separator: " "))",
          "seconds": "\((report.seconds * 100).rounded() / 100)",
        ])
      return true
    }
    let facts = AttemptFacts(
      endedBy: "reported", exitCode: Int(report.exitCode), seconds: report.seconds,
      peakBytes: Int64(clamping: report.peakMemoryBytes))
    let reason = ["\(failure.message) — \(failure.subject)", failure.hint].compactMap { $0 }
    try await fail(job, run, .init(end: .failed, facts: facts, reason: reason.joined(separator: "; ")))
    return false
  }

  /// nil when the products are in the archive.
  private func recorded(
    _ report: RunReport, _ job: JobRecord, _ run: RunRecord, _ spec: JobSpec
  ) async -> ArchiveError? {
    await patience.write {
      do throws(ArchiveError) {
        _ = try recorder.record(report, spec: spec, job: job, run: run)
        return nil
      } catch {
        return error
      }
    }
  }

  private func fail(
    _ job: JobRecord, _ run: RunRecord, _ judged: RetryPolicy.Judgement
  ) async throws {
    let judgement = space.heeded(
      judged, work: (layout.work, AttemptFolder.bytesOnDisk(run.folder)), products: layout.products,
      now: Self.now)
    logger.warning("made nothing", metadata: ["job": "\(job.name)", "reason": "\(judgement.reason)"])
    recorder.keepLog(job: job, run: run)
    let failure = await patience.write {
      do throws(CatalogError) {
        try writer.end(
          run: run.id, job: job.id, as: judgement.end, facts: judgement.facts, reason: judgement.reason,
          at: Self.now)
        return nil
      } catch {
        return ArchiveParts.translated(error)
      }
    }
    if let failure { throw failure }
    recorder.clear(run.folder)
  }
}

extension JobRecord {
  fileprivate var raisedMemory: UInt64? { memoryBytes.map { UInt64(clamping: $0) } }
}

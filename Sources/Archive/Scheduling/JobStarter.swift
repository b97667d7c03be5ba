import CatalogStore
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
  /// Whether the disk of a folder has too little space for a failure to be the job's own.
  let isShort: @Sendable (_ folder: String) -> Bool
  /// Seconds until a job that found no space is tried again.
  let shortagePause: Double
  let logger: Logger

  /// Runs the job to its end. Returns true when it made its products.
  ///
  /// - Parameter previousMaster: what a new master is compared with: known only now, and no part of the job's key.
  func run(_ job: JobRecord, previousMaster: ResolvedReference? = nil) async -> Bool {
    do {
      let run = try writer.start(
        job: job.id, instance: instance, token: UUID().uuidString, folder: { layout.attempt(job.name, $0) },
        at: Self.now)
      guard let run else { return false }
      guard var spec = Self.spec(of: job, run: run) else {
        try await fail(
          job, run, .failed, nil, "the stored job cannot be read; make it again with irisarchive jobs retry")
        return false
      }
      spec.previousMaster = previousMaster
      spec.preview = previews
      return try await attempt(job, run, spec)
    } catch {
      logger.error("a job could not be settled", metadata: ["job": "\(job.name)", "error": "\(error)"])
      return false
    }
  }

  private static var now: Double { Date().timeIntervalSince1970 }

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
      try await fail(job, run, .again(notBefore: Self.now + 10), nil, "\(error)")
      return false
    }
    logger.info(
      "started",
      metadata: ["job": "\(job.name)", "pipeline": "\(job.pipeline)", "association": "\(job.association)"])
    switch await executor.run(spec, timeout: timeout) {
    case .reported(let report) where report.status == .succeeded:
      return try await settle(report, job, run, spec)
    case .reported(let report):
      let judgement = policy.judge(report, attemptsBefore: job.attempts, now: Self.now)
      let end = report.error?.code == "disk-full" ? postponed : judgement.end
      try await fail(job, run, end, judgement.exitCode, judgement.reason)
    case .died(let death):
      let judgement = policy.judge(
        death, attemptsBefore: job.attempts, now: Self.now, stopping: Task.isCancelled)
      try await fail(job, run, judgement.end, judgement.exitCode, judgement.reason)
    }
    return false
  }

  private func settle(
    _ report: RunReport, _ job: JobRecord, _ run: RunRecord, _ spec: JobSpec
  ) async throws -> Bool {
    let failure = await recorded(report, job, run, spec)
    if let failure, Self.passes(failure.code) { return false }
    guard let failure else {
      logger.info(
        "done",
        metadata: [
          "job": "\(job.name)", "products": "\(report.products.map(\.fileName).joined(separator: " "))",
          "seconds": "\((report.seconds * 100).rounded() / 100)",
        ])
      return true
    }
    try await fail(job, run, .failed, nil, "\(failure.message) — \(failure.subject); \(failure.hint ?? "")")
    return false
  }

  /// nil when the products are in the archive.
  private func recorded(
    _ report: RunReport, _ job: JobRecord, _ run: RunRecord, _ spec: JobSpec
  ) async -> ArchiveError? {
    await persistently {
      do throws(ArchiveError) {
        _ = try recorder.record(report, spec: spec, job: job, run: run)
        return nil
      } catch {
        return error
      }
    }
  }

  private var postponed: CatalogWriter.AttemptEnd { .postponed(notBefore: Self.now + shortagePause) }

  private func fail(
    _ job: JobRecord, _ run: RunRecord, _ judged: CatalogWriter.AttemptEnd, _ exitCode: Int?,
    _ judgedReason: String
  ) async throws {
    let (end, reason) = heedingSpace(judged, judgedReason)
    logger.warning("made nothing", metadata: ["job": "\(job.name)", "reason": "\(reason)"])
    recorder.keepLog(job: job, run: run)
    let failure = await persistently {
      do throws(CatalogError) {
        try writer.end(run: run.id, job: job.id, as: end, exitCode: exitCode, reason: reason, at: Self.now)
        return nil
      } catch {
        return ArchiveParts.translated(error)
      }
    }
    if let failure { throw failure }
    recorder.clear(run.folder)
  }

  /// A job that ended where there is no space left is not at fault, whatever it said: it runs again, uncounted.
  private func heedingSpace(
    _ end: CatalogWriter.AttemptEnd, _ reason: String
  ) -> (end: CatalogWriter.AttemptEnd, reason: String) {
    let hint = "; it runs again, uncounted, when there is space: irisarchive prune --dry-run"
    switch end {
    case .interrupted, .cancelled: return (end, reason)
    case .postponed: return (end, "the disk was full (\(reason))" + hint)
    case .again, .dead, .failed:
      guard let folder = [layout.work, layout.products].first(where: isShort) else { return (end, reason) }
      return (postponed, "there was hardly any space under \(folder) (\(reason))" + hint)
    }
  }

  /// What may pass by itself: somebody else writes to the catalog, its disk is full.
  private static func passes(_ code: String) -> Bool { code == "catalog-busy" || code == "catalog-disk" }

  /// Tries until it works, fails for a reason that does not pass by itself, or the daemon stops; the job then stays
  /// running in the catalog, and the next start adopts its report.
  private func persistently(_ work: () -> ArchiveError?) async -> ArchiveError? {
    var pause = 1.0
    while let failure = work() {
      guard Self.passes(failure.code), !Task.isCancelled else { return failure }
      logger.warning("the catalog cannot be written; trying again", metadata: ["error": "\(failure)"])
      try? await Task.sleep(for: .seconds(pause))
      pause = min(pause * 2, 60)
    }
    return nil
  }
}

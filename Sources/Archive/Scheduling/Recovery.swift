import CatalogStore
import Executors
import Foundation
import JobContract
import Logging

/// What the last daemon left behind: finished reports are adopted, everything else of its running jobs goes back to
/// the queue without counting.
struct Recovery: Sendable {
  let writer: CatalogWriter
  let recorder: Recorder
  let instance: String
  let logger: Logger

  /// - Returns: jobs adopted and jobs put back.
  func run() throws(CatalogError) -> (adopted: Int, requeued: Int) {
    var adopted = 0
    var requeued = 0
    for job in try writer.reader.jobs(states: ["running"]) where job.instance != instance {
      guard let run = try writer.reader.runs(job: job.id).last, run.state == "running" else { continue }
      if adopt(job, run) {
        adopted += 1
      } else {
        recorder.keepLog(job: job, run: run)
        try writer.end(
          run: run.id, job: job.id, as: .interrupted, exitCode: nil,
          reason: "the daemon ended while it ran; it runs again", at: Date().timeIntervalSince1970)
        recorder.clear(run.folder)
        requeued += 1
      }
    }
    try sweep()
    try UnknownProducts(writer: writer, folder: recorder.layout.products, logger: logger)
      .tell(at: Date().timeIntervalSince1970)
    return (adopted, requeued)
  }

  /// Attempts that were settled, but whose folders the last daemon did not live to clear.
  private func sweep() throws(CatalogError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: recorder.layout.work)) ?? []
    for name in names.sorted() {
      guard let job = try writer.reader.job(named: name) else { continue }
      for run in try writer.reader.runs(job: job.id) where FileManager.default.fileExists(atPath: run.folder)
      {
        recorder.keepLog(job: job, run: run)
        recorder.clear(run.folder)
      }
    }
  }

  private func adopt(_ job: JobRecord, _ run: RunRecord) -> Bool {
    guard let spec = JobStarter.spec(of: job, run: run) else { return false }
    do {
      let report = try AttemptFolder(path: run.folder).report(for: spec, partlyTaken: true)
      guard let report, report.status == .succeeded else { return false }
      _ = try recorder.record(report, spec: spec, job: job, run: run)
      logger.info("a finished run was adopted", metadata: ["job": "\(job.name)"])
      return true
    } catch {
      logger.warning(
        "a finished run could not be adopted; it runs again",
        metadata: ["job": "\(job.name)", "error": "\(error)"])
      return false
    }
  }
}

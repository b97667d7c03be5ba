import CatalogStore
import ChildProcess
import Executors
import Foundation
import JobContract
import Logging

/// What a daemon left behind: finished reports are adopted, everything else of its running jobs goes back to the queue
/// without counting, for nobody saw its end.
///
/// A lease on a job belongs to the instance of the daemon that took it, not to the clock: only one daemon holds the
/// archive's lock, so what an earlier instance took is free, after a crash as after a reboot.
struct Recovery: Sendable {
  let writer: CatalogWriter
  let recorder: Recorder
  let instance: String
  let logger: Logger

  /// At start.
  ///
  /// - Returns: jobs adopted and jobs put back.
  func run() throws(CatalogError) -> (adopted: Int, requeued: Int) {
    var (adopted, requeued) = (0, 0)
    for job in try writer.reader.jobs(states: ["running"]) where job.instance != instance {
      switch try settle(job) {
      case true?: adopted += 1
      case false?: requeued += 1
      case nil: break
      }
    }
    try sweep()
    return (adopted, requeued)
  }

  /// Jobs that this instance took and that nobody attends to any more, because their end could not be written.
  func settleStrays(attended: Set<Int64>) throws(CatalogError) {
    for job in try writer.reader.jobs(states: ["running"])
    where job.instance == instance && !attended.contains(job.id) {
      logger.warning("a job without anybody to attend to it", metadata: ["job": "\(job.name)"])
      _ = try settle(job)
    }
  }

  /// - Returns: true when its report was adopted; nil when its attempt is settled already.
  private func settle(_ job: JobRecord) throws(CatalogError) -> Bool? {
    guard let run = try writer.reader.runs(job: job.id).last, run.state == "running" else { return nil }
    endOrphans(job, run)
    if job.cancel == nil, adopt(job, run) { return true }
    recorder.keepLog(job: job, run: run)
    try writer.end(
      run: run.id, job: job.id, as: .interrupted, facts: AttemptFacts(endedBy: "lost"),
      reason: "the daemon ended while it ran; it runs again", at: Date().timeIntervalSince1970)
    recorder.clear(run.folder)
    return false
  }

  /// A job ends itself when its lifeline ends; one that does not (a program of somebody else's, one that hangs in the
  /// kernel) is killed before the folder is used again. It is known by its own command line, which names the attempt.
  private func endOrphans(_ job: JobRecord, _ run: RunRecord) {
    let words = ["--job", AttemptFolder(path: run.folder).jobPath]
    for pid in ProcessFacts.end(ProcessFacts.running(with: words)) {
      logger.warning(
        "a job that outlived its daemon was ended", metadata: ["job": "\(job.name)", "pid": "\(pid)"])
    }
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

import CatalogStore
import Foundation
import Glibc

/// Where the log of a run is: in its attempt's folder while that is there, else among the kept logs.
struct JobLog {
  let root: RootOptions

  /// - Throws: ``CommandFailure`` `input-missing` when neither has it.
  func path(run: RunRecord, job: String) throws -> String {
    let kept = try root.logsFolder() + "/jobs/\(job)-\(run.attempt).log"
    for path in [run.folder + "/job.log", kept] where access(path, R_OK) == 0 { return path }
    throw CommandFailure(
      code: "input-missing", message: "attempt \(run.attempt) of \(job) has no log (any more)", subject: kept,
      hint: "irisarchive jobs show \(job)")
  }

  func text(run: RunRecord, reader: CatalogReader) throws -> String {
    let job = try reader.jobs().first { $0.id == run.jobID }?.name ?? ""
    let data = FileManager.default.contents(atPath: try path(run: run, job: job)) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }
}

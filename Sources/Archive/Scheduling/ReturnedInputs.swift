import CatalogStore
import Foundation
import Glibc
import JobContract

/// Jobs that failed because an input was not in its place (a disk that was away for a moment, a folder being moved), and
/// whose files are all back: they are tried again by themselves, each time after twice the wait, so that a job that has
/// another reason to say so does no harm.
struct ReturnedInputs: Sendable {
  private static let most = 200
  /// Seconds.
  private static let (firstWait, longestWait) = (2.0, 3600.0)

  let writer: CatalogWriter

  /// - Returns: names of the jobs that were queued again.
  func retry(at now: Double) throws(CatalogError) -> [String] {
    var names: [String] = []
    for job in try writer.reader.jobsWithoutInput(limit: Self.most) {
      guard try isDue(job, now), try areBack(job) else { continue }
      if try writer.retry(job: job.name, by: "the archive, for its input is back", at: now) == .done {
        names.append(job.name)
      }
    }
    return names
  }

  private func isDue(_ job: JobRecord, _ now: Double) throws(CatalogError) -> Bool {
    let attempts = try writer.reader.runs(job: job.id).last?.attempt ?? 1
    let wait = min(Self.firstWait * pow(2, Double(attempts - 1)), Self.longestWait)
    return abs(now - (job.endedAt ?? 0)) >= wait
  }

  private func areBack(_ job: JobRecord) throws(CatalogError) -> Bool {
    guard let spec = try? JSONDecoder().decode(JobSpec.self, from: Data(job.spec.utf8)) else { return false }
    for input in spec.inputs {
      let path = try writer.reader.frame(sha256: input.sha256, name: input.name)?.path ?? input.path
      if access(path, R_OK) != 0 { return false }
    }
    return spec.references.compactMap(\.path).allSatisfy { access($0, R_OK) == 0 }
  }
}

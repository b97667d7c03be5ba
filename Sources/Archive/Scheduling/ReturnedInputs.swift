import CatalogStore
import Foundation
import Glibc
import JobContract

/// Jobs that failed because an input was not in its place (a disk that was away for a moment, a folder being moved), and
/// whose inputs are all back: they are tried again by themselves.
struct ReturnedInputs: Sendable {
  private static let most = 200

  let writer: CatalogWriter

  /// - Returns: names of the jobs that were queued again.
  func retry(at now: Double) throws(CatalogError) -> [String] {
    var names: [String] = []
    for job in try writer.reader.jobsWithoutInput(limit: Self.most) where try areBack(job) {
      if try writer.retry(job: job.name, by: "the archive, for its input is back", at: now) == .done {
        names.append(job.name)
      }
    }
    return names
  }

  private func areBack(_ job: JobRecord) throws(CatalogError) -> Bool {
    guard let spec = try? JSONDecoder().decode(JobSpec.self, from: Data(job.spec.utf8)) else { return false }
    for input in spec.inputs {
      let path = try writer.reader.frame(sha256: input.sha256, name: input.name)?.path ?? input.path
      if access(path, R_OK) != 0 { return false }
    }
    return true
  }
}

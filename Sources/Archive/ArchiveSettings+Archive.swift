import Foundation
import JobContract
import Settings

extension ArchiveLayout {
  init(root: String, settings: ArchiveSettings) {
    self.init(root: root, incoming: root + "/incoming", products: root + "/products", work: root + "/work", logs: root + "/logs")
  }
}
extension Waits { init(_ s: ArchiveSettings) { self.init() } }
extension ArchiveParts {
  var jobTimeout: Duration? { nil }
  var firstContext: String { "tmt_0001.pmap" }
  var jobLimits: JobLimits { JobLimits() }
  func maxJobs(_ s: ArchiveSettings) -> Int { 2 }
  var reconcileSeconds: Double { 60 }
}

import Foundation
import JobContract
import Metadata
import Settings

extension ArchiveLayout {
  /// The layout that an archive's settings describe.
  public init(root: String, settings: ArchiveSettings) {
    self.init(
      root: root, incoming: settings.incomingFolder(root: root),
      products: settings.productsFolder(root: root),
      work: settings.workFolder(root: root), logs: settings.logsFolder(root: root),
      rules: settings.rulesCache(root: root))
  }
}

extension Waits {
  init(_ settings: ArchiveSettings) {
    self.init(
      quiet: settings.quietMinimumSeconds, quietSeconds: settings.quietSeconds,
      sky: settings.skyWaitSeconds, truncated: settings.truncatedAfterSeconds)
  }
}

extension ArchiveParts {
  var jobLimits: JobLimits {
    JobLimits(
      memoryBytes: settings.jobMemoryBytes, cpuSeconds: settings.jobCPUSeconds,
      fileBytes: settings.jobFileBytes)
  }

  var jobTimeout: Duration { .seconds(settings.jobTimeoutSeconds) }

  var maxJobs: Int { settings.maxJobs(processors: ProcessInfo.processInfo.activeProcessorCount) }
}

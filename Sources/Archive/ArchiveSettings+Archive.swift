import Associations
import Foundation
import JobContract
import Metadata
import Settings

extension ArchiveLayout {
  /// The layout that an archive's settings describe.
  public init(root: String, settings: ArchiveSettings) {
    self.init(
      root: Self.normal(root), incoming: Self.normal(settings.incomingFolder(root: root)),
      products: Self.normal(settings.productsFolder(root: root)),
      work: Self.normal(settings.workFolder(root: root)), logs: Self.normal(settings.logsFolder(root: root)),
      rules: Self.normal(settings.rulesCache(root: root)))
  }
}

extension ArchiveLayout {
  /// One spelling of a path, so that a scan and an event name a file alike: no empty parts, no `.`, no slash at the
  /// end.
  static func normal(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    return path.hasPrefix("/") ? "/" + parts : parts
  }
}

extension Waits {
  init(_ settings: ArchiveSettings) {
    self.init(
      quiet: settings.quietMinimumSeconds, quietSeconds: settings.quietSeconds,
      exposureGapSeconds: { settings.exposureGapSeconds(exposureSeconds: $0) },
      sequence: { Self.sequenceWait($0, $1, settings) },
      rawFrame: settings.rawFrameWaitSeconds, sky: settings.skyWaitSeconds,
      dither: settings.ditherWaitSeconds,
      truncated: settings.truncatedAfterSeconds,
      longest: settings.longestWaitSeconds)
  }
}

extension Waits {
  private static func sequenceWait(
    _ rule: AssociationRule, _ exposureSeconds: Double, _ settings: ArchiveSettings
  ) -> Double {
    if rule.selector.exptype == .readout { return settings.readoutWaitSeconds }
    let quiet = settings.quietSeconds(exposureSeconds: exposureSeconds)
    return rule.serves == nil ? quiet : max(quiet, settings.masterWaitSeconds)
  }
}

extension ArchiveParts {
  var jobLimits: JobLimits {
    JobLimits(
      memoryBytes: settings.jobMemoryBytes, cpuSeconds: settings.jobCPUSeconds,
      fileBytes: settings.jobFileBytes, diskBytes: settings.jobDiskBytes)
  }

  var retryPolicy: RetryPolicy {
    RetryPolicy(
      attempts: settings.jobAttempts, firstWait: settings.jobRetryWaitSeconds, limits: jobLimits,
      memoryMax: settings.jobMemoryMaxBytes, timeoutSeconds: settings.jobTimeoutSeconds)
  }

  var masterJudge: MasterJudge {
    MasterJudge(
      flaggedFraction: settings.masterFlaggedFraction, fractionOff: settings.masterFractionOff,
      levelChange: settings.masterLevelChange, noiseChange: settings.masterNoiseChange)
  }

  var hookSettings: HookRunner.Settings {
    .init(
      timeoutSeconds: settings.hookTimeoutSeconds, limit: settings.hookConcurrency,
      retryScale: settings.hookRetryScale)
  }

  /// What arriving files are judged by.
  var judgement: IngestService.Judgement {
    .init(inspector: FileInspector(describer: describer), filter: filter)
  }

  var metrics: MetricsService.Settings {
    .init(
      path: settings.metricsFile(root: layout.root), intervalSeconds: settings.metricsIntervalSeconds)
  }

  var jobTimeout: Duration { .seconds(settings.jobTimeoutSeconds) }

  var maxJobs: Int { settings.maxJobs(processors: ProcessInfo.processInfo.activeProcessorCount) }
}

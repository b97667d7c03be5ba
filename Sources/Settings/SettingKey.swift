/// Every setting of `irisarchive.cfg`, by its place `section.key`.
public enum SettingKey: String, Sendable, CaseIterable {
  case incoming = "folders.incoming"
  case products = "folders.products"
  case work = "folders.work"
  case logs = "folders.logs"

  case ignore = "intake.ignore"
  case truncatedAfter = "intake.truncated_after"
  case reconcileInterval = "intake.reconcile_interval"
  case pollInterval = "intake.poll_interval"

  case rulesCache = "rules.cache"
  case context = "rules.context"
  case insertMasters = "rules.insert_masters"

  case masterFlagged = "masters.flagged_fraction"
  case masterOff = "masters.fraction_off"
  case masterLevel = "masters.level_change"
  case masterNoise = "masters.noise_change"

  case quietMinimum = "associations.quiet_minimum"
  case quietExposures = "associations.quiet_exposures"
  case quietOverhead = "associations.quiet_overhead"
  case rawFrameWait = "associations.raw_frame_wait"
  case readoutWait = "associations.readout_wait"
  case masterWait = "associations.master_wait"
  case skyWait = "associations.sky_wait"
  case calibrationWait = "associations.calibration_wait"
  case ditherWait = "associations.dither_wait"
  case persistenceWindow = "associations.persistence_window"
  case waitScale = "associations.wait_scale"

  case nightTurnover = "night.turnover"

  case tmtrun = "jobs.tmtrun"
  case maxJobs = "jobs.max_jobs"
  case jobMemory = "jobs.memory"
  case jobMemoryMax = "jobs.memory_max"
  case jobCPU = "jobs.cpu_time"
  case jobTimeout = "jobs.timeout"
  case jobFileSize = "jobs.file_size"
  case jobDisk = "jobs.disk"
  case jobAttempts = "jobs.attempts"
  case jobRetryWait = "jobs.retry_wait"
  case jobGrace = "jobs.grace"
  case jobPreview = "jobs.preview"

  case hookTimeout = "hooks.timeout"
  case hookConcurrency = "hooks.concurrency"
  case hookRetryScale = "hooks.retry_scale"

  case metricsFile = "metrics.textfile"
  case metricsInterval = "metrics.interval"

  case diskReserve = "disk.reserve"
  case diskInterval = "disk.check_interval"
  case diskBallast = "disk.ballast"

  case supersededAfter = "prune.superseded_after"
  case recordsAfter = "prune.records_after"

  case logLevel = "log.level"

  /// The section's name in the cfg.
  public var section: String { String(rawValue.prefix { $0 != "." }) }
  /// The key's name in its section.
  public var key: String { String(rawValue.drop { $0 != "." }.dropFirst()) }
  /// `IRISARCHIVE_<SECTION>_<KEY>`
  public var environmentVariable: String {
    "IRISARCHIVE_" + rawValue.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
  }

  /// Names of the sections, in the order of the cfg.
  public static var sections: [String] {
    allCases.map(\.section).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }
}

/// The settings by type and unit, for those who use them.
extension ArchiveSettings {
  private func text(_ key: SettingKey) -> String {
    if case .text(let text) = self[key].value { text } else { "" }
  }

  private func number(_ key: SettingKey) -> Double {
    switch self[key].value {
    case .number(let number): number
    case .integer(let number): Double(number)
    default: 0
    }
  }

  private func integer(_ key: SettingKey) -> Int {
    if case .integer(let number) = self[key].value { number } else { 0 }
  }

  private func bytes(_ key: SettingKey) -> UInt64 {
    if case .size(let bytes) = self[key].value { bytes } else { 0 }
  }

  /// A wait, times `waitScale`.
  private func wait(_ key: SettingKey) -> Double { number(key) * waitScale }

  /// `path` below `root`, or itself when absolute.
  public static func absolute(_ path: String, root: String) -> String {
    if path.hasPrefix("/") { return path }
    return root.hasSuffix("/") ? root + path : root + "/" + path
  }

  // MARK: folders

  /// The watched folder, absolute.
  public func incomingFolder(root: String) -> String { Self.absolute(text(.incoming), root: root) }
  /// Where products go, absolute.
  public func productsFolder(root: String) -> String { Self.absolute(text(.products), root: root) }
  /// Where jobs write, absolute.
  public func workFolder(root: String) -> String { Self.absolute(text(.work), root: root) }
  /// Where logs of jobs and hooks go, absolute.
  public func logsFolder(root: String) -> String { Self.absolute(text(.logs), root: root) }
  /// Reference rules and files, absolute.
  public func rulesCache(root: String) -> String { Self.absolute(text(.rulesCache), root: root) }
  /// The catalog's file, absolute.
  public func catalogPath(root: String) -> String { Self.absolute(Self.catalogRelativePath, root: root) }

  /// `tmtrun`'s path; `programFolder` is where `irisarchive` itself lies.
  public func tmtrunPath(root: String, programFolder: String) -> String {
    let path = text(.tmtrun)
    return path.isEmpty ? Self.absolute("tmtrun", root: programFolder) : Self.absolute(path, root: root)
  }

  // MARK: intake

  /// Globs of file names that are never taken in.
  public var ignoredNames: [String] {
    if case .list(let globs) = self[.ignore].value { globs } else { [] }
  }
  public var truncatedAfterSeconds: Double { number(.truncatedAfter) }
  public var reconcileIntervalSeconds: Double { number(.reconcileInterval) }
  /// Seconds between two looks at the tree; nil to listen for events instead.
  public var pollIntervalSeconds: Double? { number(.pollInterval) > 0 ? number(.pollInterval) : nil }

  // MARK: rules

  /// The context that a new archive is pinned to; the catalog keeps which one is in use after insertions.
  public var context: String { text(.context) }
  public var insertsMasters: Bool { self[.insertMasters].value == .boolean(true) }

  // MARK: masters

  /// More flagged pixels than this fraction and a master is not trusted with other frames.
  public var masterFlaggedFraction: Double { number(.masterFlagged) }
  /// … or more pixels off by 6 sigma from the master in use.
  public var masterFractionOff: Double { number(.masterOff) }
  /// … or a level that differs by more than this part of the level of the master in use.
  public var masterLevelChange: Double { number(.masterLevel) }
  /// … or noise per frame that is larger by more than this part.
  public var masterNoiseChange: Double { number(.masterNoise) }

  // MARK: waits, all scaled by `waitScale`

  public var waitScale: Double { number(.waitScale) }
  public var rawFrameWaitSeconds: Double { wait(.rawFrameWait) }
  public var readoutWaitSeconds: Double { wait(.readoutWait) }
  public var masterWaitSeconds: Double { wait(.masterWait) }
  public var skyWaitSeconds: Double { wait(.skyWait) }
  public var calibrationWaitSeconds: Double { wait(.calibrationWait) }
  public var ditherWaitSeconds: Double { wait(.ditherWait) }
  /// How long before a ramp an exposure may have ended to be given to its persistence step; by the headers' times, so
  /// never scaled. 0: none is.
  public var persistenceWindowSeconds: Double { number(.persistenceWindow) }
  public var quietMinimumSeconds: Double { wait(.quietMinimum) }
  public var quietOverheadSeconds: Double { wait(.quietOverhead) }

  /// Quiet after which an association of undeclared count closes: max(minimum, n x EXPTIME + overhead),
  /// scaled.
  public func quietSeconds(exposureSeconds: Double) -> Double {
    let exposures = number(.quietExposures) * exposureSeconds + number(.quietOverhead)
    return max(number(.quietMinimum), exposures) * waitScale
  }

  /// As ``quietSeconds(exposureSeconds:)``, but never scaled: for the times in headers.
  public func exposureGapSeconds(exposureSeconds: Double) -> Double {
    max(number(.quietMinimum), number(.quietExposures) * exposureSeconds + number(.quietOverhead))
  }

  /// The longest of all waits: what a night stays open after its turnover.
  public var longestWaitSeconds: Double {
    [
      rawFrameWaitSeconds, readoutWaitSeconds, masterWaitSeconds, skyWaitSeconds, calibrationWaitSeconds,
      ditherWaitSeconds, quietMinimumSeconds,
    ].max() ?? 0
  }

  // MARK: night

  /// Seconds after UTC midnight at which a night turns over.
  public var nightTurnoverSeconds: Double { number(.nightTurnover) }

  // MARK: jobs

  /// Jobs at a time; `processors` when the setting is 0.
  public func maxJobs(processors: Int) -> Int {
    integer(.maxJobs) > 0 ? integer(.maxJobs) : max(1, processors)
  }
  public var jobMemoryBytes: UInt64 { bytes(.jobMemory) }
  /// The most that a job which ran out of memory is given when it is tried once more.
  public var jobMemoryMaxBytes: UInt64 { bytes(.jobMemoryMax) }
  public var jobDiskBytes: UInt64 { bytes(.jobDisk) }
  /// Seconds before the second attempt of a job.
  public var jobRetryWaitSeconds: Double { number(.jobRetryWait) }
  public var jobCPUSeconds: UInt64 { UInt64(number(.jobCPU)) }
  public var jobTimeoutSeconds: Double { number(.jobTimeout) }
  public var jobFileBytes: UInt64 { bytes(.jobFileSize) }
  public var jobAttempts: Int { integer(.jobAttempts) }
  /// Whether jobs draw quick-look pictures.
  public var drawsPreviews: Bool { self[.jobPreview].value == .boolean(true) }
  public var jobGraceSeconds: Double { number(.jobGrace) }

  // MARK: hooks, metrics, disk, prune, log

  public var hookTimeoutSeconds: Double { number(.hookTimeout) }
  public var hookConcurrency: Int { integer(.hookConcurrency) }
  /// Factor on the waits between attempts of a hook.
  public var hookRetryScale: Double { number(.hookRetryScale) }
  /// Where metrics go; nil for nowhere.
  public func metricsFile(root: String) -> String? {
    text(.metricsFile).isEmpty ? nil : Self.absolute(text(.metricsFile), root: root)
  }
  public var metricsIntervalSeconds: Double { number(.metricsInterval) }
  public var diskReserveBytes: UInt64 { bytes(.diskReserve) }
  public var diskCheckIntervalSeconds: Double { number(.diskInterval) }
  /// Kept beside the catalog, to be given up when its disk is full; 0: nothing.
  public var diskBallastBytes: UInt64 { bytes(.diskBallast) }
  /// For how long a product must have been superseded before it may be pruned.
  public var supersededAfterSeconds: Double { number(.supersededAfter) }
  /// Age at which notices and delivered events may be pruned.
  public var recordsAfterSeconds: Double { number(.recordsAfter) }
  /// Name of a swift-log level.
  public var logLevel: String { text(.logLevel) }
}

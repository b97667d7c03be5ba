/// A setting as it is declared once: kind, built-in value, range and help.
public struct SettingDefinition: Sendable {
  public let kind: SettingKind
  /// The built-in value as a cfg writes it; a list by its elements.
  public let builtIn: [String]
  /// Unit of the typed value; empty for none.
  public let unit: String
  /// Allowed numbers, in the unit; nil for any.
  public let range: ClosedRange<Double>?
  /// Allowed words; empty for any.
  public let choices: [String]
  public let help: String

  init(
    _ kind: SettingKind, _ builtIn: String, unit: String = "", in range: ClosedRange<Double>? = nil,
    choices: [String] = [], _ help: String
  ) {
    self.kind = kind
    self.builtIn =
      kind == .list
      ? builtIn.split(separator: ",").map { String($0.drop { $0 == " " }) } : [builtIn]
    self.unit = unit
    self.range = range
    self.choices = choices
    self.help = help
  }

  fileprivate static func wait(_ builtIn: String, _ help: String) -> SettingDefinition {
    SettingDefinition(.duration, builtIn, unit: "s", in: 0...31_557_600, help)
  }

  fileprivate static func interval(_ builtIn: String, _ help: String) -> SettingDefinition {
    SettingDefinition(.duration, builtIn, unit: "s", in: 0.05...86_400, help)
  }
}

extension SettingKey {
  /// The declaration of this setting.
  public var definition: SettingDefinition {
    switch section {
    case "folders", "rules": placeDefinition
    case "intake", "night", "disk", "prune", "log": intakeDefinition
    case "associations": associationDefinition
    case "masters": masterDefinition
    case "hooks", "metrics": tellingDefinition
    default: jobDefinition
    }
  }

  private var placeDefinition: SettingDefinition {
    switch self {
    case .incoming: .init(.path, "incoming", "watched for new files, subfolders included")
    case .products: .init(.path, "products", "where finished products go")
    case .work: .init(.path, "work", "one folder for each attempt of a job; on the disk of the products")
    case .logs: .init(.path, "logs", "the daemon's and each job's log")
    case .rulesCache: .init(.path, "crds", "the CRDS cache with rules and references")
    case .context:
      .init(.text, "tmt_0001.pmap", "the CRDS context to begin with; pinned, never the newest by itself")
    default: .init(.boolean, "true", "insert masters that pass their checks into a new context and use it")
    }
  }

  private var intakeDefinition: SettingDefinition {
    switch self {
    case .ignore: .init(.list, ".*, *.tmp, *.part, *~", "names that are never taken in")
    case .truncatedAfter: .wait("120 s", "an incomplete file unchanged this long is truncated")
    case .reconcileInterval: .interval("60 s", "how often the whole tree is compared with the catalog")
    case .pollInterval: .wait("0 s", "look for files this often instead of listening; 0: listen (inotify)")
    case .nightTurnover:
      .init(.timeOfDay, "22:00", unit: "s", "UTC at which a night ends and the next begins: local noon")
    case .diskReserve:
      .init(.size, "5 GiB", unit: "byte", "free space below which jobs wait and disk-low is announced")
    case .diskInterval: .interval("30 s", "how often free space is looked at")
    case .diskBallast:
      .init(.size, "64 MiB", unit: "byte", "kept beside the catalog, to be given up when its disk is full")
    case .supersededAfter:
      .init(
        .duration, "90 d", unit: "s", in: 0...3.2e9, "irisarchive prune takes products superseded for so long"
      )
    case .recordsAfter:
      .init(
        .duration, "365 d", unit: "s", in: 0...3.2e9,
        "irisarchive prune takes lines of the log, and events that every hook has got, of so long ago")
    default:
      .init(
        .text, "info", choices: ["trace", "debug", "info", "notice", "warning", "error", "critical"],
        "least severe messages in the log")
    }
  }

  private var masterDefinition: SettingDefinition {
    switch self {
    case .masterFlagged:
      .init(.number, "0.5", in: 0...1, "a master with more flagged pixels than this is kept out of the rules")
    case .masterOff:
      .init(
        .number, "0.05", in: 0...1,
        "… with more pixels than this off by 6 sigma from the master in use (1: does not count)")
    case .masterLevel:
      .init(
        .number, "0.2", in: 0...2,
        "… whose level differs by more than this part of the larger of both (2: does not count)")
    default:
      .init(.number, "0.5", in: 0...1e6, "… whose noise per frame is larger by more than this part")
    }
  }

  private var associationDefinition: SettingDefinition {
    switch self {
    case .quietMinimum:
      .wait("300 s", "an association whose count is not declared closes after at least this much quiet")
    case .quietExposures: .init(.number, "3", in: 0...1000, "… and at least this many exposure times")
    case .quietOverhead: .wait("30 s", "… plus this")
    case .rawFrameWait: .wait("120 s", "a readout waits this long for its raw frame")
    case .readoutWait: .wait("120 s", "an exposure waits this long for missing reads")
    case .masterWait: .wait("300 s", "a master waits this long for more frames")
    case .skyWait: .wait("600 s", "final science waits this long for its sky")
    case .calibrationWait:
      .wait("600 s", "science waits this long for a calibration that is being taken or made")
    case .ditherWait: .wait("900 s", "a dither pattern waits this long for its next position")
    case .persistenceWindow:
      .wait(
        "600 s",
        "exposures of a detector that ended so long before a ramp are looked at for afterimages; it waits for them"
      )
    default:
      .init(.number, "1", in: 0...1000, "factor on every wait above (0: none; for demonstrations and tests)")
    }
  }

  private var jobDefinition: SettingDefinition {
    switch self {
    case .tmtrun: .init(.path, "", "the program that runs jobs; empty: tmtrun beside irisarchive")
    case .maxJobs: .init(.integer, "0", in: 0...1024, "jobs at a time; 0: as many as processors")
    case .jobMemory:
      .init(.size, "4 GiB", unit: "byte", in: 67_108_864...1e15, "data memory of a job (RLIMIT_DATA)")
    case .jobMemoryMax:
      .init(
        .size, "16 GiB", unit: "byte", in: 67_108_864...1e15,
        "most memory of a job that ran out and is tried once more, with twice as much")
    case .jobCPU: .init(.duration, "1 h", unit: "s", in: 1...1e7, "processor time of a job (RLIMIT_CPU)")
    case .jobTimeout:
      .init(
        .duration, "1 h", unit: "s", in: 1...1e7, "wall time of a job; then it is ended and counts as failed")
    case .jobFileSize:
      .init(
        .size, "16 GiB", unit: "byte", in: 1_048_576...1e15, "largest file a job may write (RLIMIT_FSIZE)")
    case .jobDisk:
      .init(
        .size, "64 GiB", unit: "byte", in: 1_048_576...1e15,
        "what all files of a running job may take on the disk; more ends it")
    case .jobRetryWait:
      .init(
        .duration, "10 s", unit: "s", in: 0...86_400,
        "before the second attempt; before later ones 3, 12 and 60 times as long")
    case .jobAttempts: .init(.integer, "3", in: 1...100, "attempts before a job that died is dead")
    case .jobGrace:
      .init(.duration, "10 s", unit: "s", in: 0...3600, "between TERM and KILL when a job is ended")
    default: .init(.boolean, "true", "draw a quick-look PNG beside each product")
    }
  }

  private var tellingDefinition: SettingDefinition {
    switch self {
    case .hookTimeout:
      .init(
        .duration, "30 s", unit: "s", in: 0.1...86_400, "time of a hook, unless its own cfg says otherwise")
    case .hookConcurrency: .init(.integer, "4", in: 1...256, "hooks that run at a time")
    case .hookRetryScale:
      .init(
        .number, "1", in: 0.001...1000,
        "factor on the waits before further attempts: 10 s, 30 s, 2 min, 10 min, 1 h (small: for tests)")
    case .metricsFile:
      .init(.path, "", "file for Prometheus' node exporter (*.prom), written by the daemon; empty: none")
    default: .interval("15 s", "how often the metrics are written")
    }
  }
}

/// What the archive asks `tmtrun --job job.json` to do: one pipeline, its inputs, its references, its limits.
///
/// Everything a run depends on is in here by content (sha256), so equal specs (apart from `job`, `attempt`,
/// `token` and `outputDirectory`) are equal reductions. `tmtrun` never looks a reference up in this form.
public struct JobSpec: Codable, Sendable, Equatable {
  /// The version of this form that this code writes and the only one it reads.
  public static let currentVersion = 1

  public var version: Int
  /// The job's name in the catalog, e.g. `J000042`.
  public var job: String
  /// 1 for the first attempt.
  public var attempt: Int
  /// Secret of this attempt; `report.json` must repeat it, so that a late report of a lost attempt is told apart.
  public var token: String
  /// The pipeline's name in the manifest, e.g. `imager_level2`.
  public var pipeline: String
  /// Absolute path of the `.cfg` to merge over the pipeline's defaults, if any.
  public var configuration: String?
  /// Parameter overrides, `step.parameter` -> value as in a cfg.
  public var parameters: [String: String]
  /// Steps to skip.
  public var skip: [String]
  /// The association's name (also `ASNNAME` in products).
  public var association: String
  /// Rule that made the association, e.g. `imager-level2` (`ASNTYPE`).
  public var associationRule: String
  /// The members, science first, in the order of the association.
  public var inputs: [JobInput]
  /// One entry for every reference type the pipeline may use: found, overridden or not found with its reason.
  public var references: [ResolvedReference]
  /// The pinned context (`CRDS_CTX`), e.g. `tmt_0003.pmap`.
  public var context: String?
  /// Absolute path of the attempt's own folder, which exists and is empty; products and the report go there.
  public var outputDirectory: String
  /// Product kind (`cal`, `rate`, `dark` …) -> bare file name to write. Kinds not listed are not wanted.
  public var fileNames: [String: String]
  /// Why the product is degraded, as far as the archive knows (missing sky, 5 of 9 …).
  public var degraded: [String]
  /// The master in use, which a new master is compared with. It is no input: neither the job's key nor staleness
  /// depend on it, else every new master would make all older ones stale.
  public var previousMaster: ResolvedReference?
  /// Level 1 of exposures shortly before, for what they leave in the detector. They are recorded as inputs of the role
  /// `previous`, but neither the job's key nor staleness depend on them: which are here when it begins is chance, and
  /// what they tell changes no value. nil for a job that takes none.
  public var previous: [PreviousExposure]?
  /// False: no quick-look pictures. nil means true.
  public var preview: Bool?
  public var limits: JobLimits

  public init(
    job: String, attempt: Int, token: String, pipeline: String, configuration: String? = nil,
    parameters: [String: String] = [:], skip: [String] = [], association: String, associationRule: String,
    inputs: [JobInput], references: [ResolvedReference] = [], context: String? = nil, outputDirectory: String,
    fileNames: [String: String] = [:], degraded: [String] = [],
    previousMaster: ResolvedReference? = nil, previous: [PreviousExposure]? = nil, preview: Bool? = nil,
    limits: JobLimits = JobLimits()
  ) {
    self.version = Self.currentVersion
    self.job = job
    self.attempt = attempt
    self.token = token
    self.pipeline = pipeline
    self.configuration = configuration
    self.parameters = parameters
    self.skip = skip
    self.association = association
    self.associationRule = associationRule
    self.inputs = inputs
    self.references = references
    self.context = context
    self.outputDirectory = outputDirectory
    self.fileNames = fileNames
    self.degraded = degraded
    self.previousMaster = previousMaster
    self.previous = previous
    self.preview = preview
    self.limits = limits
  }
}

/// One member of a job's association.
public struct JobInput: Codable, Sendable, Equatable {
  /// The frame's name in the catalog.
  public var name: String
  /// Absolute path to read from.
  public var path: String
  /// Lower-case hexadecimal sha256 of the file; the run trusts it (the archive took it at ingest).
  public var sha256: String
  public var exptype: MemberType
  /// Cards that the archive's classification puts into the header of a foreign instrument's frame, as 80-character
  /// records; nil for a frame of our own.
  public var cards: [String]?

  public init(name: String, path: String, sha256: String, exptype: MemberType, cards: [String]? = nil) {
    self.name = name
    self.path = path
    self.sha256 = sha256
    self.exptype = exptype
    self.cards = cards
  }
}

/// The level 1 frame of an exposure that came before that of a job.
public struct PreviousExposure: Codable, Sendable, Equatable {
  /// The role under which it is recorded.
  public static let role = "previous"

  /// The frame's name in the catalog.
  public var name: String
  /// Absolute path to read from.
  public var path: String
  /// Lower-case hexadecimal sha256 of the file.
  public var sha256: String

  public init(name: String, path: String, sha256: String) {
    self.name = name
    self.path = path
    self.sha256 = sha256
  }
}

/// Limits that `tmtrun` sets on itself before it touches a file.
public struct JobLimits: Codable, Sendable, Equatable {
  /// RLIMIT_DATA, bytes; nil for none.
  public var memoryBytes: UInt64?
  /// RLIMIT_CPU, seconds; nil for none.
  public var cpuSeconds: UInt64?
  /// RLIMIT_FSIZE, bytes; nil for none.
  public var fileBytes: UInt64?
  /// What all files of the attempt's folder may take on the disk, bytes; nil for no bound. The executor keeps it, for
  /// no process can limit that for itself.
  public var diskBytes: UInt64?

  public init(
    memoryBytes: UInt64? = nil, cpuSeconds: UInt64? = nil, fileBytes: UInt64? = nil, diskBytes: UInt64? = nil
  ) {
    self.memoryBytes = memoryBytes
    self.cpuSeconds = cpuSeconds
    self.fileBytes = fileBytes
    self.diskBytes = diskBytes
  }
}

/// What a run did: written as `report.json` (temporary name, fsync, rename) after every product is synced.
public struct RunReport: Codable, Sendable, Equatable {
  /// Version of this form; another one is not read.
  public static let currentVersion = 1
  /// Its name in the folder of the attempt.
  public static let fileName = "report.json"

  /// How the run ended.
  public enum Status: String, Codable, Sendable { case succeeded, failed }
  /// Whether peaks of memory are of each step, or of the process up to its end.
  public enum MemoryPeaks: String, Codable, Sendable { case step, process }

  public var version: Int
  public var job: String
  public var attempt: Int
  public var token: String
  public var pipeline: String
  public var status: Status
  /// Exit code of the process as UX.md §1 defines it.
  public var exitCode: Int32
  public var error: ReportedError?
  /// ISO 8601 UTC with milliseconds.
  public var started: String
  public var ended: String
  public var seconds: Double
  public var peakMemoryBytes: UInt64
  /// What the peaks of the steps are: `step` (of that step alone) or `process` (of all up to its end, where the
  /// system does not let a process forget its peak). nil in reports of older versions.
  public var memoryPeaksOf: MemoryPeaks?
  /// `irisarchive`, `cfitsio` … -> version.
  public var software: [String: String]
  public var inputs: [FileIdentity]
  public var references: [ReferenceUse]
  public var steps: [StepRun]
  public var products: [ProductReport]
  /// Reasons why the product is degraded (the archive's and the run's own).
  public var degraded: [String]
  /// Sentences worth a person's eye that do not degrade the product.
  public var notes: [String]

  public init(
    job: String, attempt: Int, token: String, pipeline: String, status: Status, exitCode: Int32,
    error: ReportedError? = nil, started: String, ended: String, seconds: Double, peakMemoryBytes: UInt64,
    memoryPeaksOf: MemoryPeaks? = nil, software: [String: String] = [:], inputs: [FileIdentity] = [],
    references: [ReferenceUse] = [],
    steps: [StepRun] = [], products: [ProductReport] = [], degraded: [String] = [], notes: [String] = []
  ) {
    self.version = Self.currentVersion
    self.job = job
    self.attempt = attempt
    self.token = token
    self.pipeline = pipeline
    self.status = status
    self.exitCode = exitCode
    self.error = error
    self.started = started
    self.ended = ended
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
    self.memoryPeaksOf = memoryPeaksOf
    self.software = software
    self.inputs = inputs
    self.references = references
    self.steps = steps
    self.products = products
    self.degraded = degraded
    self.notes = notes
  }
}

/// An error as it crosses the wall: the five fields every room's error has, underlying flattened to text.
public struct ReportedError: Codable, Sendable, Equatable {
  public var code: String
  public var message: String
  public var subject: String
  public var hint: String?
  public var underlying: String?

  public init(code: String, message: String, subject: String, hint: String? = nil, underlying: String? = nil)
  {
    self.code = code
    self.message = message
    self.subject = subject
    self.hint = hint
    self.underlying = underlying
  }
}

/// A file by content.
public struct FileIdentity: Codable, Sendable, Equatable {
  /// `science`, `background`, `dark` …: exptype for members.
  public var role: String
  /// Bare file name.
  public var name: String
  public var path: String
  public var sha256: String

  public init(role: String, name: String, path: String, sha256: String) {
    self.role = role
    self.name = name
    self.path = path
    self.sha256 = sha256
  }
}

/// A reference as it was used (or not) by a step.
public struct ReferenceUse: Codable, Sendable, Equatable {
  /// Alias of the step that asked.
  public var step: String
  public var reference: ResolvedReference

  public init(step: String, reference: ResolvedReference) {
    self.step = step
    self.reference = reference
  }
}

/// One step of a run, in order.
public struct StepRun: Codable, Sendable, Equatable {
  /// How a step ended.
  public enum Status: String, Codable, Sendable {
    case complete = "COMPLETE"
    case skipped = "SKIPPED"
    case failed = "FAILED"
  }

  /// Position, from 0.
  public var index: Int
  /// Alias in the pipeline, e.g. `dark_current`.
  public var name: String
  public var status: Status
  /// Why it was skipped or failed.
  public var reason: String?
  public var seconds: Double
  /// Peak resident memory, see ``RunReport/memoryPeaksOf``; nil where it is not known.
  public var peakMemoryBytes: UInt64?
  /// Parameter -> value and where the value came from.
  public var parameters: [String: ParameterValue]

  public init(
    index: Int, name: String, status: Status, reason: String? = nil, seconds: Double,
    peakMemoryBytes: UInt64? = nil, parameters: [String: ParameterValue] = [:]
  ) {
    self.index = index
    self.name = name
    self.status = status
    self.reason = reason
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
    self.parameters = parameters
  }
}

/// A parameter's final value, as text of a cfg, and its origin.
public struct ParameterValue: Codable, Sendable, Equatable {
  public var value: String
  /// `default`, `reference`, `cfg`, `command line` or `job`.
  public var origin: String
  /// `file:line` of a value from a cfg or a reference.
  public var place: String?

  public init(value: String, origin: String, place: String? = nil) {
    self.value = value
    self.origin = origin
    self.place = place
  }
}

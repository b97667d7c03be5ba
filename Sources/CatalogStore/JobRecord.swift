import GRDB

/// A job of the queue.
public struct JobRecord: Sendable, Codable, Equatable, FetchableRecord {
  public var id: Int64
  /// `J000042`.
  public var name: String
  public var associationID: Int64
  public var association: String
  public var pipeline: String
  public var key: String
  /// `waiting queued running done failed cancelled dead`.
  public var state: String
  public var reason: String?
  /// Lower runs earlier.
  public var priority: Int
  /// Attempts that count.
  public var attempts: Int
  public var notBefore: Double
  /// The JobSpec as JSON, without attempt, token and folder.
  public var spec: String
  public var instance: String?
  public var createdAt: Double
  public var startedAt: Double?
  public var endedAt: Double?
  /// Memory of the next attempt, bytes, where it is not that of the settings: the last one ran out of it.
  public var memoryBytes: Int64?
  /// Who wants it cancelled, as a sentence; a running one is ended by the daemon.
  public var cancel: String?

  enum CodingKeys: String, CodingKey {
    case id, name
    case associationID = "association_id"
    case association, pipeline, key, state, reason, priority, attempts
    case notBefore = "not_before"
    case spec, instance
    case createdAt = "created_at"
    case startedAt = "started_at"
    case endedAt = "ended_at"
    case memoryBytes = "memory_bytes"
    case cancel
  }

  static let select = """
    SELECT j.id, j.name, j.association_id, a.name AS association, j.pipeline, j.key, j.state, j.reason, j.priority,
      j.attempts, j.not_before, j.spec, j.instance, j.created_at, j.started_at, j.ended_at, j.memory_bytes, j.cancel
    FROM job j JOIN association a ON a.id = j.association_id
    """
}

/// One attempt of a job.
public struct RunRecord: Sendable, Codable, Equatable, FetchableRecord {
  public var id: Int64
  public var jobID: Int64
  public var attempt: Int
  public var token: String
  public var folder: String
  public var state: String
  public var reason: String?
  public var exitCode: Int?
  public var seconds: Double?
  public var peakBytes: Int64?
  public var software: String?
  public var startedAt: Double
  public var endedAt: Double?
  /// How it ended, see ``AttemptFacts/endedBy``.
  public var endedBy: String?
  public var signal: Int?
  /// The limit of memory it ran under.
  public var memoryBytes: Int64?

  enum CodingKeys: String, CodingKey {
    case id
    case jobID = "job_id"
    case attempt, token, folder, state, reason
    case exitCode = "exit_code"
    case seconds
    case peakBytes = "peak_bytes"
    case software
    case startedAt = "started_at"
    case endedAt = "ended_at"
    case endedBy = "ended_by"
    case signal
    case memoryBytes = "memory_bytes"
  }
}

/// What is known of the end of an attempt that made nothing.
public struct AttemptFacts: Sendable, Equatable {
  /// How an attempt ends whose input was not in its place: when it is back the job is tried again by itself.
  public static let inputMissing = "input missing"

  /// `reported`, `input missing`, `exited`, `signalled`, `timed out`, `out of memory`, `processor time`, `disk`, `cancelled`,
  /// `not started` or `lost`.
  public var endedBy: String?
  public var exitCode: Int?
  public var signal: Int?
  public var seconds: Double?
  /// Peak resident memory, bytes; of a run that died what was seen last.
  public var peakBytes: Int64?

  public init(
    endedBy: String? = nil, exitCode: Int? = nil, signal: Int? = nil, seconds: Double? = nil,
    peakBytes: Int64? = nil
  ) {
    self.endedBy = endedBy
    self.exitCode = exitCode
    self.signal = signal
    self.seconds = seconds
    self.peakBytes = peakBytes
  }
}

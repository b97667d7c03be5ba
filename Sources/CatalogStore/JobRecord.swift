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

  enum CodingKeys: String, CodingKey {
    case id, name
    case associationID = "association_id"
    case association, pipeline, key, state, reason, priority, attempts
    case notBefore = "not_before"
    case spec, instance
    case createdAt = "created_at"
    case startedAt = "started_at"
    case endedAt = "ended_at"
  }

  static let select = """
    SELECT j.id, j.name, j.association_id, a.name AS association, j.pipeline, j.key, j.state, j.reason, j.priority,
      j.attempts, j.not_before, j.spec, j.instance, j.created_at, j.started_at, j.ended_at
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
  }
}

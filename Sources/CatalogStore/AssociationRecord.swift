import GRDB

/// An association as the catalog keeps it.
public struct AssociationRecord: Sendable, Codable, Equatable, FetchableRecord {
  public var id: Int64
  public var name: String
  public var rule: String
  public var pipeline: String
  public var bucket: String
  /// `open`, `held`, `closed` or `refused`.
  public var state: String
  public var reason: String?
  public var degraded: String?
  public var declared: Int?
  public var openedAt: Double
  public var touchedAt: Double
  public var closedAt: Double?
  public var dueAt: Double?

  enum CodingKeys: String, CodingKey {
    case id, name, rule, pipeline, bucket, state, reason, degraded, declared
    case openedAt = "opened_at"
    case touchedAt = "touched_at"
    case closedAt = "closed_at"
    case dueAt = "due_at"
  }
}

/// A frame with the fields that association rules compare.
public struct MatchRecord: Sendable, Equatable {
  public var id: Int64
  public var name: String
  /// `raw` or `product`.
  public var origin: String
  public var path: String?
  public var sha256: String?
  public var fields: [String: String]
  public var dateObs: Double
  public var dateEnd: Double
  public var arrivedAt: Double
  public var quality: String
  public var degraded: String?
  /// `DET_ID/EXP_NO` of readouts and level 1 frames.
  public var detectorExposure: String?
}

/// A member of an association.
public struct MemberRecord: Sendable, Equatable {
  public var exptype: String
  public var ordinal: Int
  public var level: Int?
  public var distance: Double?
  public var frame: MatchRecord
}

/// What an association is to become.
public struct AssociationUpdate: Sendable, Equatable {
  public var state: String
  public var reason: String?
  public var degraded: String?
  public var declared: Int?
  public var dueAt: Double?
  /// False when a job is to be made for it; nil leaves it as it is.
  public var settled: Bool?
  /// Applies to an association that a person holds, too.
  public var releases = false

  public init(
    state: String, reason: String? = nil, degraded: String? = nil, declared: Int? = nil, dueAt: Double? = nil,
    settled: Bool? = false
  ) {
    self.state = state
    self.reason = reason
    self.degraded = degraded
    self.declared = declared
    self.dueAt = dueAt
    self.settled = settled
  }
}

/// A member about to be written.
public struct NewMember: Sendable, Equatable {
  public var frame: Int64
  public var exptype: String
  public var level: Int?
  public var distance: Double?

  public init(frame: Int64, exptype: String, level: Int? = nil, distance: Double? = nil) {
    self.frame = frame
    self.exptype = exptype
    self.level = level
    self.distance = distance
  }
}

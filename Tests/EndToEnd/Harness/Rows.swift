import Foundation

/// A row of `irisarchive query`.
struct Row: Decodable, Sendable, Equatable {
  static let columns = [
    "name", "level", "obsname", "state", "reason", "path", "origin", "kind", "degraded", "sha256", "version",
    "association", "job", "pipeline", "night", "exposure", "inputs",
  ]

  var name: String
  var level: Int?
  var obsname: String?
  var state: String
  var reason: String?
  var path: String?
  var origin: String
  var kind: String?
  var degraded: String?
  var sha256: String?
  var version: Int?
  var association: String?
  var job: String?
  var pipeline: String?
  var night: String?
  var exposure: String?
  var inputs: Int?
}

/// A row of `irisarchive jobs list`.
struct JobRow: Decodable, Sendable, Equatable {
  var name: String
  var state: String
  var pipeline: String
  var association: String
  var attempts: Int
  var reason: String?
}

/// A row of `irisarchive hooks list` or `hooks log`.
struct HookRow: Decodable, Sendable, Equatable {
  var event: String
  var state: String
  var name: String?
  var subject: String?
  var hook: String?
  var attempts: Int?
  var reason: String?
  var path: String?
  var eventID: String?

  enum CodingKeys: String, CodingKey {
    case event, state, name, subject, hook, attempts, reason, path
    case eventID = "event_id"
  }
}

/// `irisarchive jobs show`.
struct JobDetail: Decodable, Sendable {
  struct Run: Decodable, Sendable {
    var attempt: Int
    var state: String
    var exitCode: Int?
    var reason: String?
    var endedBy: String?
    var signal: Int?
    var seconds: Double?
    var peakBytes: Int?
    var memoryBytes: Int?
  }
  var name: String
  var state: String
  var reason: String?
  var runs: [Run]
}

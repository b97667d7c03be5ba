import Foundation
import GRDB

/// The `data` of an event (UX.md §4); absent values are left out of the JSON.
public struct EventData: Codable, Sendable, Equatable {
  public var name: String?
  public var path: String?
  public var sha256: String?
  public var obsname: String?
  public var level: Int?
  public var job: String?
  public var pipeline: String?
  public var context: String?
  /// True when the product (or association) is degraded; `reason` says why.
  public var degraded: Bool?
  public var reason: String?

  public init(
    name: String? = nil, path: String? = nil, sha256: String? = nil, obsname: String? = nil,
    level: Int? = nil,
    job: String? = nil, pipeline: String? = nil, context: String? = nil, degraded: Bool? = nil,
    reason: String? = nil
  ) {
    self.name = name
    self.path = path
    self.sha256 = sha256
    self.obsname = obsname
    self.level = level
    self.job = job
    self.pipeline = pipeline
    self.context = context
    self.degraded = degraded
    self.reason = reason
  }
}

/// A delivery of one event to one hook that is due.
public struct DueDelivery: Sendable, Equatable {
  public var event: Int64
  public var eventID: String
  public var type: String
  public var subject: String
  public var time: Double
  /// The event's data as JSON text.
  public var data: String
  public var hook: String
  /// Attempts made so far.
  public var attempts: Int
  public var nextAt: Double
}

extension CatalogWriter {
  /// Adds an event in the caller's transaction. The id is derived from type and key, so the same change told twice
  /// is one event.
  static func appendEvent(
    _ db: Database, type: String, subject: String, key: String, data: EventData, time: Double
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try db.run(
      "INSERT OR IGNORE INTO event (id, type, subject, time, data) VALUES (?, ?, ?, ?, ?)",
      [
        "\(type):\(key)", type, subject, time, String(decoding: try encoder.encode(data), as: UTF8.self),
      ])
  }

  /// Tells an event of its own.
  public func announce(
    type: String, subject: String, key: String, data: EventData, time: Double
  ) throws(CatalogError) {
    try write { db in
      try Self.appendEvent(db, type: type, subject: subject, key: key, data: data, time: time)
    }
  }

  /// Makes one delivery row for each hook of each event that has none yet. Events without hooks are done.
  public func dispatchEvents(hooks: () -> [String: [String]], limit: Int = 500) throws(CatalogError) -> Int {
    let waiting = try read { db in
      try Row.fetchAll(
        db, sql: "SELECT ordinal, type FROM event WHERE dispatched = 0 ORDER BY ordinal LIMIT ?",
        arguments: [limit]
      ).map { (ordinal: $0["ordinal"] as Int64, type: $0["type"] as String) }
    }
    guard !waiting.isEmpty else { return 0 }
    let hooks = hooks()
    return try write { db in
      for event in waiting {
        for hook in hooks[event.type] ?? [] {
          try db.execute(
            sql: "INSERT OR IGNORE INTO delivery (event, hook, state) VALUES (?, ?, 'pending')",
            arguments: [event.ordinal, hook])
        }
        try db.run("UPDATE event SET dispatched = 1 WHERE ordinal = ?", [event.ordinal])
      }
      return waiting.count
    }
  }

  /// Pending deliveries that head their queue: for each hook and subject only the oldest pending one.
  public func deliveries(limit: Int = 200) throws(CatalogError) -> [DueDelivery] {
    try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT d.event, e.id, e.type, e.subject, e.time, e.data, d.hook, d.attempts, d.next_at
          FROM delivery d JOIN event e ON e.ordinal = d.event
          WHERE d.state = 'pending' AND NOT EXISTS (
            SELECT 1 FROM delivery d2 JOIN event e2 ON e2.ordinal = d2.event
            WHERE d2.state = 'pending' AND d2.hook = d.hook AND e2.subject = e.subject AND d2.event < d.event)
          ORDER BY d.next_at, d.event LIMIT ?
          """, arguments: [limit]
      ).map { row in
        DueDelivery(
          event: row["event"], eventID: row["id"], type: row["type"], subject: row["subject"],
          time: row["time"], data: row["data"], hook: row["hook"], attempts: row["attempts"],
          nextAt: row["next_at"])
      }
    }
  }

  /// Records how one attempt ended.
  public func settleDelivery(
    event: Int64, hook: String, state: String, nextAt: Double, reason: String?, at time: Double
  ) throws(CatalogError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE delivery SET state = ?, attempts = attempts + 1, next_at = ?, reason = ?, ended_at = ?
          WHERE event = ? AND hook = ?
          """, arguments: [state, nextAt, reason, time, event, hook])
    }
  }

  /// Puts dead and failed deliveries back (`irisarchive hooks retry`); returns how many.
  public func retryDeliveries(hook: String?) throws(CatalogError) -> Int {
    try write { db in
      try db.execute(
        sql: """
          UPDATE delivery SET state = 'pending', next_at = 0, attempts = 0
          WHERE state IN ('dead', 'failed') AND (? IS NULL OR hook = ?)
          """, arguments: [hook, hook])
      return db.changesCount
    }
  }
}

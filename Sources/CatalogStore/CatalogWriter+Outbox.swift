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

  package init(
    event: Int64, eventID: String, type: String, subject: String, time: Double, data: String, hook: String,
    attempts: Int, nextAt: Double
  ) {
    self.event = event
    self.eventID = eventID
    self.type = type
    self.subject = subject
    self.time = time
    self.data = data
    self.hook = hook
    self.attempts = attempts
    self.nextAt = nextAt
  }
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

  /// A hook that waits for a type of event: its path, and why it is refused when it is.
  public struct Listener: Sendable, Equatable {
    public var hook: String
    public var refusal: String?

    public init(hook: String, refusal: String?) {
      self.hook = hook
      self.refusal = refusal
    }
  }

  /// Makes one delivery row for each hook of each event that has none yet. Events without hooks are done; for a
  /// refused hook the delivery has failed, with the reason, and can be retried once the hook is mended.
  public func dispatchEvents(
    listeners: () -> [String: [Listener]], limit: Int = 500
  ) throws(CatalogError) -> Int {
    let waiting = try read { db in
      try db.rows(
        "SELECT ordinal, type, subject FROM event WHERE dispatched = 0 ORDER BY ordinal LIMIT ?", [limit])
    }
    guard !waiting.isEmpty else { return 0 }
    let listeners = listeners()
    return try write { db in
      for event in waiting {
        for listener in listeners[event["type"] as String] ?? [] {
          try db.run(
            "INSERT OR IGNORE INTO delivery (event, hook, subject, state, reason) VALUES (?, ?, ?, ?, ?)",
            [
              event["ordinal"] as Int64, listener.hook, event["subject"] as String,
              listener.refusal == nil ? "pending" : "failed", listener.refusal,
            ])
        }
        try db.run("UPDATE event SET dispatched = 1 WHERE ordinal = ?", [event["ordinal"] as Int64])
      }
      return waiting.count
    }
  }

  /// Pending deliveries that head their queue: for each hook and subject only the oldest pending one, the longest due
  /// first.
  ///
  /// - Parameter limit: at most so many of each hook: a hook with a long queue hides no other.
  public func deliveries(limit: Int = 50) throws(CatalogError) -> [DueDelivery] {
    try read { db in
      try String.fetchAll(db, sql: Self.hooksWithPending).flatMap { hook in
        try Row.fetchAll(db, sql: Self.headsOfHook, arguments: [hook, limit]).map { row in
          DueDelivery(
            event: row["event"], eventID: row["id"], type: row["type"], subject: row["subject"],
            time: row["time"], data: row["data"], hook: hook, attempts: row["attempts"],
            nextAt: row["next_at"])
        }
      }.sorted { ($0.nextAt, $0.event) < ($1.nextAt, $1.event) }
    }
  }

  /// Each found by one step in the index, however many deliveries wait.
  private static let hooksWithPending = """
    WITH RECURSIVE one(hook) AS (
      SELECT min(hook) FROM delivery WHERE state = 'pending'
      UNION ALL
      SELECT (SELECT min(d.hook) FROM delivery d WHERE d.state = 'pending' AND d.hook > one.hook)
      FROM one WHERE one.hook IS NOT NULL)
    SELECT hook FROM one WHERE hook IS NOT NULL
    """

  private static let headsOfHook = """
    SELECT d.event, e.id, e.type, e.subject, e.time, e.data, d.attempts, d.next_at
    FROM delivery d INDEXED BY delivery_turn JOIN event e ON e.ordinal = d.event
    WHERE d.state = 'pending' AND d.hook = ? AND NOT EXISTS (
      SELECT 1 FROM delivery d2 WHERE d2.state = 'pending' AND d2.hook = d.hook AND d2.subject = d.subject
        AND d2.event < d.event)
    ORDER BY d.next_at, d.event LIMIT ?
    """

  /// Records how one attempt ended.
  ///
  /// - Parameter counts: whether it used an attempt up.
  public func settleDelivery(
    event: Int64, hook: String, state: String, nextAt: Double, reason: String?, counts: Bool = true,
    at time: Double
  ) throws(CatalogError) {
    try write { db in
      try db.execute(
        sql: """
          UPDATE delivery SET state = ?, attempts = attempts + ?, next_at = ?, reason = ?, ended_at = ?
          WHERE event = ? AND hook = ?
          """, arguments: [state, counts ? 1 : 0, nextAt, reason, time, event, hook])
    }
  }

  /// Puts dead and failed deliveries back, and those that wait for another attempt at once
  /// (`irisarchive hooks retry`); the event and its id stay the same.
  ///
  /// - Parameters:
  ///   - hook: path of one hook; nil for all.
  ///   - event: id of one event; nil for all.
  ///   - now: seconds since 1970 UTC.
  /// - Returns: how many.
  public func retryDeliveries(hook: String?, event: String? = nil, now: Double) throws(CatalogError) -> Int {
    try write { db in
      try db.execute(
        sql: """
          UPDATE delivery SET attempts = CASE state WHEN 'pending' THEN attempts ELSE 0 END,
            state = 'pending', next_at = 0
          WHERE (state IN ('dead', 'failed') OR (state = 'pending' AND next_at > ?1))
            AND (?2 IS NULL OR hook = ?2)
            AND (?3 IS NULL OR event = (SELECT ordinal FROM event WHERE id = ?3))
          """, arguments: [now, hook, event])
      return db.changesCount
    }
  }
}

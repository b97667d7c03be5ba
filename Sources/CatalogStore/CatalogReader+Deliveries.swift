import Foundation
import GRDB

/// One event told to one hook, and how it ended.
public struct DeliveryRecord: Sendable, Equatable {
  public var eventID: String
  public var type: String
  public var subject: String
  /// Seconds since 1970 UTC.
  public var time: Double
  public var hook: String
  /// `pending delivered failed dead`.
  public var state: String
  public var attempts: Int
  public var reason: String?
  public var endedAt: Double?
}

extension DueDelivery {
  /// A made-up event for trying a hook.
  public static func example(event: String, at time: Double) -> DueDelivery {
    let data = EventData(
      name: "test_cal.fits", path: "/nonexistent/test_cal.fits", sha256: String(repeating: "0", count: 64),
      obsname: "IMG1-SCI", level: 2, job: "J000000", pipeline: "imager_level2", reason: "this is a test")
    let text = (try? JSONEncoder().encode(data)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    return DueDelivery(
      event: 0, eventID: "test:\(event)", type: event, subject: "test_cal.fits", time: time, data: text,
      hook: "",
      attempts: 0, nextAt: 0)
  }
}

extension CatalogReader {
  /// Deliveries, newest event first.
  ///
  /// - Parameters:
  ///   - hook: path or file name of one hook.
  ///   - limit: at most so many; 0 for all. `total` counts all.
  public func deliveryLog(
    hook: String? = nil, state: String? = nil, limit: Int
  ) throws(CatalogError) -> (records: [DeliveryRecord], total: Int) {
    try read { db in
      let from = """
         FROM delivery d JOIN event e ON e.ordinal = d.event
        WHERE (?1 IS NULL OR d.hook = ?1 OR d.hook LIKE '%/' || ?1) AND (?2 IS NULL OR d.state = ?2)
        """
      let rows = try Row.fetchAll(
        db,
        sql: "SELECT e.id, e.type, e.subject, e.time, d.hook, d.state, d.attempts, d.reason, d.ended_at"
          + from
          + " ORDER BY d.event DESC, d.hook LIMIT ?3",
        arguments: [hook, state, limit > 0 ? limit : -1])
      let total = try Int.fetchOne(db, sql: "SELECT count(*)" + from, arguments: [hook, state]) ?? 0
      let records = rows.map {
        DeliveryRecord(
          eventID: $0["id"], type: $0["type"], subject: $0["subject"], time: $0["time"], hook: $0["hook"],
          state: $0["state"], attempts: $0["attempts"], reason: $0["reason"], endedAt: $0["ended_at"])
      }
      return (records, total)
    }
  }

  /// Paths of hooks of this path or file name that something was, or is to be, delivered to.
  public func hooksWithDeliveries(named name: String) throws(CatalogError) -> [String] {
    try read { db in
      try String.fetchAll(
        db, sql: "SELECT DISTINCT hook FROM delivery WHERE hook = ?1 OR hook LIKE '%/' || ?1 ORDER BY 1",
        arguments: [name])
    }
  }

  /// The newest event of a type, about one subject or about any.
  public func newestEvent(type: String, subject: String?) throws(CatalogError) -> DueDelivery? {
    try read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT ordinal, id, type, subject, time, data FROM event WHERE type = ?1 AND (?2 IS NULL OR subject = ?2)
          ORDER BY ordinal DESC LIMIT 1
          """, arguments: [type, subject]
      ).map { row in
        DueDelivery(
          event: row["ordinal"], eventID: row["id"], type: row["type"], subject: row["subject"],
          time: row["time"],
          data: row["data"], hook: "", attempts: 0, nextAt: 0)
      }
    }
  }
}

import GRDB

/// When a file went through each stage; seconds since 1970 UTC, nil for what has not happened or was not kept.
public struct StageTimes: Sendable, Equatable {
  /// A raw file was closed (as seen); a product was made.
  public var closed: Double?
  /// The daemon noticed it.
  public var seen: Double?
  public var catalogued: Double?
  /// The rules have looked at it.
  public var associated: Double?
  /// The first job that took it in, or, of a product, the one that made it: queued, started, ended.
  public var queued: Double?
  public var started: Double?
  public var done: Double?
  /// The last hook was told that it is here.
  public var told: Double?

  /// In order, with the names that `show` prints.
  public var all: [(name: String, time: Double?)] {
    [
      ("closed_at", closed), ("seen_at", seen), ("catalogued_at", catalogued), ("associated_at", associated),
      ("queued_at", queued), ("started_at", started), ("done_at", done), ("told_at", told),
    ]
  }
}

extension CatalogReader {
  /// The stages of a file or product; nil when there is no such record.
  public func stages(frame: Int64) throws(CatalogError) -> StageTimes? {
    try read { db in
      let sql = """
        SELECT origin, name, arrived_at, seen_at, recorded_at, associated_at FROM frame WHERE id = ?
        """
      guard let row = try Row.fetchOne(db, sql: sql, arguments: [frame]) else { return nil }
      let job = try Row.fetchOne(db, sql: Self.jobOf(origin: row["origin"]), arguments: [frame])
      return StageTimes(
        closed: row["arrived_at"], seen: row["seen_at"], catalogued: row["recorded_at"],
        associated: row["associated_at"], queued: job?["created_at"], started: job?["started_at"],
        done: job?["ended_at"],
        told: try Double.fetchOne(
          db,
          sql: """
            SELECT max(d.ended_at) FROM event e JOIN delivery d ON d.event = e.ordinal
            WHERE e.subject = ? AND d.state = 'delivered' AND e.time = ? AND e.type IN
              ('exposure-received', 'exposure-held', 'exposure-quarantined', 'product-ready')
            """, arguments: [row["name"] as String, row["recorded_at"] as Double]))
    }
  }

  private static func jobOf(origin: String) -> String {
    let columns = "SELECT j.created_at, j.started_at, j.ended_at FROM job j"
    guard origin == "raw" else {
      return columns + " JOIN run r ON r.job_id = j.id JOIN product q ON q.run_id = r.id WHERE q.frame_id = ?"
    }
    return columns
      + """
       JOIN member m ON m.association_id = j.association_id
      WHERE m.frame_id = ? AND j.state <> 'cancelled' ORDER BY j.id LIMIT 1
      """
  }

  /// Jobs by state.
  public func jobCounts() throws(CatalogError) -> [String: Int] {
    try read { db in
      var counts: [String: Int] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT state, count(*) FROM job GROUP BY 1") {
        counts[row[0]] = row[1]
      }
      return counts
    }
  }

  /// Deliveries that are still to be made.
  public func pendingDeliveries() throws(CatalogError) -> Int {
    try read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM delivery WHERE state = 'pending'") ?? 0
    }
  }
}

import GRDB

/// Rows of the catalog that only tell what was: the log's sentences, and what hooks were told.
public struct OldRecords: Sendable, Equatable {
  public var notices: Int
  public var events: Int
  /// Of these events.
  public var deliveries: Int

  public init(notices: Int = 0, events: Int = 0, deliveries: Int = 0) {
    self.notices = notices
    self.events = events
    self.deliveries = deliveries
  }

  public var isEmpty: Bool { notices == 0 && events == 0 && deliveries == 0 }
}

extension CatalogReader {
  /// How many rows ``CatalogWriter/pruneRecords(before:batch:)`` would take.
  public func oldRecords(before time: Double) throws(CatalogError) -> OldRecords {
    try read { db in
      func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql, arguments: [time]) ?? 0 }
      return OldRecords(
        notices: try count("SELECT count(*) FROM notice WHERE \(Self.isOldNotice)"),
        events: try count("SELECT count(*) FROM event e WHERE \(Self.isTold)"),
        deliveries: try count(
          "SELECT count(*) FROM event e JOIN delivery d ON d.event = e.ordinal WHERE \(Self.isTold)"))
    }
  }

  /// What a person said of a frame stays, with who, when and why.
  static let isOldNotice = "at < ? AND sentence NOT GLOB '\(FrameVerdict.opening) *'"

  /// Every hook that waited for it has it. The newest stays, so that no number is given twice.
  static let isTold = """
    e.time < ? AND e.dispatched = 1 AND e.ordinal < (SELECT max(ordinal) FROM event)
      AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.event = e.ordinal AND o.state <> 'delivered')
    """
}

extension CatalogWriter {
  /// Takes notices, and events with their deliveries, of before a time away; in several transactions, so that the daemon
  /// comes in between.
  ///
  /// An event stays that a hook has not got: its delivery is pending, failed or dead and can be retried. An operator's
  /// verdicts stay. What is taken can be told again: `show` has no `told_at` for old frames, and a change that repeats
  /// itself after so long is a new event.
  ///
  /// - Parameters:
  ///   - time: seconds since 1970 UTC.
  ///   - batch: rows of a transaction.
  public func pruneRecords(before time: Double, batch: Int = 5000) throws(CatalogError) -> OldRecords {
    var gone = OldRecords()
    var last: OldRecords
    repeat {
      last = try write { db in try Self.pruneRecords(db, before: time, batch: batch) }
      gone.notices += last.notices
      gone.events += last.events
      gone.deliveries += last.deliveries
    } while !last.isEmpty
    return gone
  }

  private static func pruneRecords(_ db: Database, before time: Double, batch: Int) throws -> OldRecords {
    var gone = OldRecords()
    try db.run(
      """
      DELETE FROM notice WHERE id IN (
        SELECT id FROM notice WHERE \(CatalogReader.isOldNotice) ORDER BY id LIMIT ?)
      """, [time, batch])
    gone.notices = db.changesCount
    let events = try db.rows(
      "SELECT e.ordinal FROM event e WHERE \(CatalogReader.isTold) ORDER BY e.ordinal LIMIT ?", [time, batch])
    for event in events {
      try db.run("DELETE FROM delivery WHERE event = ?", [event["ordinal"] as Int64])
      gone.deliveries += db.changesCount
      try db.run("DELETE FROM event WHERE ordinal = ?", [event["ordinal"] as Int64])
    }
    gone.events = events.count
    return gone
  }
}

import GRDB

extension CatalogWriter {
  /// No wait of the archive is longer; what is to begin later than this was set by a clock that was ahead.
  private static let longestPause: Double = 3600

  /// After the clock was set back: times in the future become now, and pauses end in an hour at the latest, so that
  /// nothing waits for the clock to catch up. Adds a notice when anything had to be changed.
  ///
  /// Only what is still waited for is touched; the history keeps the times it was written with.
  ///
  /// - Parameter now: seconds since 1970 UTC.
  /// - Returns: how many waits were changed.
  public func forgetFuture(now: Double) throws(CatalogError) -> Int {
    if try !read({ db in try Self.waitsForFuture(db, now) }) { return 0 }
    return try write { db in
      var changed = 0
      func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.run(sql, arguments)
        changed += db.changesCount
      }
      // The wait itself is kept: what was left of it from the moment of the last frame.
      try run(
        """
        UPDATE association SET due_at = ?1 + max(0, min(due_at - max(touched_at, opened_at), 86400)),
          opened_at = min(opened_at, ?1), touched_at = min(touched_at, ?1)
        WHERE state IN ('open', 'held') AND max(touched_at, opened_at) > ?1
        """, [now])
      try run(
        "UPDATE association SET opened_at = ?1 WHERE state = 'closed' AND settled = 0 AND opened_at > ?1",
        [now])
      let late = now + Self.longestPause
      try run("UPDATE job SET not_before = ?1 WHERE state = 'queued' AND not_before > ?2", [now, late])
      try run("UPDATE delivery SET next_at = ?1 WHERE state = 'pending' AND next_at > ?2", [now, late])
      try run("UPDATE night SET touched_at = ?1 WHERE closed_at IS NULL AND touched_at > ?1", [now])
      guard changed > 0 else { return 0 }
      let sentence = "the clock was set back: \(changed) waits that it would have frozen count from now"
      try db.run("INSERT INTO notice (at, subject, sentence) VALUES (?, 'clock', ?)", [now, sentence])
      return changed
    }
  }

  private static func waitsForFuture(_ db: Database, _ now: Double) throws -> Bool {
    let found = try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM association
            WHERE state IN ('open', 'held') AND max(touched_at, opened_at) > ?1)
          OR EXISTS (SELECT 1 FROM association WHERE state = 'closed' AND settled = 0 AND opened_at > ?1)
          OR EXISTS (SELECT 1 FROM job WHERE state = 'queued' AND not_before > ?2)
          OR EXISTS (SELECT 1 FROM delivery WHERE state = 'pending' AND next_at > ?2)
          OR EXISTS (SELECT 1 FROM night WHERE closed_at IS NULL AND touched_at > ?1)
        """, arguments: [now, now + longestPause])
    return found ?? false
  }
}

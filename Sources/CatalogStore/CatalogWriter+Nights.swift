import GRDB

/// A night that has frames.
public struct NightRecord: Sendable, Codable, Equatable, FetchableRecord {
  /// UT date of its local midnight.
  public var name: String
  /// When its last frame was recorded, seconds since 1970 UTC.
  public var touchedAt: Double
  public var closedAt: Double?
  public var reason: String?

  enum CodingKeys: String, CodingKey {
    case name
    case touchedAt = "touched_at"
    case closedAt = "closed_at"
    case reason
  }
}

extension CatalogWriter {
  /// Notes that a frame of a night was recorded.
  static func touchNight(_ db: Database, _ night: String?, at time: Double) throws {
    guard let night, !night.isEmpty else { return }
    try db.run(
      """
      INSERT INTO night (name, touched_at) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET touched_at = max(touched_at, excluded.touched_at)
      """, [night, time])
  }

  /// Closes a night and tells `night-closed`, once.
  ///
  /// - Returns: false when it was closed before, or has no frame.
  public func closeNight(_ name: String, reason: String, at time: Double) throws(CatalogError) -> Bool {
    try write { db in
      try db.run(
        "UPDATE night SET closed_at = ?, reason = ? WHERE name = ? AND closed_at IS NULL",
        [time, reason, name])
      guard db.changesCount == 1 else { return false }
      try Self.appendEvent(
        db, type: "night-closed", subject: name, key: name, data: EventData(name: name, reason: reason),
        time: time)
      return true
    }
  }
}

extension CatalogReader {
  /// Nights that are not closed, oldest first.
  public func openNights() throws(CatalogError) -> [NightRecord] {
    try read { db in
      try NightRecord.fetchAll(
        db.cachedStatement(sql: "SELECT * FROM night WHERE closed_at IS NULL ORDER BY name"))
    }
  }

  /// A night by its name (the UT date of its local midnight), nil when no file is of it.
  public func night(_ name: String) throws(CatalogError) -> NightRecord? {
    try read { db in
      try NightRecord.fetchOne(db, sql: "SELECT * FROM night WHERE name = ?", arguments: [name])
    }
  }

  /// Open associations with a frame of a night.
  public func openAssociations(night: String) throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db,
        sql: """
          SELECT * FROM association a WHERE a.state = 'open' AND EXISTS (
            SELECT 1 FROM member m JOIN frame f ON f.id = m.frame_id
            WHERE m.association_id = a.id AND f.night = ?) ORDER BY a.id
          """, arguments: [night])
    }
  }
}

import Foundation
import GRDB

extension CatalogReader {
  static func fields(_ row: Row) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data((row["fields"] as String).utf8))
  }

  /// The detector software's level 1 frame of a detector and exposure number whose exposure holds a time.
  ///
  /// - Parameter slack: seconds that a read may lie outside of `DATE-BEG..DATE-END`.
  public func rawFrame(
    of detectorExposure: String, at time: Double, slack: Double
  ) throws(CatalogError) -> MatchRecord? {
    try read { db in
      try db.row(
        Self.matchSelect + """
           WHERE f.detector_exposure = ? AND f.date_obs <= ? AND coalesce(f.date_end, f.date_obs) >= ?
          AND f.level = 1 AND f.origin = 'raw' AND f.state = 'classified' AND f.quality <> 'BAD'
          ORDER BY f.date_obs DESC, f.id LIMIT 1
          """, [detectorExposure, time + slack, time - slack]
      ).map(Self.match)
    }
  }

  /// Readouts of a detector and exposure number, read in an interval, that wait for their raw frame or were held
  /// because none came.
  public func readoutsWithoutRawFrame(
    of detectorExposure: String, in interval: ClosedRange<Double>
  ) throws(CatalogError) -> [Int64] {
    try read { db in
      try db.rows(
        """
        SELECT id FROM frame WHERE detector_exposure = ? AND date_obs BETWEEN ? AND ? AND kind = 'readout'
          AND (state = 'received' OR (state = 'held' AND reason LIKE ?)) ORDER BY id
        """, [detectorExposure, interval.lowerBound, interval.upperBound, ReadoutSentence.noRawFrame + "%"]
      ).map { $0["id"] }
    }
  }

  /// Level 1 frames with flags of a detector whose exposures end in an interval, in order of time: those that serve, and
  /// where the one that serves has no flags, its alternatives that have.
  ///
  /// - Parameter interval: seconds since 1970 UTC.
  public func levelOneFrames(
    detector: String, endingIn interval: ClosedRange<Double>, limit: Int = 64
  ) throws(CatalogError) -> [MatchRecord] {
    try read { db in
      try db.rows(
        Self.matchSelect + """
           WHERE f.date_obs BETWEEN ?1 - 86400 AND ?2 AND coalesce(f.date_end, f.date_obs) BETWEEN ?1 AND ?2
          AND f.detector = ?3
          AND f.level = 1 AND f.kind = 'rate' AND f.state IN ('classified', 'current', 'stale')
          AND f.quality <> 'BAD' AND EXISTS (
            SELECT 1 FROM header h WHERE h.content_id = f.content_id AND h.extname = 'DQ')
          AND NOT EXISTS (SELECT 1 FROM frame o JOIN header h ON h.content_id = o.content_id
            WHERE o.id = f.alternative_of AND h.extname = 'DQ')
          ORDER BY coalesce(f.date_end, f.date_obs) DESC, f.id DESC LIMIT ?4
          """, [interval.lowerBound, interval.upperBound, detector, limit]
      ).map(Self.match).reversed()
    }
  }

  /// Readouts that the rules have looked at and that wait for their raw frame.
  public func waitingReadouts() throws(CatalogError) -> [MatchRecord] {
    try read { db in
      try db.rows(
        Self.matchSelect
          + " WHERE f.origin = 'raw' AND f.state = 'received' AND f.kind = 'readout' AND f.associated = 1 ORDER BY f.id",
        []
      ).map(Self.match)
    }
  }

  /// Quarantined readouts of an exposure, with the reason of each.
  public func damagedReadouts(
    of detectorExposure: String, in interval: ClosedRange<Double>
  ) throws(CatalogError) -> [(name: String, fields: [String: String], reason: String)] {
    try read { db in
      try db.rows(
        """
        SELECT name, fields, reason FROM frame WHERE detector_exposure = ? AND date_obs BETWEEN ? AND ?
          AND kind = 'readout' AND state = 'quarantined' ORDER BY date_obs, id
        """, [detectorExposure, interval.lowerBound, interval.upperBound]
      ).map { ($0["name"], try Self.fields($0), $0["reason"] ?? "") }
    }
  }
}

/// A level 1 frame of an exposure, among others of the same.
public struct FrameVersion: Sendable, Equatable {
  public var id: Int64
  public var name: String
  /// `raw` or `product`.
  public var origin: String
  public var isBad: Bool
  /// Rule of the association that made it; nil for raw frames.
  public var rule: String?
  public var subarray: String?
  /// Seconds since 1970 UTC.
  public var start: Double
  public var end: Double
  /// It is marked as an alternative to another.
  public var isAlternative: Bool
}

extension CatalogReader {
  /// Level 1 frames in use of a detector and exposure number whose exposures touch an interval: the one asked about,
  /// then products, then raw frames that are not BAD, by id. At most `limit`: numbers that a thousand frames share tell
  /// nothing, and must cost nothing.
  public func versions(
    of detectorExposure: String, in interval: ClosedRange<Double>, with frame: Int64, limit: Int = 64
  ) throws(CatalogError) -> [FrameVersion] {
    try read { db in
      try db.rows(
        """
        SELECT f.id, f.name, f.origin, f.quality, json_extract(f.fields, '$.subarray') AS subarray, f.date_obs, coalesce(f.date_end, f.date_obs) AS ends,
          f.alternative_of, a.rule FROM frame f
        LEFT JOIN product q ON q.frame_id = f.id LEFT JOIN association a ON a.id = q.association_id
        WHERE f.detector_exposure = ? AND f.date_obs <= ? AND coalesce(f.date_end, f.date_obs) >= ?
          AND f.level = 1 AND f.kind = 'rate' AND f.state IN ('classified', 'current', 'stale')
        ORDER BY f.id <> ?, f.origin = 'raw', f.quality = 'BAD', f.id LIMIT ?
        """, [detectorExposure, interval.upperBound, interval.lowerBound, frame, limit]
      ).map { row in
        FrameVersion(
          id: row["id"], name: row["name"], origin: row["origin"], isBad: row["quality"] == "BAD",
          rule: row["rule"], subarray: row["subarray"], start: row["date_obs"],
          end: row["ends"],
          isAlternative: (row["alternative_of"] as Int64?) != nil)
      }
    }
  }

  /// The name of the frame that serves in this one's stead; nil when it serves itself.
  public func servesInsteadOf(frame: Int64) throws(CatalogError) -> String? {
    try read { db in
      try db.row(
        "SELECT o.name FROM frame f JOIN frame o ON o.id = f.alternative_of WHERE f.id = ?", [frame]
      )?["name"]
    }
  }
}

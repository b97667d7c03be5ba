import GRDB

/// A ramp, or the readouts of one, that came before another exposure of its detector.
public struct EarlierExposure: Sendable, Equatable {
  /// Of the association that reduces it, or of the frame when there is none.
  public var name: String
  /// Seconds since 1970 UTC.
  public var begins: Double
  public var ends: Double
  /// A product was made of it.
  public var isMade: Bool
}

extension CatalogReader {
  /// Ramps and readouts of a detector that end in an interval and begin before its end, the last first, whatever became
  /// of their jobs: with the association of certain rules that they are in, or frame by frame where they are in none.
  ///
  /// - Parameters:
  ///   - interval: seconds since 1970 UTC.
  ///   - rules: names of those that make level 1 frames.
  ///   - association: one that does not count, with what else is of its detector and exposure number.
  public func unreducedExposures(
    of detector: String, endingIn interval: ClosedRange<Double>, rules: [String], except association: Int64,
    exposure number: String?
  ) throws(CatalogError) -> [EarlierExposure] {
    try read { db in
      let names = StatementArguments(rules)
      let span: StatementArguments = [interval.lowerBound, interval.upperBound, detector]
      let times: StatementArguments = [interval.upperBound, interval.lowerBound, interval.upperBound]
      return try db.rows(
        Self.earlierExposures(rules: rules.count),
        span + names + times + [association] + span + times + [number] + names
      ).map {
        EarlierExposure(name: $0["name"], begins: $0["begins"], ends: $0["ends"], isMade: $0["made"])
      }
    }
  }

  /// Found by their time. No exposure lasts longer than a day.
  package static func earlierExposures(rules count: Int) -> String {
    let marks = Array(repeating: "?", count: count).joined(separator: ", ")
    return """
      SELECT DISTINCT a.name, a.begins, a.ends,
          EXISTS (SELECT 1 FROM product q WHERE q.association_id = a.id) AS made
        FROM frame f INDEXED BY frame_date CROSS JOIN member m ON m.frame_id = f.id
        CROSS JOIN association a ON a.id = m.association_id
        WHERE f.date_obs BETWEEN ? - 86400 AND ? AND f.detector = ? AND a.rule IN (\(marks))
          AND a.begins < ? AND a.ends BETWEEN ? AND ? AND a.id <> ?
      UNION ALL SELECT f.name, f.date_obs, coalesce(f.date_end, f.date_obs), 0
        FROM frame f INDEXED BY frame_date
        WHERE f.date_obs BETWEEN ? - 86400 AND ? AND f.detector = ? AND f.kind IN ('ramp', 'readout')
          AND f.state IN ('received', 'classified', 'held')
          AND f.date_obs < ? AND coalesce(f.date_end, f.date_obs) BETWEEN ? AND ?
          AND f.detector_exposure IS NOT ? AND NOT EXISTS (SELECT 1 FROM member m
            CROSS JOIN association a ON a.id = m.association_id WHERE m.frame_id = f.id AND a.rule IN (\(marks)))
      ORDER BY 3 DESC, 1 DESC
      """
  }
}

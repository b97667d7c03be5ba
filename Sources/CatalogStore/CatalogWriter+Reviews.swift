import GRDB

/// What a look at some products found, after a reference was inserted.
public struct ReviewedProducts: Sendable {
  /// What the rules choose for these is what they were made with.
  public var restored: [Int64] = []
  /// Associations whose products are made again.
  public var again: [Int64] = []
  public var stale: [(frame: Int64, reason: String)] = []

  public init() {}
}

extension CatalogReader {
  /// Products that are not superseded, in the order of their ids.
  ///
  /// - Parameters:
  ///   - detector: only products of this detector; nil for all.
  ///   - interval: only exposures that begin in it, seconds since 1970 UTC; nil for all that have a time.
  ///   - id: only those after this one.
  public func currentProducts(
    detector: String?, interval: ClosedRange<Double>?, after id: Int64, limit: Int
  ) throws(CatalogError) -> [Int64] {
    try read { db in
      guard let interval else {
        return try Int64.fetchAll(db, sql: Self.allProducts, arguments: [id, detector, detector, limit])
      }
      return try Int64.fetchAll(
        db, sql: Self.productsInTime,
        arguments: [interval.lowerBound, interval.upperBound, id, detector, detector, limit])
    }
  }

  /// In order of the ids by itself: each batch reads what it gives.
  package static var allProducts: String {
    """
    SELECT f.id FROM product q CROSS JOIN frame f ON f.id = q.frame_id
    WHERE q.frame_id > ? AND +f.date_obs IS NOT NULL AND f.state IN ('current', 'stale')
      AND (? IS NULL OR f.detector = ?) ORDER BY q.frame_id LIMIT ?
    """
  }

  package static var productsInTime: String {
    """
    SELECT f.id FROM frame f INDEXED BY frame_date CROSS JOIN product q ON q.frame_id = f.id
    WHERE f.date_obs BETWEEN ? AND ? AND f.id > ? AND f.state IN ('current', 'stale')
      AND (? IS NULL OR f.detector = ?) ORDER BY f.id LIMIT ?
    """
  }

  /// The last product that the review of a reference has looked at; 0 when it has not begun.
  public func reviewCursor(_ file: String) throws(CatalogError) -> Int64 {
    let words = try fact("review:\(file)")?.split(separator: " ") ?? []
    return words.count > 1 ? Int64(words[1]) ?? 0 : 0
  }
}

extension CatalogWriter {
  /// Records a batch of the review of a reference and how far it has come, in one transaction.
  ///
  /// - Parameter cursor: the last product that was looked at.
  public func record(
    _ reviewed: ReviewedProducts, of reference: ReferenceRecord, cursor: Int64, at time: Double
  ) throws(CatalogError) {
    let cause = "rules:\(reference.type)"
    try write { db in
      try Self.restore(db, products: reviewed.restored, cause: cause)
      for association in reviewed.again {
        try db.run("UPDATE association SET settled = 0 WHERE id = ?", [association])
      }
      for (frame, reason) in reviewed.stale {
        try Self.spoil(db, products: [frame], cause: cause, reason: reason, at: time)
      }
      try db.run(
        "UPDATE fact SET value = ? WHERE name = ?",
        ["\(reference.type) \(cursor)", "review:\(reference.file)"])
    }
  }

  /// Ends the review of a reference. Jobs that were planned before are planned again: one that would choose the same is
  /// known by its key, a queued one that would not is replaced, a running one is followed by a better one.
  public func endReview(of reference: ReferenceRecord) throws(CatalogError) {
    try write { db in
      try db.run(
        """
        UPDATE association SET settled = 0 WHERE id IN (
          SELECT association_id FROM job WHERE state IN ('waiting', 'queued', 'running'))
        """)
      try db.run("DELETE FROM fact WHERE name = ?", ["review:\(reference.file)"])
    }
  }
}

import GRDB

extension CatalogReader {
  /// Associations of a rule and bucket that are not open and whose exposures end within an interval: where a late
  /// frame may belong. Found by an index; their number does not grow with the archive.
  ///
  /// - Parameters:
  ///   - interval: seconds since 1970 UTC.
  ///   - begin: only those whose exposures begin until then.
  public func pastAssociations(
    rule: String, bucket: String, endingIn interval: ClosedRange<Double>,
    beginningUntil begin: Double = .infinity,
    limit: Int = 64
  ) throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT * FROM association WHERE rule = ? AND bucket = ? AND ends BETWEEN ? AND ?
              AND begins <= ? AND state IN ('closed', 'refused', 'held') ORDER BY ends DESC, id DESC LIMIT ?
            """), arguments: [rule, bucket, interval.lowerBound, interval.upperBound, begin, limit])
    }
  }

  /// Associations whose members are to be looked at again because of a verdict.
  public func associationsToRecheck() throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db.cachedStatement(sql: "SELECT * FROM association WHERE recheck = 1 ORDER BY id"))
    }
  }

  /// Associations in a state, oldest first.
  public func associations(state: String) throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db, sql: "SELECT * FROM association WHERE state = ? ORDER BY id", arguments: [state])
    }
  }

  /// True when the association has a product that is not superseded.
  public func hasProduct(association: Int64) throws(CatalogError) -> Bool {
    try read { db in try !CatalogWriter.currentProducts(db, association).isEmpty }
  }

  /// Frames of a role that went into the newest products of an association; nil when it has none.
  public func usedFrames(association: Int64, role: String) throws(CatalogError) -> Set<Int64>? {
    try read { db in
      guard let product = try CatalogWriter.currentProducts(db, association).last else { return nil }
      let rows = try db.rows(
        """
        SELECT i.frame_id FROM product q JOIN run_input i ON i.run_id = q.run_id
        WHERE q.frame_id = ? AND i.role = ?
        """, [product, role])
      return Set(rows.map { $0["frame_id"] })
    }
  }

  /// Members that were made of a frame which is BAD.
  public func spoiltMembers(ofAssociation id: Int64) throws(CatalogError) -> Set<Int64> {
    try read { db in
      let rows = try db.rows(
        """
        SELECT DISTINCT m.frame_id FROM member m JOIN stale_cause s ON s.frame_id = m.frame_id
        WHERE m.association_id = ? AND s.cause GLOB 'quality:*'
        """, [id])
      return Set(rows.map { $0["frame_id"] })
    }
  }

  /// Associations of some rules that will still make something, each with its first member; none of no rules.
  public func pending(
    rules: [String]
  ) throws(CatalogError) -> [(association: AssociationRecord, first: MatchRecord)] {
    // An index that is named cannot be used for a list of nothing.
    if rules.isEmpty { return [] }
    return try read { db in
      let records = try AssociationRecord.fetchAll(
        db.cachedStatement(sql: Self.pending(rules: rules.count)),
        arguments: StatementArguments(rules + rules + rules))
      return try records.compactMap { record in
        guard
          let row = try db.row(
            CatalogReader.matchSelect
              + " JOIN member m ON m.frame_id = f.id WHERE m.association_id = ? ORDER BY m.ordinal LIMIT 1",
            [record.id])
        else { return nil }
        return (record, try CatalogReader.match(row))
      }
    }
  }

  /// Three sets that stay small, each by its own index: by the index of rule and bucket all associations that ever were
  /// would be gone through. Arguments are the rules, three times.
  package static func pending(rules count: Int) -> String {
    let marks = Array(repeating: "?", count: count).joined(separator: ", ")
    return """
      SELECT * FROM association INDEXED BY association_open WHERE state = 'open' AND rule IN (\(marks))
      UNION SELECT * FROM association INDEXED BY association_unsettled
        WHERE settled = 0 AND state = 'closed' AND rule IN (\(marks))
      UNION SELECT a.* FROM job j INDEXED BY job_state CROSS JOIN association a ON a.id = j.association_id
        WHERE j.state IN ('waiting', 'queued', 'running') AND a.rule IN (\(marks))
      ORDER BY 1
      """
  }

  /// Older versions of a product.
  public func olderVersions(of product: Int64) throws(CatalogError) -> [Int64] {
    try read { db in
      try db.rows("SELECT frame_id FROM product WHERE superseded_by = ? ORDER BY frame_id", [product]).map {
        $0["frame_id"]
      }
    }
  }
}

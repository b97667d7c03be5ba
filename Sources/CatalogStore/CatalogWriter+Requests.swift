import GRDB

/// An operator's wish that an association be reduced again.
public struct ReprocessRequest: Sendable, Codable, Equatable, FetchableRecord {
  /// Jobs of requests run after all real-time ones: this much is added to their priority.
  public static let priorityOffset = 1000

  public var associationID: Int64
  /// Of its rule: lower ones are finished first, so that masters are there before what uses them.
  public var priority: Int
  /// Even when the very same job has been done.
  public var forced: Bool
  public var reason: String
  public var askedAt: Double

  enum CodingKeys: String, CodingKey {
    case associationID = "association_id"
    case priority, forced, reason
    case askedAt = "asked_at"
  }

  public init(associationID: Int64, priority: Int, forced: Bool, reason: String, askedAt: Double) {
    self.associationID = associationID
    self.priority = priority
    self.forced = forced
    self.reason = reason
    self.askedAt = askedAt
  }
}

extension CatalogWriter {
  /// Asks for associations to be reduced again; the daemon plans them. Asking twice is asking once.
  public func ask(_ requests: [ReprocessRequest]) throws(CatalogError) {
    try write { db in
      for request in requests {
        try db.run(
          """
          INSERT INTO request (association_id, priority, forced, reason, asked_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (association_id) DO UPDATE SET forced = max(forced, excluded.forced), reason = excluded.reason
          """,
          [request.associationID, request.priority, request.forced, request.reason, request.askedAt])
        try db.run(
          "UPDATE association SET settled = 0 WHERE id = ? AND state IN ('open', 'closed')",
          [request.associationID])
        let name = try db.row("SELECT name FROM association WHERE id = ?", [request.associationID])
        try db.run(
          "INSERT INTO notice (at, subject, sentence) VALUES (?, ?, ?)",
          [request.askedAt, name.map { $0["name"] as String } ?? "", "to be reprocessed: \(request.reason)"])
      }
    }
  }
}

extension CatalogWriter {
  /// Keeps an association from closing and from being reduced until a person releases or closes it; jobs that wait
  /// for it are cancelled.
  public func hold(association: Int64, by user: String, at time: Double) throws(CatalogError) {
    try write { db in
      let reason = "held by \(user)"
      try db.run(
        """
        UPDATE association SET state = 'held', reason = ?, settled = 1, due_at = NULL, touched_at = ?,
          closed_at = NULL WHERE id = ?
        """, [reason, time, association])
      try Self.abandon(db, association, reason: reason, at: time)
      let name = try db.row("SELECT name FROM association WHERE id = ?", [association])
      try db.run(
        "INSERT INTO notice (at, subject, sentence) VALUES (?, ?, ?)",
        [time, name.map { $0["name"] as String } ?? "", reason])
    }
  }
}

extension CatalogReader {
  /// The open request to reprocess an association, nil when there is none.
  public func request(association: Int64) throws(CatalogError) -> ReprocessRequest? {
    try read { db in
      try ReprocessRequest.fetchOne(
        db.cachedStatement(sql: "SELECT * FROM request WHERE association_id = ?"), arguments: [association])
    }
  }

  /// True while what a request builds upon is still being made: frames without their associations, requests and jobs
  /// of requests of earlier rules, masters on their way into the rules.
  ///
  /// - Parameter stuck: associations whose requests do not count: they wait for a person.
  public func isBusyBefore(
    _ request: ReprocessRequest, except stuck: Set<Int64> = []
  ) throws(CatalogError) -> Bool {
    let offset = ReprocessRequest.priorityOffset
    let ids = "[\(stuck.sorted().map(String.init).joined(separator: ","))]"
    return try read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT EXISTS (SELECT 1 FROM frame WHERE associated = 0)
            OR EXISTS (SELECT 1 FROM association WHERE recheck = 1)
            OR EXISTS (SELECT 1 FROM request r JOIN association a ON a.id = r.association_id
              WHERE r.priority < ?1 AND a.state = 'closed'
                AND r.association_id NOT IN (SELECT value FROM json_each(?3)))
            OR EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running') AND priority >= ?2
              AND priority < ?1 + ?2)
            OR EXISTS (SELECT 1 FROM fact WHERE name >= 'review:' AND name < 'review;')
          """, arguments: [request.priority, offset, ids]) ?? false
    }
  }

  /// Closed associations that are to be reprocessed, oldest first.
  public func requestedAssociations() throws(CatalogError) -> [AssociationRecord] {
    try read { db in
      try AssociationRecord.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT a.* FROM request r JOIN association a ON a.id = r.association_id
            WHERE a.state = 'closed' ORDER BY a.id
            """))
    }
  }

  /// The job that made the products of an association that are not superseded.
  public func makingJob(association: Int64) throws(CatalogError) -> MakingJob? {
    try read { db in
      try MakingJob.fetchOne(
        db,
        sql: """
          SELECT j.name, j.key, j.software, j.configuration, j.spec, r.id AS run FROM product q
            JOIN frame f ON f.id = q.frame_id JOIN run r ON r.id = q.run_id JOIN job j ON j.id = r.job_id
          WHERE q.association_id = ? AND f.state IN ('current', 'stale') ORDER BY q.version DESC LIMIT 1
          """, arguments: [association])
    }
  }

  /// The job of this key; one that the archive itself cancelled, because a better one took its place, does not count.
  public func job(key: String) throws(CatalogError) -> JobRecord? {
    try read { db in try Self.knownJob(db, key: key) }
  }

  static func knownJob(_ db: Database, key: String) throws -> JobRecord? {
    try JobRecord.fetchOne(
      db,
      sql: JobRecord.select + """
         WHERE j.key = ? AND (j.state <> 'cancelled' OR j.cancel IS NOT NULL)
        ORDER BY j.state IN ('waiting', 'queued', 'running', 'done') DESC, j.id DESC LIMIT 1
        """, arguments: [key])
  }

  /// Ids of all products that are not superseded, oldest first.
  public func liveProducts() throws(CatalogError) -> [Int64] {
    try read { db in
      try db.rows(
        """
        SELECT q.frame_id FROM product q JOIN frame f ON f.id = q.frame_id
        WHERE f.state IN ('current', 'stale') ORDER BY q.frame_id
        """
      ).map { $0["frame_id"] }
    }
  }

  /// True when a job with this key is done and all it made has been superseded since.
  public func isOutdated(key: String) throws(CatalogError) -> Bool {
    try read { db in
      let made = try db.rows(
        """
        SELECT f.state FROM job j JOIN run r ON r.job_id = j.id JOIN product q ON q.run_id = r.id
          JOIN frame f ON f.id = q.frame_id WHERE j.key = ? AND j.state = 'done'
        """, [key])
      return !made.isEmpty && made.allSatisfy { $0["state"] == "superseded" }
    }
  }

  /// Products of an association that are not superseded.
  public func currentProducts(association: Int64) throws(CatalogError) -> [FrameRecord] {
    try read { db in
      try FrameRecord.fetchAll(
        db,
        sql: FrameRecord.select + """
           JOIN product q ON q.frame_id = f.id
          WHERE q.association_id = ? AND f.state IN ('current', 'stale') ORDER BY f.id
          """, arguments: [association])
    }
  }
}

/// What went into the key of the job that made a product.
public struct MakingJob: Sendable, Codable, Equatable, FetchableRecord {
  public var name: String
  public var key: String
  public var software: String?
  public var configuration: String?
  public var spec: String
  public var run: Int64
}

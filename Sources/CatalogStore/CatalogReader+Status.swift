import GRDB

/// Something that wants an operator's eye, with the reason and the next command.
public struct StatusConcern: Sendable, Codable, Equatable {
  public var name: String
  public var state: String
  public var reason: String
  public var next: String

  public init(name: String, state: String, reason: String, next: String) {
    self.name = name
    self.state = state
    self.reason = reason
    self.next = next
  }
}

/// Percentiles of a delay, seconds.
public struct StatusDelay: Sendable, Codable, Equatable {
  public var count: Int
  public var p50: Double?
  public var p95: Double?
  public var p99: Double?

  /// Nearest-rank percentiles of a sorted list.
  init(sorted delays: [Double]) {
    func rank(_ percent: Double) -> Double? {
      guard !delays.isEmpty else { return nil }
      let index = Int((percent / 100 * Double(delays.count)).rounded(.up)) - 1
      return delays[min(max(index, 0), delays.count - 1)]
    }
    count = delays.count
    p50 = rank(50)
    p95 = rank(95)
    p99 = rank(99)
  }
}

/// The archive at a glance, as the catalog has it: true with the daemon running, stopped or dead.
public struct CatalogStatus: Sendable, Codable, Equatable {
  /// Raw files and products by state.
  public var files: [String: Int]
  public var products: [String: Int]
  /// Jobs by state.
  public var queue: [String: Int]
  /// Associations that still wait, with the reason.
  public var waiting: [StatusConcern]
  public var held: [StatusConcern]
  public var quarantined: [StatusConcern]
  public var failed: [StatusConcern]
  public var stale: [StatusConcern]
  public var degraded: [StatusConcern]
  public var refusedReferences: [StatusConcern]
  /// Hook deliveries by state.
  public var hooks: [String: Int]
  public var hookProblems: [StatusConcern]
  /// Files recorded in the last minute and in the last hour.
  public var arrivedLastMinute: Int
  public var arrivedLastHour: Int
  /// From the file's close to its row.
  public var closeToCatalog: StatusDelay
  /// From the close of the last input of a product to the product's row.
  public var closeToProduct: StatusDelay
  public var context: String?
  /// Files whose disk or folder is away, as a sentence; they are not marked missing.
  public var outOfSight: String?
  /// Disks with less free space than the reserve, by a folder on each: no job starts.
  public var diskLow: [StatusConcern]
  /// Nothing is under way: no frame without its associations, no job to make or run, no hook to call now.
  public var settled: Bool
  /// What the log has to say, newest first.
  public var notices: [StatusNotice]
}

/// A line of the archive's own log: no file, but worth knowing.
public struct StatusNotice: Sendable, Codable, Equatable, FetchableRecord {
  public var at: Double
  public var subject: String
  public var sentence: String
}

extension CatalogReader {
  /// - Parameters:
  ///   - now: seconds since 1970 UTC.
  ///   - limit: how many concerns of each kind, newest first.
  ///   - sample: delays are those of the newest so many files.
  public func status(now: Double, limit: Int = 20, sample: Int = 10_000) throws(CatalogError) -> CatalogStatus
  {
    try read { db in
      CatalogStatus(
        files: try Self.counts(db, "SELECT state, count(*) FROM frame WHERE origin = 'raw' GROUP BY 1"),
        products: try Self.counts(
          db, "SELECT state, count(*) FROM frame WHERE origin = 'product' GROUP BY 1"),
        queue: try Self.counts(db, "SELECT state, count(*) FROM job GROUP BY 1"),
        waiting: try Self.waiting(db, limit),
        held: try Self.frames(db, .raw, "held", limit, next: "irisarchive show %@ --header"),
        quarantined: try Self.frames(db, .raw, "quarantined", limit, next: "irisarchive verify %@"),
        failed: try Self.failedJobs(db, limit),
        stale: try Self.frames(db, .product, "stale", limit, next: "irisarchive reprocess %@"),
        degraded: try Self.degraded(db, limit),
        refusedReferences: try Self.refused(db, limit),
        hooks: try Self.counts(db, "SELECT state, count(*) FROM delivery GROUP BY 1"),
        hookProblems: try Self.hookProblems(db, limit),
        arrivedLastMinute: try Self.arrived(db, since: now - 60),
        arrivedLastHour: try Self.arrived(db, since: now - 3600),
        closeToCatalog: try Self.delay(db, Self.closeToCatalog, sample),
        closeToProduct: try Self.delay(db, Self.closeToProduct, sample),
        context: try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = 'context'"),
        outOfSight: try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = 'out-of-sight'"),
        diskLow: try Self.diskShortages(db).map(\.concern), settled: try Self.isSettled(db, now),
        notices: try StatusNotice.fetchAll(
          db, sql: "SELECT at, subject, sentence FROM notice ORDER BY id DESC LIMIT ?", arguments: [limit]))
    }
  }

  private static func isSettled(_ db: Database, _ now: Double) throws -> Bool {
    let busy = try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM frame WHERE associated = 0)
          OR EXISTS (SELECT 1 FROM association WHERE state = 'closed' AND settled = 0)
          OR EXISTS (SELECT 1 FROM fact WHERE name >= 'review:' AND name < 'review;')
          OR EXISTS (SELECT 1 FROM association WHERE recheck = 1)
          OR EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running'))
          OR EXISTS (SELECT 1 FROM product q CROSS JOIN frame f ON f.id = q.frame_id
            WHERE f.state = 'current' AND q.kind IN \(MasterKinds.sql)
              AND NOT EXISTS (SELECT 1 FROM reference r WHERE r.frame_id = f.id))
          OR EXISTS (SELECT 1 FROM event WHERE dispatched = 0)
          OR EXISTS (SELECT 1 FROM delivery WHERE state = 'pending' AND next_at <= ?)
        """, arguments: [now])
    return !(busy ?? false)
  }

  /// The newest first: the plus keeps an index of all raw files, which would have to be sorted, out of it.
  package static var closeToCatalog: String {
    """
    SELECT max(recorded_at - arrived_at, 0) FROM
      (SELECT recorded_at, arrived_at FROM frame WHERE +origin = 'raw' ORDER BY id DESC LIMIT ?)
    """
  }

  package static var closeToProduct: String {
    """
    SELECT max(q.recorded_at - (SELECT max(i.arrived_at) FROM product r JOIN run_input n ON n.run_id = r.run_id
        JOIN frame i ON i.id = n.frame_id WHERE r.frame_id = q.id AND \(RunInputs.real("n"))), 0)
    FROM (SELECT f.id, f.recorded_at FROM (SELECT frame_id FROM product ORDER BY frame_id DESC LIMIT ?) p
      JOIN frame f ON f.id = p.frame_id) q
    """
  }

  private static func counts(_ db: Database, _ sql: String) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for row in try Row.fetchAll(db, sql: sql) { counts[row[0]] = row[1] }
    return counts
  }

  private static func arrived(_ db: Database, since time: Double) throws -> Int {
    try Int.fetchOne(
      db, sql: "SELECT count(*) FROM frame WHERE origin = 'raw' AND recorded_at >= ?", arguments: [time]) ?? 0
  }

  private static func delay(_ db: Database, _ sql: String, _ sample: Int) throws -> StatusDelay {
    let delays = try (Double?).fetchAll(db, sql: sql, arguments: [sample]).compactMap { $0 }
    return StatusDelay(sorted: delays.sorted())
  }

  private static func concerns(
    _ db: Database, _ sql: String, _ limit: Int, next: String
  ) throws -> [StatusConcern] {
    try Row.fetchAll(db, sql: sql + " LIMIT ?", arguments: [limit]).map { row in
      let name: String = row[0]
      return StatusConcern(
        name: name, state: row[1], reason: row[2] ?? "",
        next: next.replacing("%@", with: ShellWord.quoted(name)))
    }
  }

  private static func frames(
    _ db: Database, _ origin: FrameRecord.Origin, _ state: String, _ limit: Int, next: String
  ) throws -> [StatusConcern] {
    try concerns(db, frames(origin, state), limit, next: next)
  }

  /// The partial indexes by state keep each state in the order of the ids.
  package static func frames(_ origin: FrameRecord.Origin, _ state: String) -> String {
    """
    SELECT name, state, reason FROM frame INDEXED BY frame_\(origin.rawValue)_state
    WHERE origin = '\(origin.rawValue)' AND state = '\(state)' ORDER BY id DESC
    """
  }

  private static func degraded(_ db: Database, _ limit: Int) throws -> [StatusConcern] {
    try concerns(db, degraded, limit, next: "irisarchive show %@ --provenance")
  }

  package static var degraded: String {
    """
    SELECT name, state, degraded FROM frame
    WHERE +origin = 'product' AND +state IN ('current', 'stale') AND degraded IS NOT NULL ORDER BY id DESC
    """
  }

  private static func waiting(_ db: Database, _ limit: Int) throws -> [StatusConcern] {
    try concerns(db, waiting, limit, next: "irisarchive show %@")
      + concerns(db, waitingReadouts, limit, next: "irisarchive query --state received")
  }

  /// Readouts without their raw frame, by exposure.
  private static let waitingReadouts = """
    SELECT coalesce(detector_exposure, name), state, 'waiting for its raw frame: ' || count(*)
      || ' readouts take class and configuration from the level 1 frame of DET_ID/EXP_NO '
      || coalesce(detector_exposure, '?')
    FROM frame INDEXED BY frame_raw_state WHERE origin = 'raw' AND state = 'received'
    GROUP BY detector_exposure ORDER BY max(id) DESC
    """

  /// The condition is to the letter that of the index.
  package static var waiting: String {
    """
    SELECT name, state, coalesce(reason, 'waiting for its job to be made') FROM association
    WHERE state IN ('open', 'held') OR (state = 'closed' AND settled = 0) ORDER BY id DESC
    """
  }

  private static func failedJobs(_ db: Database, _ limit: Int) throws -> [StatusConcern] {
    // What a later job of the association has made good (or is about to) needs nobody's eye.
    let sql = """
      SELECT name, state, reason FROM job j WHERE state IN ('failed', 'dead') AND NOT EXISTS (
        SELECT 1 FROM job o WHERE o.association_id = j.association_id AND o.id > j.id
          AND o.state IN ('waiting', 'queued', 'running', 'done')) ORDER BY id DESC
      """
    return try concerns(db, sql, limit, next: "irisarchive log %@").map { concern in
      guard concern.state == "dead" else { return concern }
      var concern = concern
      concern.next = "irisarchive jobs retry \(concern.name)"
      return concern
    }
  }

  private static func refused(_ db: Database, _ limit: Int) throws -> [StatusConcern] {
    let sql = "SELECT file, state, reason FROM reference WHERE state = 'refused' ORDER BY epoch DESC"
    return try concerns(db, sql, limit, next: "irisarchive show %@")
  }

  /// Deliveries that failed or are dead, and those that come again, with what went wrong last.
  private static func hookProblems(_ db: Database, _ limit: Int) throws -> [StatusConcern] {
    let sql = """
      SELECT d.hook, CASE d.state WHEN 'pending' THEN 'retrying' ELSE d.state END,
        e.type || ' ' || e.subject || ': ' || coalesce(d.reason, '')
        || CASE d.state WHEN 'pending' THEN '; attempt ' || (d.attempts + 1) || ' at '
          || strftime('%Y-%m-%dT%H:%M:%SZ', d.next_at, 'unixepoch') ELSE '' END
      FROM delivery d JOIN event e ON e.ordinal = d.event
      WHERE d.state IN ('dead', 'failed') OR (d.state = 'pending' AND d.reason IS NOT NULL)
      ORDER BY d.event DESC
      """
    return try concerns(db, sql, limit, next: "irisarchive hooks retry %@")
  }
}

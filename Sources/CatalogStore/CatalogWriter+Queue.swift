import Foundation
import GRDB

extension CatalogWriter {
  /// A job about to be queued.
  public struct NewJob: Sendable, Equatable {
    public var association: Int64
    public var pipeline: String
    /// sha256 over pipeline, member contents, reference contents, parameters and software version.
    public var key: String
    public var priority: Int
    /// JobSpec as JSON; `job`, `attempt`, `token` and `outputDirectory` are filled in when it starts.
    public var spec: String
    /// Version of the pipelines and sha256 of the pipeline's cfg that went into the key.
    public var software: String?
    public var configuration: String?

    public init(
      association: Int64, pipeline: String, key: String, priority: Int, spec: String, software: String? = nil,
      configuration: String? = nil
    ) {
      self.association = association
      self.pipeline = pipeline
      self.key = key
      self.priority = priority
      self.spec = spec
      self.software = software
      self.configuration = configuration
    }
  }

  /// Queues a job and settles its association. A job of the same key that is active or done is not repeated, nor one
  /// that failed, is dead or was cancelled by an operator: only other inputs, references or software (or an operator's
  /// request) bring it back.
  ///
  /// It takes the place of other jobs of the association that wait. While one of them runs nothing is queued and the
  /// association stays unsettled: two at a time would make products of one name.
  ///
  /// - Returns: the job's name, nil when it was known or cannot be queued yet.
  public func queue(_ job: NewJob, at time: Double) throws(CatalogError) -> String? {
    try write { db in
      let isBusy = try db.row(
        "SELECT 1 FROM job WHERE association_id = ? AND state = 'running' LIMIT 1", [job.association])
      if isBusy != nil { return nil }
      try db.run(
        """
        UPDATE job SET state = 'cancelled', reason = 'a better one takes its place', ended_at = ?
        WHERE association_id = ? AND state IN ('waiting', 'queued') AND key <> ?
        """, [time, job.association, job.key])
      try db.execute(
        sql: "UPDATE association SET settled = 1, reason = NULL WHERE id = ?", arguments: [job.association])
      let isRequested =
        try db.row("DELETE FROM request WHERE association_id = ? RETURNING 1", [job.association]) != nil
      let known = try CatalogReader.knownJob(db, key: job.key)
      if let known {
        if isRequested { try Self.recognise(db, job, known, at: time) }
        return nil
      }
      return try Self.insert(db, job, at: time)
    }
  }

  private static func insert(_ db: Database, _ job: NewJob, at time: Double) throws -> String {
    let next = (try Int64.fetchOne(db, sql: "SELECT coalesce(max(id), 0) + 1 FROM job")) ?? 1
    let digits = String(next)
    let name = "J" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    try db.execute(
      sql: """
        INSERT INTO job (id, name, association_id, pipeline, key, state, priority, spec, created_at, software,
          configuration) VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)
        """,
      arguments: [
        next, name, job.association, job.pipeline, job.key, job.priority, job.spec, time, job.software,
        job.configuration,
      ])
    return name
  }

  /// A request to reprocess that would repeat a job: one that failed is tried again; one that is done made the very
  /// products that would be made now, so they are current.
  private static func recognise(
    _ db: Database, _ job: NewJob, _ known: JobRecord, at time: Double
  ) throws {
    let (name, state) = (known.name, known.state)
    let sentence: String
    switch state {
    case "failed", "dead", "cancelled":
      try db.run(
        "UPDATE job SET \(afresh), priority = ? WHERE id = ?", [job.priority, known.id])
      let word = state == "cancelled" ? "was cancelled" : "had failed"
      sentence = "reprocessing is the same job as \(name), which \(word): it is tried again"
    case "done":
      let products = try db.rows(
        """
        SELECT q.frame_id FROM product q JOIN run r ON r.id = q.run_id JOIN frame f ON f.id = q.frame_id
        WHERE r.job_id = ? AND f.state = 'stale'
        """, [known.id])
      try restore(db, products: products.map { $0["frame_id"] }, cause: nil)
      sentence = "reprocessing would repeat \(name): same inputs, references, parameters and software"
    default: sentence = "reprocessing is the same job as \(name), which is \(state)"
    }
    let subject = try db.row("SELECT name FROM association WHERE id = ?", [job.association])
    try db.run(
      "INSERT INTO notice (at, subject, sentence) VALUES (?, ?, ?)",
      [time, subject.map { $0["name"] as String } ?? "", sentence])
  }

  /// What makes a job queued as if it had never been tried.
  static let afresh = """
    state = 'queued', reason = NULL, not_before = 0, attempts = 0, memory_bytes = NULL, cancel = NULL
    """

  /// Takes a queued job: marks it running for this daemon instance and opens the run of its next attempt.
  ///
  /// - Parameter memoryBytes: the limit of memory that it runs under.
  /// - Returns: the run and its attempt number, nil when the job is no longer queued.
  public func start(
    job: Int64, instance: String, token: String, folder: (Int) -> String, memoryBytes: Int64? = nil,
    at time: Double
  ) throws(CatalogError) -> RunRecord? {
    try write { db in
      try db.execute(
        sql: """
          UPDATE job SET state = 'running', instance = ?, started_at = ?, ended_at = NULL, reason = NULL
          WHERE id = ? AND state = 'queued'
          """, arguments: [instance, time, job])
      guard db.changesCount == 1 else { return nil }
      let attempt =
        try Int.fetchOne(
          db, sql: "SELECT coalesce(max(attempt), 0) + 1 FROM run WHERE job_id = ?", arguments: [job]) ?? 1
      try db.execute(
        sql: """
          INSERT INTO run (job_id, attempt, token, folder, state, started_at, memory_bytes)
          VALUES (?, ?, ?, ?, 'running', ?, ?)
          """, arguments: [job, attempt, token, folder(attempt), time, memoryBytes])
      return try RunRecord.fetchOne(
        db, sql: "SELECT * FROM run WHERE id = ?", arguments: [db.lastInsertedRowID])
    }
  }

  /// What an attempt without a product means for its job.
  public enum AttemptEnd: Sendable, Equatable {
    /// Stopped by the archive itself: back to the queue, the attempt does not count.
    case interrupted
    /// Ended by a want of the machine (a full disk): back to the queue after a while; does not count.
    case postponed(notBefore: Double)
    /// May go better next time: back to the queue after a while; counts.
    case again(notBefore: Double)
    /// It ran out of memory: once more, with so much; counts.
    case withMemory(bytes: UInt64, notBefore: Double)
    /// Tried often enough.
    case dead
    /// Will fail again with the same input.
    case failed

    var state: String {
      switch self {
      case .interrupted, .postponed, .again, .withMemory: "queued"
      case .dead: "dead"
      case .failed: "failed"
      }
    }

    /// Nobody saw the job fail by itself: the attempt does not count.
    var isUncounted: Bool {
      switch self {
      case .interrupted, .postponed: true
      case .again, .withMemory, .dead, .failed: false
      }
    }

    var notBefore: Double {
      switch self {
      case .postponed(let time), .again(let time), .withMemory(_, let time): time
      case .interrupted, .dead, .failed: 0
      }
    }
  }

  /// Ends an attempt that made nothing. A job that an operator wants cancelled is that, whatever ended it.
  public func end(
    run: Int64, job: Int64, as end: AttemptEnd, facts: AttemptFacts = AttemptFacts(), reason: String,
    at time: Double
  ) throws(CatalogError) {
    try write { db in
      let wish = try db.row("SELECT cancel FROM job WHERE id = ?", [job]).flatMap { $0["cancel"] as String? }
      let reason = wish ?? reason
      let lost = end.isUncounted
      try db.execute(
        sql: """
          UPDATE run SET state = ?, reason = ?, ended_by = ?, exit_code = ?, signal = ?, seconds = ?, peak_bytes = ?,
            ended_at = ? WHERE id = ?
          """,
        arguments: [
          lost && wish == nil ? "lost" : "failed", reason, facts.endedBy, facts.exitCode, facts.signal,
          facts.seconds, facts.peakBytes, time, run,
        ])
      var memory: Int64?
      if case .withMemory(let bytes, _) = end { memory = Int64(clamping: bytes) }
      let state = wish == nil ? end.state : "cancelled"
      try db.execute(
        sql: """
          UPDATE job SET state = ?, reason = ?, instance = NULL, not_before = ?, attempts = attempts + ?, ended_at = ?,
            memory_bytes = coalesce(?, memory_bytes) WHERE id = ? AND state = 'running'
          """, arguments: [state, reason, end.notBefore, lost ? 0 : 1, time, memory, job])
      guard state == "failed" || state == "dead" else { return }
      try Self.announceFailure(db, job: job, run: run, reason: reason, at: time)
    }
  }

  private static func announceFailure(
    _ db: Database, job: Int64, run: Int64, reason: String, at time: Double
  ) throws {
    let attempt = try db.row("SELECT attempt FROM run WHERE id = ?", [run]).map { $0["attempt"] as Int } ?? 0
    guard let record = try JobRecord.fetchOne(db, sql: JobRecord.select + " WHERE j.id = ?", arguments: [job])
    else { return }
    try appendEvent(
      db, type: "run-failed", subject: record.association, key: "\(record.key):\(attempt)",
      data: EventData(name: record.association, job: record.name, pipeline: record.pipeline, reason: reason),
      time: time)
  }

  /// Plans associations again whose last job failed or died: when the program, the rules or a pipeline's cfg changed, a
  /// new job may go better; one that would be the same is known by its key and stays as it is.
  public func unsettleFailures() throws(CatalogError) {
    try write { db in
      try db.run(
        """
        UPDATE association SET settled = 0 WHERE settled = 1 AND state IN ('open', 'closed') AND id IN (
          SELECT j.association_id FROM job j WHERE j.state IN ('failed', 'dead')
            AND NOT EXISTS (SELECT 1 FROM job o WHERE o.association_id = j.association_id AND o.id > j.id))
        """)
    }
  }
}

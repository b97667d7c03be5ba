import GRDB

extension CatalogReader {
  /// Jobs, newest last; all states when `states` is empty.
  public func jobs(states: [String] = [], limit: Int = 0) throws(CatalogError) -> [JobRecord] {
    try read { db in
      let marks = states.map { _ in "?" }.joined(separator: ", ")
      let filter = states.isEmpty ? "" : " WHERE j.state IN (\(marks))"
      let cut = limit > 0 ? " LIMIT \(limit)" : ""
      return try JobRecord.fetchAll(
        db, sql: JobRecord.select + filter + " ORDER BY j.id" + cut, arguments: StatementArguments(states))
    }
  }

  /// The next jobs to start, best priority first.
  public func startableJobs(now: Double, limit: Int) throws(CatalogError) -> [JobRecord] {
    try read { db in
      try JobRecord.fetchAll(
        db,
        sql: JobRecord.select
          + """
           WHERE j.state = 'queued' AND j.not_before <= ?
            AND NOT EXISTS (SELECT 1 FROM job o WHERE o.association_id = j.association_id AND o.state = 'running')
          ORDER BY j.priority, j.id LIMIT ?
          """,
        arguments: [now, limit])
    }
  }

  /// A job by its name (`J000042`), nil when there is none.
  public func job(named name: String) throws(CatalogError) -> JobRecord? {
    try read { db in
      try JobRecord.fetchOne(db, sql: JobRecord.select + " WHERE j.name = ?", arguments: [name])
    }
  }

  /// Whether a job of the association runs.
  public func isRunning(association: Int64) throws(CatalogError) -> Bool {
    try read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM job WHERE association_id = ? AND state = 'running')",
        arguments: [association]) ?? false
    }
  }

  /// Whether a job of the association waits, is queued or runs.
  public func hasActiveJob(association: Int64) throws(CatalogError) -> Bool {
    try read { db in
      try db.row(
        "SELECT 1 FROM job WHERE association_id = ? AND state IN ('waiting', 'queued', 'running') LIMIT 1",
        [association]) != nil
    }
  }

  /// Attempts of a job, oldest first.
  public func runs(job: Int64) throws(CatalogError) -> [RunRecord] {
    try read { db in
      try RunRecord.fetchAll(db, sql: "SELECT * FROM run WHERE job_id = ? ORDER BY attempt", arguments: [job])
    }
  }

  /// Failed jobs whose last attempt did not find an input in its place.
  public func jobsWithoutInput(limit: Int) throws(CatalogError) -> [JobRecord] {
    try read { db in
      try JobRecord.fetchAll(
        db,
        sql: JobRecord.select + """
           WHERE j.state = 'failed' AND (SELECT r.ended_by FROM run r WHERE r.job_id = j.id
            ORDER BY r.attempt DESC LIMIT 1) = ? ORDER BY j.id DESC LIMIT ?
          """, arguments: [AttemptFacts.inputMissing, limit])
    }
  }

  /// Version that the association's next product of any kind gets.
  public func nextVersion(association: Int64) throws(CatalogError) -> Int {
    try read { db in
      try Int.fetchOne(
        db, sql: "SELECT coalesce(max(version), 0) + 1 FROM product WHERE association_id = ?",
        arguments: [association]) ?? 1
    }
  }

  /// True when a job has failed or died, however long ago.
  public func hasFailures() throws(CatalogError) -> Bool {
    try read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM job WHERE state = 'failed' OR state = 'dead')") ?? false
    }
  }
}

extension CatalogReader {
  /// Events that no hook has been looked up for yet.
  public func undispatchedEvents() throws(CatalogError) -> Int {
    try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM event WHERE dispatched = 0") ?? 0 }
  }

  /// Jobs that ended badly since a time: what `watch --once` judges its exit code by.
  public func failedJobs(since time: Double) throws(CatalogError) -> Int {
    try read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM job WHERE state IN ('failed', 'dead') AND ended_at >= ?",
        arguments: [time])
        ?? 0
    }
  }
}

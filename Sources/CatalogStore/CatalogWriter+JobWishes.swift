import GRDB

/// What became of an operator's wish about a job.
public enum JobWish: Sendable, Equatable {
  /// It is in the state that was wished for.
  case done
  /// It runs: the daemon ends it, and then it is cancelled.
  case asked
  /// Why not, and what to do instead.
  case refused(String, hint: String)
  case unknown
}

extension CatalogWriter {
  /// Queues a failed, dead or cancelled job again, as if it had never been tried (`irisarchive jobs retry`).
  ///
  /// Refused when a job with the same key is under way or done, and when a newer job of the association is: its product
  /// must not be superseded by an older idea of it.
  public func retry(job name: String, by user: String, at time: Double) throws(CatalogError) -> JobWish {
    try write { db in
      guard let job = try Self.job(db, name) else { return .unknown }
      guard ["failed", "dead", "cancelled"].contains(job.state) else {
        return .refused(
          "\(name) is \(job.state) and was not retried: only failed, dead and cancelled jobs can be",
          hint: "irisarchive jobs show \(name)")
      }
      if let other = try Self.rival(db, of: job) {
        let words = other["key"] == job.key ? "is the same job" : "has taken its place"
        let (rival, state): (String, String) = (other["name"], other["state"])
        return .refused(
          "\(name) was not retried: \(rival), which is \(state), \(words)",
          hint: "irisarchive reprocess \(ShellWord.quoted(job.association))")
      }
      try db.run("UPDATE job SET \(Self.afresh) WHERE id = ?", [job.id])
      try Self.notice(db, "retried by \(user)", subject: name, at: time)
      return .done
    }
  }

  /// A job that makes another one superfluous: of the same key, or a later one of the association.
  private static func rival(_ db: Database, of job: JobRecord) throws -> Row? {
    try db.row(
      """
      SELECT name, key, state FROM job WHERE id <> ?1 AND state IN ('waiting', 'queued', 'running', 'done')
        AND (key = ?2 OR (association_id = ?3 AND id > ?1)) ORDER BY key = ?2 DESC, id DESC LIMIT 1
      """, [job.id, job.key, job.associationID])
  }

  /// Takes a job out of the queue (`irisarchive jobs cancel`). One that runs is marked; the daemon ends its processes.
  public func cancel(job name: String, by user: String, at time: Double) throws(CatalogError) -> JobWish {
    try write { db in
      guard let job = try Self.job(db, name) else { return .unknown }
      let reason = "cancelled by \(user) at \(CatalogTime.text(time))"
      switch job.state {
      case "waiting", "queued":
        try db.run(
          "UPDATE job SET state = 'cancelled', reason = ?1, cancel = ?1, ended_at = ?2 WHERE id = ?3",
          [reason, time, job.id])
        try Self.notice(db, reason, subject: name, at: time)
        return .done
      case "running":
        guard job.cancel == nil else { return .asked }
        try db.run("UPDATE job SET cancel = ? WHERE id = ?", [reason, job.id])
        try Self.notice(db, "\(reason) while it ran", subject: name, at: time)
        return .asked
      default:
        return .refused(
          "\(name) is \(job.state) and was not cancelled: only waiting, queued and running jobs can be",
          hint: "irisarchive jobs show \(name)")
      }
    }
  }

  private static func job(_ db: Database, _ name: String) throws -> JobRecord? {
    try JobRecord.fetchOne(db, sql: JobRecord.select + " WHERE j.name = ?", arguments: [name])
  }
}

extension CatalogReader {
  /// Running jobs that an operator wants cancelled, by id.
  public func jobsToCancel() throws(CatalogError) -> [Int64] {
    try read { db in
      try db.rows("SELECT id FROM job WHERE state = 'running' AND cancel IS NOT NULL").map { $0["id"] }
    }
  }
}

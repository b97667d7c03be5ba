import Foundation
import GRDB

/// A superseded product whose file may go, or why it stays.
public struct PruneCandidate: Sendable, Equatable {
  public var product: FrameRecord
  /// When its file was written, nanoseconds since 1970 UTC, as it was recorded.
  public var modifiedNanoseconds: Int64
  /// The version that took its place, and when, seconds since 1970 UTC.
  public var successor: String
  public var supersededAt: Double
  /// Why its file stays; nil when it may go.
  public var keep: String?
}

extension CatalogReader {
  /// Products with a file that were superseded at `time` or before, oldest first. A file stays that is a reference of
  /// the rules, that a product in use was made of, that work under way needs, or whose successors have no file either.
  public func pruneCandidates(supersededBefore time: Double) throws(CatalogError) -> [PruneCandidate] {
    try read { db in
      try db.rows(
        """
        SELECT f.id FROM frame f JOIN place p ON p.frame_id = f.id JOIN product q ON q.frame_id = f.id
          JOIN frame n ON n.id = q.superseded_by
        WHERE f.origin = 'product' AND f.state = 'superseded' AND n.recorded_at <= ?
        ORDER BY n.recorded_at, f.id
        """, [time]
      ).compactMap { try Self.pruneCandidate(db, $0["id"]) }
    }
  }

  /// nil for what is no superseded product with a file.
  static func pruneCandidate(_ db: Database, _ id: Int64) throws -> PruneCandidate? {
    let product = try FrameRecord.fetchOne(db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [id])
    let successor = try db.row(
      """
      SELECT n.name, n.recorded_at FROM product q JOIN frame n ON n.id = q.superseded_by WHERE q.frame_id = ?
      """, [id])
    let place = try db.row("SELECT modified_ns FROM place WHERE frame_id = ?", [id])
    guard let product, let successor, let place, product.origin == .product, product.state == "superseded"
    else { return nil }
    return PruneCandidate(
      product: product, modifiedNanoseconds: place["modified_ns"], successor: successor["name"],
      supersededAt: successor["recorded_at"],
      keep: try need(db, id))
  }

  /// Why the file of a superseded product is still needed.
  private static func need(_ db: Database, _ id: Int64) throws -> String? {
    let later = try db.rows(
      """
      WITH RECURSIVE later(id) AS (
        SELECT superseded_by FROM product WHERE frame_id = ?
        UNION SELECT q.superseded_by FROM later l JOIN product q ON q.frame_id = l.id
        WHERE q.superseded_by IS NOT NULL)
      SELECT p.path FROM later l JOIN frame f ON f.id = l.id JOIN place p ON p.frame_id = f.id
      WHERE f.state IN ('current', 'stale')
      """, [id])
    guard later.contains(where: { FileManager.default.fileExists(atPath: $0["path"]) }) else {
      return "no later version of it has a file"
    }
    if let row = try db.row("SELECT file FROM reference WHERE frame_id = ? AND state = 'inserted'", [id]) {
      return "it is the reference \(row["file"] as String) of the rules"
    }
    let made = try db.row(
      """
      SELECT f.name FROM run_input i CROSS JOIN product q ON q.run_id = i.run_id
        CROSS JOIN frame f ON f.id = q.frame_id
      WHERE i.frame_id = ? AND \(RunInputs.real("i")) AND f.state IN ('current', 'stale') LIMIT 1
      """, [id])
    if let made { return "\(made["name"] as String), which is in use, was made of it" }
    let waiting = try db.row(
      """
      SELECT a.name FROM member m JOIN association a ON a.id = m.association_id WHERE m.frame_id = ?
        AND (a.state IN ('open', 'held') OR (a.state = 'closed' AND a.settled = 0)
          OR EXISTS (SELECT 1 FROM request r WHERE r.association_id = a.id)
          OR EXISTS (SELECT 1 FROM job j WHERE j.association_id = a.id
            AND j.state IN ('waiting', 'queued', 'running'))) LIMIT 1
      """, [id])
    return waiting.map { "work under way needs it: \($0["name"] as String)" }
  }
}

extension CatalogWriter {
  /// Takes a superseded product's file away and keeps its record, which says so. The reasons to keep it are looked at
  /// again in the same transaction; when that fails after `remove`, the same call again completes it.
  ///
  /// - Parameter remove: takes the file of the product away; one that is gone already is as good.
  /// - Returns: why the file stayed; nil when it went.
  public func prune(
    product id: Int64, at time: Double, remove: (PruneCandidate) throws -> Void
  ) throws(CatalogError) -> String? {
    try write { db in
      guard let candidate = try CatalogReader.pruneCandidate(db, id) else { return "it is not superseded" }
      if let keep = candidate.keep { return keep }
      try remove(candidate)
      try db.run("DELETE FROM place WHERE frame_id = ?", [id])
      try db.run(
        "UPDATE frame SET reason = ? WHERE id = ?",
        ["superseded by \(candidate.successor); its file was pruned \(CatalogTime.text(time))", id])
      return nil
    }
  }
}

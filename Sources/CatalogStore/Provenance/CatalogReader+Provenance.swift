import Foundation
import GRDB

extension CatalogReader {
  /// The provenance of a file, upstream to raw files and downstream to everything made of it.
  ///
  /// - Parameter limit: at most so many files; a graph that is larger is cut there.
  public func provenance(frame: Int64, limit: Int = 5000) throws(CatalogError) -> ProvenanceGraph {
    try read { db in
      var walk = ProvenanceWalk(root: frame, limit: limit)
      try walk.upstream(db, from: frame)
      try walk.downstream(db, from: frame)
      return walk.graph
    }
  }

  /// What is not closed in the provenance of a product, as sentences: inputs or references whose content
  /// changed, is gone from the catalog or was never recorded.
  public func provenanceGaps(product frame: Int64) throws(CatalogError) -> [String] {
    try read { db in
      guard
        let run = try Int64.fetchOne(
          db, sql: "SELECT run_id FROM product WHERE frame_id = ?", arguments: [frame])
      else { return ["the catalog does not say what run made it"] }
      var gaps = try String.fetchAll(
        db,
        sql: """
          SELECT 'its ' || n.role || ' ' || f.name || ' has another content than when it was used' FROM run_input n
          JOIN frame f ON f.id = n.frame_id LEFT JOIN content c ON c.id = f.content_id
          WHERE n.run_id = ? AND c.sha256 IS NOT n.sha256
          """, arguments: [run])
      let inputs = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM run_input WHERE run_id = ?", arguments: [run])
      if inputs == 0 { gaps.append("no input of its run is recorded") }
      let steps = try Int.fetchOne(db, sql: "SELECT count(*) FROM step WHERE run_id = ?", arguments: [run])
      if steps == 0 { gaps.append("no step of its run is recorded") }
      gaps += try String.fetchAll(
        db,
        sql: """
          SELECT 'its reference ' || r.type || ' ' || r.file || ' has another content than when it was used'
          FROM run_reference r JOIN reference k ON k.file = r.file WHERE r.run_id = ? AND k.sha256 <> r.sha256
          """, arguments: [run])
      return gaps
    }
  }
}

/// Breadth-first walk over runs and frames; every frame and run is visited once.
private struct ProvenanceWalk {
  var graph: ProvenanceGraph
  private let limit: Int
  private var frames: Set<Int64> = []
  private var runs: Set<Int64> = []
  private var entityIDs: Set<String> = []

  init(root: Int64, limit: Int) {
    graph = ProvenanceGraph(root: Self.id(root))
    self.limit = limit
  }

  private static func id(_ frame: Int64) -> String { "frame-\(frame)" }

  mutating func upstream(_ db: Database, from root: Int64) throws {
    var queue = [root][...]
    while let frame = queue.popFirst() {
      guard try visit(db, frame),
        let run = try Int64.fetchOne(
          db, sql: "SELECT run_id FROM product WHERE frame_id = ?", arguments: [frame])
      else { continue }
      queue += try expand(db, run: run)
    }
  }

  mutating func downstream(_ db: Database, from root: Int64) throws {
    var queue = [root][...]
    var seen: Set<Int64> = [root]
    while let frame = queue.popFirst() {
      let users = try Int64.fetchAll(
        db,
        sql: """
          SELECT run_id FROM run_input WHERE frame_id = ?
          UNION SELECT r.run_id FROM run_reference r JOIN content c ON c.sha256 = r.sha256
            JOIN frame f ON f.content_id = c.id WHERE f.id = ?
          UNION SELECT r.run_id FROM run_reference r JOIN reference k ON k.sha256 = r.sha256 WHERE k.frame_id = ?
          """, arguments: [frame, frame, frame])
      for run in users {
        let made = try Int64.fetchAll(
          db, sql: "SELECT frame_id FROM product WHERE run_id = ?", arguments: [run])
        guard !made.isEmpty, frames.count < limit else { continue }
        for used in try expand(db, run: run) { _ = try visit(db, used) }
        queue += made.filter { seen.insert($0).inserted }
      }
    }
  }

  /// Adds the entity of a frame; false when it is there already or the limit is reached.
  private mutating func visit(_ db: Database, _ frame: Int64) throws -> Bool {
    guard frames.count < limit, frames.insert(frame).inserted,
      let record = try FrameRecord.fetchOne(
        db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [frame])
    else { return false }
    add(
      .init(
        id: Self.id(frame), name: record.name, obsname: record.obsname, kind: record.kind,
        level: record.level,
        state: record.state, degraded: record.degraded, sha256: record.sha256, path: record.path))
    return true
  }

  private mutating func add(_ entity: ProvenanceGraph.Entity) {
    if entityIDs.insert(entity.id).inserted { graph.entities.append(entity) }
  }

  /// Adds a run with all it used and made; returns the frames it used.
  private mutating func expand(_ db: Database, run: Int64) throws -> [Int64] {
    guard runs.insert(run).inserted,
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT r.attempt, r.software, r.started_at, r.ended_at, r.seconds, j.name AS job, j.pipeline,
            a.id AS association_id, a.name AS association, a.rule
          FROM run r JOIN job j ON j.id = r.job_id JOIN association a ON a.id = j.association_id WHERE r.id = ?
          """, arguments: [run])
    else { return [] }
    let activity = "\(row["job"] as String)-\(row["attempt"] as Int)"
    graph.activities.append(try Self.activity(db, row, run: run, id: activity))
    for made in try Row.fetchAll(
      db, sql: "SELECT frame_id, kind, version FROM product WHERE run_id = ?", arguments: [run])
    {
      _ = try visit(db, made["frame_id"])
      graph.generations.append(
        .init(
          activity: activity, entity: Self.id(made["frame_id"]), kind: made["kind"], version: made["version"])
      )
    }
    return try members(db, run, activity, association: row["association_id"])
      + references(db, run, activity)
  }

  private static func activity(
    _ db: Database, _ row: Row, run: Int64, id: String
  ) throws -> ProvenanceGraph.Activity {
    let software: String? = row["software"]
    let versions = software.flatMap { try? JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
    let steps = try StepRecord.fetchAll(
      db, sql: "SELECT * FROM step WHERE run_id = ? ORDER BY ordinal", arguments: [run])
    return .init(
      id: id, job: row["job"], attempt: row["attempt"], pipeline: row["pipeline"],
      association: row["association"], rule: row["rule"], software: versions ?? [:],
      started: row["started_at"],
      ended: row["ended_at"], seconds: row["seconds"],
      steps: steps.map {
        .init(
          name: $0.name, status: $0.status, reason: $0.reason, seconds: $0.seconds, parameters: $0.parameters)
      })
  }

  private mutating func members(
    _ db: Database, _ run: Int64, _ activity: String, association: Int64
  ) throws -> [Int64] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT n.frame_id, n.role, n.sha256, m.level, m.distance FROM run_input n
        LEFT JOIN member m ON m.association_id = ? AND m.frame_id = n.frame_id AND m.exptype = n.role
        WHERE n.run_id = ? ORDER BY n.ordinal
        """, arguments: [association, run])
    for row in rows {
      graph.uses.append(
        .init(
          activity: activity, entity: Self.id(row["frame_id"]), role: row["role"], isReference: false,
          level: row["level"], distance: row["distance"], lastResort: false, sha256: row["sha256"]))
    }
    return rows.map { $0["frame_id"] }
  }

  private mutating func references(_ db: Database, _ run: Int64, _ activity: String) throws -> [Int64] {
    let records = try RunReferenceRecord.fetchAll(
      db, sql: "SELECT * FROM run_reference WHERE run_id = ? ORDER BY type", arguments: [run])
    var made: [Int64] = []
    for record in records {
      let frame = try Self.frame(db, of: record)
      var entity = frame.map(Self.id)
      if entity == nil, let sha256 = record.sha256 {
        let id = "reference-\(sha256)"
        add(.init(id: id, name: record.file ?? sha256, sha256: sha256))
        entity = id
      }
      if let frame { made.append(frame) }
      graph.uses.append(
        .init(
          activity: activity, entity: entity, role: record.type, isReference: true, origin: record.origin,
          file: record.file, context: record.context, rule: record.rule, useafter: record.useafter,
          level: record.level, distance: record.distance, lastResort: record.lastResort,
          reason: record.reason,
          sha256: record.sha256))
    }
    return made
  }

  /// The frame that a reference is: a master of this archive, or a single exposure that stood in.
  private static func frame(_ db: Database, of record: RunReferenceRecord) throws -> Int64? {
    guard let sha256 = record.sha256 else { return nil }
    return try Int64.fetchOne(
      db,
      sql: """
        SELECT id FROM (SELECT frame_id AS id, 0 AS rank FROM reference WHERE sha256 = ? AND frame_id IS NOT NULL
          UNION ALL SELECT f.id, 1 + (f.state = 'duplicate') FROM frame f JOIN content c ON c.id = f.content_id
            WHERE c.sha256 = ?) ORDER BY rank, id LIMIT 1
        """, arguments: [sha256, sha256])
  }
}

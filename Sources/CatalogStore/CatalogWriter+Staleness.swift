import GRDB

extension CatalogWriter {
  /// Marks products stale for a cause, in the caller's transaction, and tells those that were current.
  ///
  /// - Parameters:
  ///   - cause: what kind of thing it is, so that it can be taken away again: `rules`, `member:12`, `quality:12` …
  ///   - reason: a sentence for people.
  /// - Returns: names of those that became stale now.
  @discardableResult
  static func spoil(
    _ db: Database, products: [Int64], cause: String, reason: String, at time: Double
  ) throws -> [String] {
    var names: [String] = []
    for id in products {
      let record = try FrameRecord.fetchOne(db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [id])
      guard let record, record.origin == .product, ["current", "stale"].contains(record.state) else {
        continue
      }
      try db.run(
        "INSERT OR REPLACE INTO stale_cause (frame_id, cause, reason, at) VALUES (?, ?, ?, ?)",
        [id, cause, reason, time])
      try tellCauses(db, id)
      // Also where it was stale before: once that other cause is gone, this one still holds for what was made of it.
      try passOn(db, record, cause: cause, reason: reason, at: time)
      guard record.state == "current" else { continue }
      names.append(record.name)
      try appendEvent(
        db, type: "product-stale", subject: record.name, key: "\(record.name):\(reason)",
        data: EventData(
          name: record.name, path: record.path, sha256: record.sha256, obsname: record.obsname,
          level: record.level, degraded: record.degraded != nil, reason: reason), time: time)
    }
    return names
  }

  /// What was made of a product that became stale is stale with it. A verdict on a frame names all that was made of it
  /// by itself.
  private static func passOn(
    _ db: Database, _ product: FrameRecord, cause: String, reason: String, at time: Double
  ) throws {
    if cause.hasPrefix("quality:") { return }
    let sentence =
      reason.hasPrefix(Self.madeOf) ? reason : "\(Self.madeOf)\(product.name), which is stale: \(reason)"
    try spoil(
      db, products: madeDirectly(db, of: product.id), cause: "input:\(product.id)", reason: sentence, at: time
    )
  }

  private static let madeOf = "made of "

  /// Products that are not superseded and have the frame among their inputs; what only preceded them is none.
  private static func madeDirectly(_ db: Database, of frame: Int64) throws -> [Int64] {
    try db.rows(madeDirectly, [frame]).map { $0["frame_id"] }
  }

  /// From the frame outwards: the states of frames would otherwise be where the search begins, and they are all.
  package static let madeDirectly = """
    SELECT DISTINCT q.frame_id FROM run_input i CROSS JOIN product q ON q.run_id = i.run_id
    CROSS JOIN frame f ON f.id = q.frame_id
    WHERE i.frame_id = ? AND \(RunInputs.real("i")) AND f.state IN ('current', 'stale') ORDER BY q.frame_id
    """

  /// Takes a cause away from products, or every cause; those left without one are current again.
  static func restore(_ db: Database, products: [Int64], cause: String?) throws {
    for id in products {
      try db.run(
        "DELETE FROM stale_cause WHERE frame_id = ?1 AND (?2 IS NULL OR cause = ?2)", [id, cause])
      try tellCauses(db, id)
      let state = try db.row("SELECT state FROM frame WHERE id = ?", [id])
      let heirs = try db.rows("SELECT frame_id FROM stale_cause WHERE cause = ?", ["input:\(id)"])
      if state?["state"] == "current", !heirs.isEmpty {
        try restore(db, products: heirs.map { $0["frame_id"] }, cause: "input:\(id)")
      }
    }
  }

  /// State and reason of a product follow from its causes.
  private static func tellCauses(_ db: Database, _ product: Int64) throws {
    let reasons = try db.rows(
      "SELECT reason FROM stale_cause WHERE frame_id = ? ORDER BY at, cause", [product]
    ).map { $0["reason"] as String }
    let reason = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    try db.run(
      """
      UPDATE frame SET state = CASE WHEN ?1 IS NULL THEN 'current' ELSE 'stale' END, reason = ?1
      WHERE id = ?2 AND state IN ('current', 'stale')
        AND (?1 IS NOT NULL OR state = 'stale')
      """, [reason, product])
  }
}

/// A product that is stale, and one reason for it.
public struct StaleProduct: Sendable, Equatable {
  public var product: FrameRecord
  public var association: AssociationRecord
  /// `quality`, `member`, `sky`, `reference`, `rules`, `software` …
  public var cause: String
  public var reason: String

  public init(product: FrameRecord, association: AssociationRecord, cause: String, reason: String) {
    self.product = product
    self.association = association
    self.cause = cause
    self.reason = reason
  }
}

extension CatalogReader {
  /// Products marked stale, one row for each cause, oldest exposure first.
  public func staleProducts() throws(CatalogError) -> [StaleProduct] {
    try read { db in
      let causes = try db.rows(
        """
        SELECT s.frame_id, s.cause, s.reason FROM stale_cause s JOIN frame f ON f.id = s.frame_id
        WHERE f.state = 'stale' ORDER BY f.date_obs, f.id, s.at, s.cause
        """)
      return try causes.compactMap { row in
        guard let (product, association) = try Self.product(db, row["frame_id"]) else { return nil }
        let cause = (row["cause"] as String).split(separator: ":").first.map(String.init) ?? ""
        return StaleProduct(
          product: product, association: association, cause: cause, reason: row["reason"])
      }
    }
  }

  /// A product with the association it was made of.
  static func product(_ db: Database, _ id: Int64) throws -> (FrameRecord, AssociationRecord)? {
    let product = try FrameRecord.fetchOne(db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [id])
    let association = try AssociationRecord.fetchOne(
      db, sql: "SELECT a.* FROM association a JOIN product q ON q.association_id = a.id WHERE q.frame_id = ?",
      arguments: [id])
    guard let product, let association else { return nil }
    return (product, association)
  }

  /// As ``product(_:_:)``; nil for what is no product.
  public func product(frame: Int64) throws(CatalogError) -> (
    product: FrameRecord, association: AssociationRecord
  )? {
    try read { db in try Self.product(db, frame).map { (product: $0.0, association: $0.1) } }
  }

  /// Current and stale products that were made of a frame, directly or through other products and references, and of
  /// a content by its sha256; oldest first.
  public func madeOf(frame: Int64?, sha256: String?) throws(CatalogError) -> [StaleProduct] {
    try read { db in
      try Self.descendants(db, frame: frame, sha256: sha256).compactMap { id in
        guard let (product, association) = try Self.product(db, id) else { return nil }
        return StaleProduct(product: product, association: association, cause: "", reason: "")
      }
    }
  }

  /// Products that are not superseded, of a frame or a content, to any depth.
  static func descendants(_ db: Database, frame: Int64?, sha256: String?) throws -> [Int64] {
    try db.rows(descendants, [frame, sha256]).map { $0["id"] }
  }

  /// Each step goes from what was found to what was made of it, by indexes.
  package static let descendants = """
    WITH RECURSIVE made(frame_id) AS (
      SELECT ?1 WHERE ?1 IS NOT NULL
      UNION
      SELECT q.frame_id FROM run_reference r CROSS JOIN product q ON q.run_id = r.run_id WHERE r.sha256 = ?2
      UNION
      SELECT q.frame_id FROM made d CROSS JOIN run_input i ON i.frame_id = d.frame_id AND \(RunInputs.real("i"))
        CROSS JOIN product q ON q.run_id = i.run_id
      UNION
      SELECT q.frame_id FROM made d CROSS JOIN frame f ON f.id = d.frame_id
        CROSS JOIN content c ON c.id = f.content_id
        CROSS JOIN run_reference r ON r.sha256 = c.sha256 CROSS JOIN product q ON q.run_id = r.run_id)
    SELECT f.id FROM made m CROSS JOIN frame f ON f.id = m.frame_id
    WHERE f.id IS NOT ?1 AND f.origin = 'product' AND f.state IN ('current', 'stale') ORDER BY f.id
    """
}

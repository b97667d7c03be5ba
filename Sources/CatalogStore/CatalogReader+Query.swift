import Foundation
import GRDB

/// The stored header of one HDU.
public struct StoredHeader: Sendable, Equatable {
  public var hdu: Int
  /// `EXTNAME`, empty when there is none.
  public var extensionName: String
  /// 80-character records, without END.
  public var text: String
}

extension CatalogReader {
  private static let selectionTables = """
     FROM frame f LEFT JOIN content c ON c.id = f.content_id LEFT JOIN place p ON p.frame_id = f.id
    LEFT JOIN product q ON q.frame_id = f.id LEFT JOIN association a ON a.id = q.association_id
    LEFT JOIN run r ON r.id = q.run_id LEFT JOIN job j ON j.id = r.job_id
    """

  /// Only the tables that a condition needs: counting a hundred thousand rows is then a walk along one index.
  private static func tables(of condition: SelectionCondition) -> String {
    let needsProduct = ["q.", "a.", "r.", "j."].contains { condition.sql.contains($0) }
    if needsProduct || condition.sql.contains("c.") { return selectionTables }
    return condition.sql.contains("p.")
      ? " FROM frame f LEFT JOIN place p ON p.frame_id = f.id" : " FROM frame f"
  }

  /// The files and products of a selection, oldest exposure first.
  ///
  /// Keywords that the index holds are looked up there; the others are compared in the stored headers of what
  /// the rest of the selection leaves.
  ///
  /// - Parameters:
  ///   - columns: names of ``SelectionColumn/all``.
  ///   - limit: at most so many rows; 0 for all.
  ///   - scan: tells whether the headers of one file satisfy the keywords that no index holds.
  /// - Throws: ``CatalogError`` `unknown-column`.
  public func query(
    _ selection: Selection, columns: [String] = SelectionColumn.defaultNames, limit: Int = 0,
    scan: ([StoredHeader], [Selection.Keyword]) -> Bool = { _, _ in false }
  ) throws(CatalogError) -> SelectionResult {
    var chosen: [SelectionColumn] = []
    for name in columns { chosen.append(try SelectionColumn.named(name)) }
    let wanted = chosen
    return try read { db in
      let (indexed, rest) = try Self.split(db, selection.keywords)
      if selection.cone != nil { db.add(function: SelectionCone.function) }
      let condition = try selection.condition(indexed: indexed)
      if rest.isEmpty { return try Self.answer(db, wanted, condition, limit) }
      let candidates = try Self.contents(db, condition)
      let found = try candidates.filter { scan(try Self.headers(db, content: $0.content), rest) }
      var result = try Self.answer(db, wanted, ids: found.map(\.frame), limit)
      result.scannedHeaders = candidates.count
      return result
    }
  }

  /// Whole records of a selection, oldest exposure first.
  public func frames(
    _ selection: Selection, scan: ([StoredHeader], [Selection.Keyword]) -> Bool = { _, _ in false }
  ) throws(CatalogError) -> [FrameRecord] {
    try read { db in
      let (indexed, rest) = try Self.split(db, selection.keywords)
      if selection.cone != nil { db.add(function: SelectionCone.function) }
      let condition = try selection.condition(indexed: indexed)
      let records = try FrameRecord.fetchAll(
        db,
        sql: """
          SELECT * FROM (\(FrameRecord.select)) WHERE id IN (SELECT f.id\(Self.selectionTables)
          WHERE \(condition.sql)) ORDER BY date_obs NULLS LAST, id
          """, arguments: condition.arguments)
      guard !rest.isEmpty else { return records }
      return try records.filter { record in
        guard let content = try Self.content(db, frame: record.id) else { return false }
        return scan(try Self.headers(db, content: content), rest)
      }
    }
  }

  /// The stored headers of a frame, primary first; empty when the file had none.
  public func headers(frame: Int64) throws(CatalogError) -> [StoredHeader] {
    try read { db in
      guard let content = try Self.content(db, frame: frame) else { return [] }
      return try Self.headers(db, content: content)
    }
  }

  private static func content(_ db: Database, frame: Int64) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT content_id FROM frame WHERE id = ?", arguments: [frame])
  }

  private static func headers(_ db: Database, content: Int64) throws -> [StoredHeader] {
    let statement = try db.cachedStatement(
      sql: "SELECT hdu, extname, text_bytes, deflated FROM header WHERE content_id = ? ORDER BY hdu")
    return try Row.fetchAll(statement, arguments: [content]).map { row in
      StoredHeader(
        hdu: row["hdu"], extensionName: row["extname"],
        text: try Deflate.text(row["deflated"], count: row["text_bytes"]))
    }
  }

  /// Keywords with and without an index.
  private static func split(
    _ db: Database, _ keywords: [Selection.Keyword]
  ) throws -> (indexed: [Selection.Keyword], rest: [Selection.Keyword]) {
    var (indexed, rest): ([Selection.Keyword], [Selection.Keyword]) = ([], [])
    for keyword in keywords {
      let known = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM keyword WHERE keyword = ?)", arguments: [keyword.name])
      if known ?? false { indexed.append(keyword) } else { rest.append(keyword) }
    }
    return (indexed, rest)
  }

  private static func contents(
    _ db: Database, _ condition: SelectionCondition
  ) throws -> [(frame: Int64, content: Int64)] {
    try Row.fetchAll(
      db,
      sql:
        "SELECT f.id, f.content_id\(selectionTables) WHERE (\(condition.sql)) AND f.content_id IS NOT NULL",
      arguments: condition.arguments
    ).map { ($0["id"], $0["content_id"]) }
  }

  private static func answer(
    _ db: Database, _ columns: [SelectionColumn], _ condition: SelectionCondition, _ limit: Int
  ) throws -> SelectionResult {
    let list = columns.map(\.sql).joined(separator: ", ")
    let cut = limit > 0 ? " LIMIT \(limit)" : ""
    // In the order of the indexes: a page of the answer needs no sort of the whole.
    let order = " ORDER BY f.date_obs NULLS LAST, f.id"
    let rows = try Row.fetchAll(
      db, sql: "SELECT \(list)\(selectionTables) WHERE \(condition.sql)\(order)\(cut)",
      arguments: condition.arguments
    ).map { row in columns.enumerated().map { value(row[$0.offset], $0.element.kind) } }
    var total = rows.count
    if limit > 0 && total == limit {
      let sql = "SELECT count(*)\(tables(of: condition)) WHERE \(condition.sql)"
      total = try Int.fetchOne(db, sql: sql, arguments: condition.arguments) ?? total
    }
    return SelectionResult(columns: columns, rows: rows, total: total, scannedHeaders: 0)
  }

  /// The rows of given frames, in the usual order.
  private static func answer(
    _ db: Database, _ columns: [SelectionColumn], ids: [Int64], _ limit: Int
  ) throws -> SelectionResult {
    let list = String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)
    let condition = SelectionCondition(sql: "f.id IN (SELECT value FROM json_each(?))", arguments: [list])
    return try answer(db, columns, condition, limit)
  }

  private static func value(_ stored: DatabaseValue, _ kind: SelectionColumn.Kind) -> SelectionValue {
    if stored.isNull { return .none }
    switch kind {
    case .text: return String.fromDatabaseValue(stored).map(SelectionValue.text) ?? .none
    case .integer: return Int64.fromDatabaseValue(stored).map(SelectionValue.integer) ?? .none
    case .real: return Double.fromDatabaseValue(stored).map(SelectionValue.real) ?? .none
    case .time: return Double.fromDatabaseValue(stored).map(SelectionValue.time) ?? .none
    }
  }
}

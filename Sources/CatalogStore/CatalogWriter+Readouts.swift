import Foundation
import GRDB

/// The sentences that the catalog itself knows readouts and versions by.
enum ReadoutSentence {
  static let noRawFrame = "no raw frame "
  static let alternative = "an alternative version"
}

extension CatalogWriter {
  /// Gives a readout what its own header lacks from the raw frame of its exposure: class, columns and matching fields.
  /// It is `classified` then, and `exposure-received` is told.
  public func adopt(readout: Int64, from raw: MatchRecord, at time: Double) throws(CatalogError)
    -> MatchRecord?
  {
    try write { db in
      guard let before = try db.row("SELECT * FROM frame WHERE id = ?", [readout]) else { return nil }
      var fields = try CatalogReader.fields(before)
      let isUnnamed = fields["obsname"] == "UNKNOWN"
      if isUnnamed {
        for name in ["obsname", "obstype"] { fields[name] = raw.fields[name] }
        fields["joins"] = raw.fields["joins"]
      }
      fields.merge(raw.fields.filter { !Self.ownFields.contains($0.key) }) { own, _ in own }
      fields["raw_frame"] = String(raw.id)
      try db.run(
        """
        UPDATE frame SET obstype = CASE WHEN ?1 THEN r.obstype ELSE frame.obstype END,
          obsname = CASE WHEN ?1 THEN r.obsname ELSE frame.obsname END,
          filter = coalesce(frame.filter, r.filter), object = coalesce(frame.object, r.object),
          program = coalesce(frame.program, r.program), observation = coalesce(frame.observation, r.observation),
          fields = ?2,
          reason = CASE WHEN frame.state = 'classified' THEN frame.reason ELSE NULL END, state = 'classified'
        FROM (SELECT * FROM frame WHERE id = ?3) AS r WHERE frame.id = ?4
        """, [isUnnamed, try Self.json(fields), raw.id, readout])
      if before["state"] as String != "classified" {
        try Self.announceReadout(db, readout, "exposure-received", nil, time)
      }
      return try db.row(CatalogReader.matchSelect + " WHERE f.id = ?", [readout]).map(CatalogReader.match)
    }
  }

  /// What a raw frame must not say of a readout.
  private static let ownFields: Set<String> = [
    "level", "kind", "exposure", "read", "ramp", "reset", "window", "joins", "incomplete", "aborted",
  ]

  /// Readouts whose raw frame did not come in time: held, with the reason, and reduced as they are.
  public func giveUpRawFrame(of readouts: [Int64], reason: String, at time: Double) throws(CatalogError) {
    try write { db in
      for readout in readouts {
        guard let row = try db.row("SELECT fields FROM frame WHERE id = ? AND state = 'received'", [readout])
        else { continue }
        var fields = try CatalogReader.fields(row)
        fields["joins"] = nil
        try db.run(
          "UPDATE frame SET state = 'held', reason = ?, fields = ?, associated = 0 WHERE id = ?",
          [ReadoutSentence.noRawFrame + reason, try Self.json(fields), readout])
        try Self.announceReadout(
          db, readout, "exposure-held", ReadoutSentence.noRawFrame + reason, time)
      }
    }
  }

  static func part(_ db: Database, association: Int64, frames: [Int64]) throws {
    for frame in frames {
      try db.run("DELETE FROM member WHERE association_id = ? AND frame_id = ?", [association, frame])
    }
    try spanTime(db, of: association)
  }

  static func holdReadout(_ db: Database, _ frame: Int64, _ reason: String, at time: Double) throws {
    try db.run("UPDATE frame SET state = 'held', reason = ? WHERE id = ?", [reason, frame])
    try announceReadout(db, frame, "exposure-held", reason, time)
  }

  /// The reason of a state stays; only a frame without one says that it is an alternative.
  static func setAlternative(_ db: Database, _ frame: Int64, of other: Int64?, _ reason: String) throws {
    let sentence = other == nil ? nil : "\(ReadoutSentence.alternative): \(reason)"
    try db.run(
      """
      UPDATE frame SET alternative_of = ?1, reason = CASE
          WHEN reason IS NULL OR (reason LIKE ?2 AND state IN ('classified', 'current')) THEN ?3 ELSE reason END
      WHERE id = ?4
      """, [other, ReadoutSentence.alternative + "%", sentence, frame])
  }

  private static func announceReadout(
    _ db: Database, _ frame: Int64, _ type: String, _ reason: String?, _ time: Double
  ) throws {
    guard
      let record = try FrameRecord.fetchOne(
        db, sql: FrameRecord.select + " WHERE f.id = ?", arguments: [frame])
    else { return }
    try appendEvent(
      db, type: type, subject: record.name,
      key: "\(record.sha256 ?? "")/\(record.name)/\(reason ?? "raw frame")",
      data: EventData(
        name: record.name, path: record.path, sha256: record.sha256, obsname: record.obsname,
        level: record.level, reason: reason), time: time)
  }

  private static func json(_ fields: [String: String]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(fields), as: UTF8.self)
  }
}

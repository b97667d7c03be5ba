import Foundation
import GRDB

extension CatalogWriter {
  /// Inserts content (once), frame, place, headers and keywords; returns the frame's id.
  static func insert(
    _ db: Database, _ file: NewFrame, origin: FrameRecord.Origin, degraded: String? = nil, recordedAt: Double
  ) throws -> Int64 {
    let content = try file.sha256.map {
      try Self.content(db, sha256: $0, bytes: file.place.bytes, headers: file.headers, recordedAt: recordedAt)
    }
    let frame = try frameRow(
      db, file, content: content, origin: origin, degraded: degraded, recordedAt: recordedAt)
    try place(db, file.place, frame: frame)
    let statement = try db.cachedStatement(
      sql: "INSERT OR IGNORE INTO keyword (keyword, value, frame_id) VALUES (?, ?, ?)")
    for (keyword, value) in file.description.keywords {
      try statement.execute(arguments: [keyword, value, frame])
    }
    return frame
  }

  private static func content(
    _ db: Database, sha256: String, bytes: Int64, headers: [NewFrame.Header], recordedAt: Double
  ) throws -> Int64 {
    let known = try db.cachedStatement(sql: "SELECT id FROM content WHERE sha256 = ?")
    if let id = try Int64.fetchOne(known, arguments: [sha256]) { return id }
    try db.cachedStatement(sql: "INSERT INTO content (sha256, bytes, recorded_at) VALUES (?, ?, ?)")
      .execute(arguments: [sha256, bytes, recordedAt])
    let id = db.lastInsertedRowID
    let statement = try db.cachedStatement(
      sql: "INSERT INTO header (content_id, hdu, extname, text_bytes, deflated) VALUES (?, ?, ?, ?, ?)")
    for (hdu, header) in headers.enumerated() {
      try statement.execute(arguments: [
        id, hdu, header.name, header.text.utf8.count, try Deflate.compressed(header.text),
      ])
    }
    return id
  }

  private static func frameRow(
    _ db: Database, _ file: NewFrame, content: Int64?, origin: FrameRecord.Origin, degraded: String?,
    recordedAt: Double
  ) throws -> Int64 {
    let d = file.description
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let fields = String(decoding: try encoder.encode(d.fields), as: UTF8.self)
    let usable =
      file.state == "classified" || (origin == .product && file.state == "current")
      || (file.state == "received" && d.kind == "readout")
    try db.cachedStatement(
      sql: """
        INSERT INTO frame (content_id, origin, name, state, reason, degraded, kind, level, obstype, obsname,
          detector, filter, object, program, observation, night, date_obs, date_end, exptime, ra, dec,
          exposure_key, fields, arrived_at, recorded_at, associated, seen_at, detector_exposure)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      content, origin.rawValue, file.name, file.state, file.reason, degraded, d.kind, d.level, d.obstype,
      d.obsname, d.detector, d.filter, d.object, d.program, d.observation, d.night, d.dateObs, d.dateEnd,
      d.exptime, d.ra, d.dec, d.exposureKey, fields, file.arrivedAt, recordedAt, usable ? 0 : 1,
      file.seenAt, d.detectorExposure,
    ])
    let frame = db.lastInsertedRowID
    if origin == .raw { try touchNight(db, d.night, at: recordedAt) }
    return frame
  }

  static func place(_ db: Database, _ place: NewFrame.Place, frame: Int64) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO place (path, frame_id, device, inode, bytes, modified_ns, changed_ns)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      place.path, frame, place.device, place.inode, place.bytes, place.modifiedNanoseconds,
      place.changedNanoseconds,
    ])
  }

  /// Records an event of the log only: something named like a file that is none, an overflow, a restart.
  public func note(_ sentence: String, subject: String, at time: Double) throws(CatalogError) {
    try write { db in
      try db.execute(
        sql: "INSERT INTO notice (at, subject, sentence) VALUES (?, ?, ?)",
        arguments: [time, subject, sentence])
    }
  }

  /// Keeps a small fact by name (the pinned context, the daemon's start …).
  public func setFact(_ name: String, _ value: String) throws(CatalogError) {
    try write { db in try Self.setFact(db, name, value) }
  }

  static func setFact(_ db: Database, _ name: String, _ value: String) throws {
    try db.execute(
      sql:
        "INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      arguments: [name, value])
  }
}

extension CatalogWriter {
  /// Like ``note(_:subject:at:)``, once per sentence and subject.
  public func noteOnce(_ sentence: String, subject: String, at time: Double) throws(CatalogError) {
    // Mostly it is there already: reading takes no lock that somebody else may hold.
    if try read({ db in try Self.isNoted(db, sentence, subject) }) { return }
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO notice (at, subject, sentence) SELECT ?, ?, ?
          WHERE NOT EXISTS (SELECT 1 FROM notice WHERE subject = ? AND sentence = ?)
          """, arguments: [time, subject, sentence, subject, sentence])
    }
  }

  package static let noted = "SELECT EXISTS (SELECT 1 FROM notice WHERE subject = ? AND sentence = ?)"

  private static func isNoted(_ db: Database, _ sentence: String, _ subject: String) throws -> Bool {
    try Bool.fetchOne(db, sql: noted, arguments: [subject, sentence]) ?? false
  }
}

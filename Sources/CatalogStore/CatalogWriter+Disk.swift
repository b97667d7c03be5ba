import Foundation
import GRDB

/// A disk with less free space than the reserve.
public struct DiskShortage: Sendable, Codable, Equatable {
  /// The folder by which the disk is known.
  public var path: String
  public var freeBytes: UInt64
  public var reserveBytes: UInt64
  /// What was kept for the catalog and given up because its disk was full; nil while it is kept.
  public var ballastBytes: UInt64?
  /// Why it cannot be kept when that is no matter of space; nil when it is.
  public var ballastFault: String?

  public init(
    path: String, freeBytes: UInt64, reserveBytes: UInt64, ballastBytes: UInt64? = nil,
    ballastFault: String? = nil
  ) {
    self.ballastFault = ballastFault
    self.path = path
    self.freeBytes = freeBytes
    self.reserveBytes = reserveBytes
    self.ballastBytes = ballastBytes
  }

  /// The free space itself goes up and down; only another crossing is news.
  fileprivate var crossing: String { "\(path)\(ballastBytes == nil ? "" : " full")\(ballastFault ?? "")" }

  /// What `status` says of it.
  public var concern: StatusConcern {
    StatusConcern(
      name: path, state: ballastBytes == nil ? "low" : ballastFault == nil ? "full" : "unusable",
      reason: reason,
      next: ballastFault == nil ? "irisarchive prune --dry-run" : "irisarchive doctor")
  }

  private var reason: String {
    if let ballastBytes, let ballastFault {
      return
        "the \(Self.size(ballastBytes)) for times of need cannot be kept in catalog/ballast (\(ballastFault)): make "
        + "catalog/ writable for the archive's user; no job starts until then"
    }
    if let ballastBytes {
      return
        "the disk of the catalog was full: the \(Self.size(ballastBytes)) kept in catalog/ballast were given up to "
        + "record what happens; free space: no job starts until they can be kept again"
    }
    return
      "\(Self.size(freeBytes)) free, \(Self.size(reserveBytes)) in reserve: files are taken in, but no job "
      + "starts until there is more"
  }

  /// In units of 1000.
  private static func size(_ bytes: UInt64) -> String {
    guard bytes >= 1_000_000_000 else { return "\(bytes / 1_000_000) MB" }
    return "\((Double(bytes) / 1e8).rounded() / 10) GB"
  }
}

/// What became different since the disks were told of last.
public struct DiskChange: Sendable, Equatable {
  /// Those that are low now and were not.
  public var began: [DiskShortage]
  /// Paths of those that were low and are not any more.
  public var ended: [String]
}

extension CatalogReader {
  /// Disks that are low, as the daemon last told.
  public func diskShortages() throws(CatalogError) -> [DiskShortage] {
    try read { db in try Self.diskShortages(db) }
  }

  static func diskShortages(_ db: Database) throws -> [DiskShortage] {
    let text = try String.fetchOne(db, sql: "SELECT value FROM fact WHERE name = 'disk-low'")
    guard let text else { return [] }
    return try JSONDecoder().decode([DiskShortage].self, from: Data(text.utf8))
  }
}

extension CatalogWriter {
  /// Keeps which disks are low and tells each crossing once, in one transaction: an event `disk-low` and a notice when a
  /// disk begins to be low, a notice when it is not any more. Nothing is written when all is as it was.
  @discardableResult
  public func tellDisks(low: [DiskShortage], at time: Double) throws(CatalogError) -> DiskChange {
    let before = try reader.diskShortages()
    if Set(before.map(\.crossing)) == Set(low.map(\.crossing)) { return DiskChange(began: [], ended: []) }
    return try write { db in
      let before = try CatalogReader.diskShortages(db)
      let crossed = Set(before.map(\.crossing))
      let known = before.map(\.path)
      let began = low.filter { !crossed.contains($0.crossing) }
      let ended = known.filter { path in !low.contains { $0.path == path } }
      for shortage in began {
        let reason = shortage.concern.reason
        try Self.appendEvent(
          db, type: "disk-low", subject: shortage.path, key: "\(shortage.crossing):\(CatalogTime.text(time))",
          data: EventData(path: shortage.path, reason: reason), time: time)
        try Self.notice(db, reason, subject: shortage.path, at: time)
      }
      for path in ended { try Self.notice(db, "enough space again: jobs go on", subject: path, at: time) }
      if low.isEmpty {
        try db.run("DELETE FROM fact WHERE name = 'disk-low'")
      } else {
        try Self.setFact(db, "disk-low", String(decoding: try JSONEncoder().encode(low), as: UTF8.self))
      }
      return DiskChange(began: began, ended: ended)
    }
  }

  static func notice(_ db: Database, _ sentence: String, subject: String, at time: Double) throws {
    try db.run("INSERT INTO notice (at, subject, sentence) VALUES (?, ?, ?)", [time, subject, sentence])
  }
}

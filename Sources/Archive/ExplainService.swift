import Associations
import CatalogStore
import Foundation
import Settings

/// `irisarchive associate --explain NAME`: which rules a frame meets, and what kept every candidate out.
public struct ExplainService: Sendable {
  private let parts: ArchiveParts

  public init(root: String, settings: ArchiveSettings) throws(ArchiveError) {
    parts = try ArchiveParts(root: root, settings: settings, locked: false)
  }

  /// - Parameter name: a frame's file name (with or without ending) or an association's name.
  /// - Throws: ``ArchiveError`` `no-match` when nothing has that name.
  public func explain(name: String) throws(ArchiveError) -> [Explanation.Row] {
    do {
      guard let frame = try frame(name) else {
        throw ArchiveError(
          code: "no-match", message: "nothing in the catalog has this name", subject: name,
          hint: "irisarchive query --names")
      }
      let exposure = Exposure(frame)
      let candidates = try parts.writer.reader.candidates(
        obsnames: ["*"], start: exposure.start, end: exposure.end, within: 180 * 86_400, limit: 5000)
      let rows = Explanation(
        of: exposure, candidates: candidates.map(Exposure.init), associator: parts.associator
      ).rows
      guard let (criterion, detail) = try hindrance(frame.id) else { return rows }
      return rows.filter { $0.candidate == exposure.name }.map { row in
        guard row.accepted else { return row }
        var row = row
        row.accepted = false
        row.criterion = criterion
        row.detail = detail
        return row
      }
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  /// What keeps a frame out of every association, whatever the rules say of its header.
  private func hindrance(_ frame: Int64) throws -> (criterion: String, detail: String)? {
    guard let record = try parts.writer.reader.frame(id: frame) else { return nil }
    let isUsable =
      ["classified", "current", "stale"].contains(record.state)
      || (record.state == "received" && record.kind == "readout")
    if let other = try parts.writer.reader.servesInsteadOf(frame: frame) {
      return ("exposure", "an alternative version of \(other), which serves")
    }
    if !isUsable {
      return ("state", "it is \(record.state)" + (record.reason.map { ": \($0)" } ?? ""))
    }
    return record.quality == "BAD" ? ("quality", record.reason ?? "it is flagged BAD") : nil
  }

  private func frame(_ name: String) throws -> MatchRecord? {
    let reader = parts.writer.reader
    if let id = try reader.frameID(named: name) { return try reader.matchRecord(frame: id) }
    guard let association = try reader.association(named: name) else { return nil }
    return try reader.members(ofAssociation: association.id).first?.frame
  }
}

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
      return Explanation(
        of: exposure, candidates: candidates.map(Exposure.init), associator: parts.associator
      ).rows
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private func frame(_ name: String) throws -> MatchRecord? {
    let reader = parts.writer.reader
    if let id = try reader.frameID(named: name) { return try reader.matchRecord(frame: id) }
    guard let association = try reader.association(named: name) else { return nil }
    return try reader.members(ofAssociation: association.id).first?.frame
  }
}

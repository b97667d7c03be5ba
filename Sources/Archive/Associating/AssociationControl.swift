import Associations
import CatalogStore
import Foundation
import Logging
import Metadata
import Settings

/// What people do to associations and nights: `irisarchive associate --close|--hold|--release`, `night close`.
///
/// It writes to the catalog, where the daemon sees it; each change is one transaction with its event.
public struct AssociationControl: Sendable {
  /// What a person asks of an association.
  public enum Verb: String, Sendable, CaseIterable {
    case close, hold, release
  }

  /// What became of one association.
  public struct Change: Sendable, Equatable {
    public var association: String
    public var rule: String
    public var state: String
    public var reason: String
  }

  private let parts: ArchiveParts
  private let service: AssociatorService
  private let user: String

  public init(root: String, settings: ArchiveSettings, user: String, logger: Logger) throws(ArchiveError) {
    parts = try ArchiveParts(root: root, settings: settings, locked: false)
    service = AssociatorService(
      associator: parts.associator, writer: parts.writer, waits: parts.waits, logger: logger)
    self.user = user
  }

  /// Changes the association of that name, or those of the frame of that name that the verb can change.
  ///
  /// - Throws: ``ArchiveError`` `no-match`, `association-state`.
  public func change(_ name: String, _ verb: Verb) throws(ArchiveError) -> [Change] {
    do {
      let named = try associations(name)
      let fitting = named.filter { Self.allowed(verb).contains($0.state) }
      guard !fitting.isEmpty else {
        let states = named.map { "\($0.name) is \($0.state)" }.joined(separator: ", ")
        throw ArchiveError(
          code: "association-state", message: "there is nothing to \(verb.rawValue): \(states)",
          subject: name,
          hint: "irisarchive associate --explain \(name)")
      }
      return try fitting.compactMap { try change($0, verb) }
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private static func allowed(_ verb: Verb) -> Set<String> {
    switch verb {
    case .close: ["open", "held"]
    case .hold: ["open", "closed"]
    case .release: ["held"]
    }
  }

  private func associations(_ name: String) throws -> [AssociationRecord] {
    let reader = parts.writer.reader
    if let association = try reader.association(named: name) { return [association] }
    let found = try reader.frameID(named: name).map { id throws(CatalogError) in
      try reader.associations(ofFrame: id)
    }
    guard let found, !found.isEmpty else {
      throw ArchiveError(
        code: "no-match", message: "no association has this name or a frame of this name", subject: name,
        hint: "irisarchive status names those that wait")
    }
    return found
  }

  private func change(_ association: AssociationRecord, _ verb: Verb) throws -> Change? {
    guard let rule = parts.associator.rule(named: association.rule) else {
      throw ArchiveError(
        code: "rule-missing", message: "there is no association rule '\(association.rule)' any more",
        subject: association.name, hint: "ls config/associations")
    }
    switch verb {
    case .close: try service.close(association, rule, releasing: true)
    case .hold: try parts.writer.hold(association: association.id, by: user, at: service.now)
    case .release: try service.release(association, rule)
    }
    guard let after = try parts.writer.reader.association(id: association.id) else { return nil }
    return Change(
      association: after.name, rule: after.rule, state: after.state,
      reason: after.reason ?? after.degraded ?? "")
  }

  /// Closes what waits of a night, and the night.
  ///
  /// - Parameter name: `yyyy-mm-dd`; nil is the oldest night that is still open.
  /// - Returns: the night, the associations closed, and whether it had been open.
  /// - Throws: ``ArchiveError`` `usage`, `no-match`.
  public func closeNight(_ name: String?) throws(ArchiveError) -> (
    night: String, closed: [String], isNew: Bool
  ) {
    do {
      let night = try name ?? oldestOpen()
      guard parts.describer.night.interval(of: night) != nil else {
        throw ArchiveError(
          code: "usage", message: "a night is named by the date of its midnight, yyyy-mm-dd", subject: night,
          hint: "irisarchive night close 2026-07-14")
      }
      guard try parts.writer.reader.night(night) != nil else {
        throw ArchiveError(
          code: "no-match", message: "no frame of this night is in the catalog", subject: night,
          hint: "irisarchive query --columns night")
      }
      let (closed, isNew) = try service.closeNight(night, reason: "closed by \(user)")
      return (night, closed, isNew)
    } catch {
      throw ArchiveParts.translated(error)
    }
  }

  private func oldestOpen() throws -> String {
    let nights = parts.describer.night
    let current = nights.night(of: Date())
    guard let night = try parts.writer.reader.openNights().first(where: { $0.name <= current }) else {
      throw ArchiveError(
        code: "no-match", message: "every night with frames is closed", subject: "night close",
        hint: "irisarchive query --columns night")
    }
    return night.name
  }
}

extension AssociatorService {
  /// A held association waits again as if its last frame had come now.
  func release(_ association: AssociationRecord, _ rule: AssociationRule) throws(CatalogError) {
    let members = try writer.reader.members(ofAssociation: association.id)
    var update: AssociationUpdate
    if let matcher = SequenceMatcher(rule: rule) {
      update = try self.update(matcher, try goodMembers(association))
    } else if let matcher = CombinationMatcher(rule: rule) {
      update = combined(matcher, try goodMembers(association))
    } else if case .anchors(_, let backgrounds) = rule.shape,
      let science = members.first(where: { $0.exptype == "science" })
    {
      let exposure = Exposure(science.frame)
      let choice = try choose(exposure, backgrounds)
      update = self.update(choice, exposure)
      update.releases = true
      try writer.apply(
        .init(actions: [
          .rechoose(
            association: association.id, members: Self.members(choice, backgrounds, exposure), update: update)
        ]), frame: nil, at: now)
      return
    } else {
      update = AssociationUpdate(state: "closed")
    }
    update.releases = true
    try writer.apply(
      .init(actions: [.update(association: association.id, update: update)]), frame: nil, at: now)
  }
}

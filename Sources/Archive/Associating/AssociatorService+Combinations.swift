import Associations
import CatalogStore
import JobContract

/// Mosaics: level 2 products whose fields touch, gathered as they are made.
///
/// A product joins at once, also a provisional one: the final one takes its place, and no job begins while something that
/// is on its way would be a member (`JobPlanner`). The set closes when every detector that delivered has its whole
/// pattern, when the night is closed, or after the wait for the next position.
extension AssociatorService {
  func combine(
    _ exposure: Exposure, _ rule: AssociationRule, _ matcher: CombinationMatcher, _ member: NewMember
  ) throws(CatalogError) -> [Action] {
    let bucket = rule.bucket(of: exposure)
    let past = try writer.reader.pastAssociations(
      rule: rule.name, bucket: bucket, endingIn: Self.reach(of: exposure, rule), limit: Self.mostPast)
    var known: [Int64: AssociationRecord] = [:]
    var sets: [SequenceMatcher.FrameSet] = []
    for association in try writer.reader.openAssociations(rule: rule.name, bucket: bucket) + past {
      known[association.id] = association
      sets.append(.init(id: association.id, members: try goodMembers(association)))
    }
    guard case .join(let id, let touched) = matcher.decide(exposure, among: sets), let association = known[id]
    else {
      return [
        .open(
          name: Self.name(rule, exposure), rule: rule.name, pipeline: rule.pipeline, bucket: bucket,
          members: [member], update: combined(matcher, [exposure]))
      ]
    }
    let members = sets.first { $0.id == id }?.members ?? []
    // What a person holds is not taken apart.
    let others = sets.filter { touched.contains($0.id) && known[$0.id]?.state != "held" }
    // All their frames, also those that do not count now: a verdict may be taken back.
    var moved: [NewMember] = []
    var dissolved: [Action] = []
    for other in others {
      let frames = try writer.reader.members(ofAssociation: other.id).map(\.frame.id)
      moved += frames.map { NewMember(frame: $0, exptype: member.exptype) }
      dissolved += Self.dissolve(other.id, frames, into: association)
    }
    return try lateOrNot(
      exposure, rule, matcher, [member] + moved, association, members + others.flatMap(\.members))
      + dissolved
  }

  /// When the exposures of a set ended that a frame may belong to: of one night, where the rule wants that; else at any
  /// time.
  private static func reach(of exposure: Exposure, _ rule: AssociationRule) -> ClosedRange<Double> {
    guard case .combines(_, let match) = rule.shape, match.equal.contains("night") else {
      return -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    }
    return (exposure.start - day)...(exposure.end + 2 * day)
  }

  private static let day = 86_400.0

  /// Fields of one programme, observation and configuration: more than this are not looked at again.
  private static let mostPast = 2000

  /// A set whose frames a bridging one has joined to another: what waits to be made of it is not made, what was made or
  /// is being made is stale.
  private static func dissolve(
    _ association: Int64, _ frames: [Int64], into target: AssociationRecord
  ) -> [Action] {
    let reason = "its field is part of \(target.name)"
    return [
      .spoil(association: association, cause: "member:\(target.id)", reason: reason),
      .part(association: association, frames: frames),
      .update(association: association, update: .init(state: "refused", reason: reason, settled: true)),
    ]
  }

  /// A product for a set that is open, or that was closed, refused or held before it came.
  ///
  /// Of a declared pattern, or where nothing was made yet, or where the rule says `rerun: true`, the set waits again and
  /// its mosaic is made again by itself. Otherwise that is marked stale and told.
  func lateOrNot(
    _ exposure: Exposure, _ rule: AssociationRule, _ matcher: CombinationMatcher, _ new: [NewMember],
    _ association: AssociationRecord, _ before: [Exposure]
  ) throws(CatalogError) -> [Action] {
    let all = before.filter { $0.id != exposure.id } + [exposure]
    var change = combined(matcher, all)
    if association.state == "held" {
      change = AssociationUpdate(
        state: "held", reason: association.reason, degraded: association.degraded,
        declared: change.declared, settled: true)
      return [.join(association: association.id, members: new, update: change)]
    }
    let isExpected = association.state == "open" || matcher.isDeclared(exposure) || rule.reruns
    let hasProduct = try writer.reader.hasProduct(association: association.id)
    if isExpected || !hasProduct {
      return [.join(association: association.id, members: new, update: change)]
    }
    if before.contains(where: { $0.id == exposure.id }) { return [.rechecked(association: association.id)] }
    change = closedCombination(matcher, all)
    change.settled = true
    return [
      .join(association: association.id, members: new, update: change),
      .spoil(
        association: association.id, cause: "member:\(exposure.id)",
        reason: "\(exposure.name) came later and belongs to its field"),
    ]
  }

  /// Open, or closed when the declared patterns are complete.
  func combined(_ matcher: CombinationMatcher, _ members: [Exposure]) -> AssociationUpdate {
    let patterns = matcher.patterns(members)
    // Also one that is complete and yet too small: nothing more is on its way.
    if patterns.isComplete { return closedCombination(matcher, members) }
    return AssociationUpdate(
      state: "open", reason: "waiting for the dither pattern: \(patterns.sentence)",
      declared: patterns.declared, dueAt: now + waits.dither, settled: true)
  }

  func closedCombination(_ matcher: CombinationMatcher, _ members: [Exposure]) -> AssociationUpdate {
    let declared = matcher.patterns(members).declared
    switch matcher.verdict(members) {
    case .complete: return AssociationUpdate(state: "closed", declared: declared)
    case .degraded(let why): return AssociationUpdate(state: "closed", degraded: why, declared: declared)
    case .refused(let why):
      return AssociationUpdate(state: "refused", reason: why, declared: declared, settled: true)
    }
  }

  /// A verdict concerns a mosaic: an open set, and one that was refused for want of frames, counts anew; one that was
  /// made without a frame that may be used again is marked stale, or made again when its rule says so.
  func reconsider(
    _ association: AssociationRecord, _ rule: AssociationRule, _ matcher: CombinationMatcher
  ) throws(CatalogError) -> [Action] {
    let members = try goodMembers(association)
    if members.isEmpty { return [] }
    switch association.state {
    case "open", "refused":
      return [.update(association: association.id, update: combined(matcher, members))]
    case "closed":
      let role = matcher.rule.selector.exptype.rawValue
      guard let used = try writer.reader.usedFrames(association: association.id, role: role) else {
        return [.update(association: association.id, update: closedCombination(matcher, members))]
      }
      if rule.reruns, used != Set(members.map(\.id)) {
        return [.update(association: association.id, update: closedCombination(matcher, members))]
      }
      let back = members.filter { !used.contains($0.id) }
      if back.isEmpty { return [.restore(association: association.id, cause: "members")] }
      let names = back.map(\.name).joined(separator: ", ")
      return [
        .spoil(association: association.id, cause: "members", reason: "it would be made with \(names) now")
      ]
    default: return []
    }
  }
}

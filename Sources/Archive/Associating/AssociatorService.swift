import Associations
import CatalogStore
import Foundation
import JobContract
import Logging

/// Takes frames that no rule has looked at yet and applies the rules, frame by frame, each in one transaction with
/// its mark: a crash between two frames loses and doubles nothing.
///
/// A frame touches only associations of its own bucket and time, open or not: one that came too late for a set that
/// was closed opens it again (MATCHING.md §1).
package struct AssociatorService: Sendable {
  typealias Action = CatalogWriter.AssociationStep.Action

  let associator: Associator
  let writer: CatalogWriter
  let waits: Waits
  let logger: Logger

  package init(associator: Associator, writer: CatalogWriter, waits: Waits, logger: Logger) {
    self.associator = associator
    self.writer = writer
    self.waits = waits
    self.logger = logger
  }

  /// Associates what is new, oldest exposure first. Returns how many frames were looked at.
  package func associateNew(limit: Int = 256) throws(CatalogError) -> Int {
    let frames = try writer.reader.unassociated(limit: limit)
    var untouched: [Int64] = []
    for frame in frames {
      let actions = try actions(for: frame)
      if actions.isEmpty {
        untouched.append(frame.id)
      } else {
        try writer.apply(.init(actions: actions), frame: frame.id, at: now)
      }
    }
    try writer.markAssociated(untouched, at: now)
    return frames.count
  }

  private func actions(for frame: MatchRecord) throws(CatalogError) -> [Action] {
    let (woken, known) = (try wake(by: frame), try described(frame))
    guard let exposure = known.map(Exposure.init), exposure["joins"] != "no" else { return woken }
    var (actions, done) = try takeOver(exposure)
    let standing = try standing(of: frame, exposure)
    actions += woken + standing.actions
    done.formUnion(standing.replaced)
    guard standing.serves else { return actions }
    for rule in associator.rulesOpened(by: exposure) where !done.contains(rule.name) {
      if rule.serves != nil && exposure["aborted"] != nil { continue }
      if frame.detectorExposure == nil, try isAlternative(exposure, rule) { continue }
      actions += try open(exposure, rule)
    }
    for rule in associator.rulesServed(by: exposure) where !done.contains(rule.name) {
      actions += try serve(exposure, rule)
    }
    return actions
  }

  private func open(_ exposure: Exposure, _ rule: AssociationRule) throws(CatalogError) -> [Action] {
    if rule.gathersReadouts { return try gatherReadouts(exposure, rule) }
    let own = try writer.reader.associations(ofFrame: exposure.id).filter { $0.rule == rule.name }
    switch rule.shape {
    case .combines(let selector, _):
      guard let matcher = CombinationMatcher(rule: rule) else { return [] }
      let member = NewMember(frame: exposure.id, exptype: selector.exptype.rawValue)
      if let association = own.first {
        return try lateOrNot(
          exposure, rule, matcher, [member], association, try goodMembers(association))
      }
      return try combine(exposure, rule, matcher, member)
    case .gathers(let selector, _):
      guard let matcher = SequenceMatcher(rule: rule) else { return [] }
      let member = NewMember(frame: exposure.id, exptype: selector.exptype.rawValue)
      if let association = own.first {
        return try late(exposure, rule, matcher, member, association, try goodMembers(association))
      }
      return try gather(exposure, rule, matcher, member)
    case .anchors(let selector, let backgrounds):
      if let association = own.first(where: { $0.state == "refused" }) {
        let choice = try choose(exposure, backgrounds)
        return [
          .rechoose(
            association: association.id, members: Self.members(choice, backgrounds, exposure),
            update: update(choice, exposure))
        ]
      }
      return own.isEmpty ? [try anchor(exposure, rule, selector.exptype, backgrounds)] : []
    }
  }

  var now: Double { Date().timeIntervalSince1970 }

  /// One level 1 per exposure, also of frames that say no `DET_ID` and `EXP_NO` in any form: a second one joins nothing.
  private func isAlternative(_ exposure: Exposure, _ rule: AssociationRule) throws(CatalogError) -> Bool {
    guard exposure["level"] == "1", let key = exposure["exposure"] else { return false }
    return try writer.reader.exposureIsUsed(key, rule: rule.name, except: exposure.id)
  }

  /// A product that was made again takes the place of its older version wherever that is a member; what was made of
  /// it is made again. Returns also the rules that need no further look.
  private func takeOver(_ exposure: Exposure) throws(CatalogError) -> ([Action], Set<String>) {
    var actions: [Action] = []
    var rules: Set<String> = []
    for older in try writer.reader.olderVersions(of: exposure.id) {
      for association in try writer.reader.associations(ofFrame: older) {
        actions.append(.replace(association: association.id, old: older, new: exposure.id))
        rules.insert(association.rule)
      }
    }
    return (actions, rules)
  }

  /// Members that count; a raw frame that only describes them does not, nor for a mosaic one that was made of what is
  /// BAD.
  package func goodMembers(_ association: AssociationRecord) throws(CatalogError) -> [Exposure] {
    let isCombination = associator.rule(named: association.rule)?.isCombination ?? false
    let spoilt = isCombination ? try writer.reader.spoiltMembers(ofAssociation: association.id) : []
    return try writer.reader.members(ofAssociation: association.id).filter {
      $0.frame.quality != "BAD" && $0.exptype != MemberType.rawframe.rawValue
        && !spoilt.contains($0.frame.id)
    }.map { Exposure($0.frame) }
  }

  // MARK: sequences

  private func gather(
    _ exposure: Exposure, _ rule: AssociationRule, _ matcher: SequenceMatcher, _ member: NewMember
  ) throws(CatalogError) -> [Action] {
    let bucket = rule.bucket(of: exposure)
    let gap = waits.exposureGapSeconds(exposure.number("exptime") ?? 0)
    var known: [Int64: AssociationRecord] = [:]
    var sets: [SequenceMatcher.FrameSet] = []
    let open = try writer.reader.openAssociations(rule: rule.name, bucket: bucket)
    // Where every frame is a set of its own, none can be late for another.
    let past =
      rule.position == nil
      ? []
      : try writer.reader.pastAssociations(
        rule: rule.name, bucket: bucket, endingIn: reach(exposure, gap, matcher))
    for association in open + past {
      known[association.id] = association
      sets.append(
        .init(id: association.id, members: try goodMembers(association), isOpen: association.state == "open"))
    }
    func members(_ id: Int64) -> [Exposure] { sets.first { $0.id == id }?.members ?? [] }
    switch matcher.decide(exposure, among: sets, quietSeconds: gap) {
    case .join(let id):
      let all = members(id) + [exposure]
      return [.join(association: id, members: [member], update: try update(matcher, all))]
    case .reopen(let id):
      guard let association = known[id] else { return [] }
      return try late(exposure, rule, matcher, member, association, members(id))
    case .open(let closing):
      let closed = try closing.map { id throws(CatalogError) in
        Action.update(association: id, update: try self.closed(matcher, members(id)))
      }
      return closed + [
        .open(
          name: Self.name(rule, exposure), rule: rule.name, pipeline: rule.pipeline, bucket: bucket,
          members: [member], update: try update(matcher, [exposure]))
      ]
    }
  }

  /// When a closed set may have ended that this exposure belongs to: at most a day away, however many frames are
  /// declared.
  private func reach(_ exposure: Exposure, _ gap: Double, _ matcher: SequenceMatcher) -> ClosedRange<Double> {
    let steps = Double(max(1, matcher.declared([exposure]) ?? 1))
    let seconds = min(gap * steps, 86_400)
    return (exposure.start - seconds)...(exposure.end + seconds + 86_400)
  }

  /// A frame for a set that was closed, refused or held before it came.
  ///
  /// Of a declared sequence, or where nothing was made yet, or where the rule says `rerun: true`, the set waits again
  /// and is reduced again by itself. Otherwise its product is marked stale and told.
  private func late(
    _ exposure: Exposure, _ rule: AssociationRule, _ matcher: SequenceMatcher, _ member: NewMember,
    _ association: AssociationRecord, _ before: [Exposure]
  ) throws(CatalogError) -> [Action] {
    let all = before.filter { $0.id != exposure.id } + [exposure]
    if association.state == "held" {
      let held = AssociationUpdate(
        state: "held", reason: association.reason, degraded: association.degraded,
        declared: matcher.declared(all), settled: true)
      return [.join(association: association.id, members: [member], update: held)]
    }
    let hasProduct = try writer.reader.hasProduct(association: association.id)
    if matcher.isDeclared(exposure) || !hasProduct || rule.reruns {
      logger.info(
        "a late frame opens its set again",
        metadata: ["frame": "\(exposure.name)", "association": "\(association.name)"])
      return [.join(association: association.id, members: [member], update: try update(matcher, all))]
    }
    // As it was made: nothing was missing when it is only seen again.
    if before.contains(where: { $0.id == exposure.id }) { return [.rechecked(association: association.id)] }
    var change = try closed(matcher, all)
    change.settled = true
    return [
      .join(association: association.id, members: [member], update: change),
      .spoil(
        association: association.id, cause: "member:\(exposure.id)",
        reason: "\(exposure.name) came later and belongs to its set"),
    ]
  }

  /// Open, or closed when the declared count is complete.
  func update(_ matcher: SequenceMatcher, _ members: [Exposure]) throws(CatalogError) -> AssociationUpdate {
    if matcher.rule.gathersReadouts { return try readoutUpdate(members, matcher.rule) }
    if matcher.isComplete(members) { return try closed(matcher, members) }
    let declared = matcher.declared(members)
    let exposureSeconds = members.compactMap { $0.number("exptime") }.max() ?? 0
    return AssociationUpdate(
      state: "open",
      reason: "waiting for frames: \(members.count) of \(declared.map(String.init) ?? "?") are here",
      declared: declared, dueAt: now + waits.sequence(matcher.rule, exposureSeconds), settled: true)
  }

  func closed(_ matcher: SequenceMatcher, _ members: [Exposure]) throws(CatalogError) -> AssociationUpdate {
    if matcher.rule.gathersReadouts { return try closedReadouts(members, matcher.rule) }
    let declared = matcher.declared(members)
    switch matcher.verdict(members) {
    case .complete: return AssociationUpdate(state: "closed", declared: declared)
    case .degraded(let why): return AssociationUpdate(state: "closed", degraded: why, declared: declared)
    case .refused(let why):
      return AssociationUpdate(state: "refused", reason: why, declared: declared, settled: true)
    }
  }

  // MARK: closing

  /// Closes what has waited long enough; with `everything`, closes the open associations of the earliest rule
  /// whatever their time. Returns how many were closed.
  package func closeDue(everything: Bool) throws(CatalogError) -> Int {
    var closed = try giveUpRawFrames(everything: everything)
    if everything && closed > 0 { return closed }
    for rule in associator.rules {
      for association in try writer.reader.openAssociations(rule: rule.name, bucket: nil)
      where everything || (association.dueAt ?? .infinity) <= now {
        try close(association, rule)
        closed += 1
      }
      if everything && closed > 0 { return closed }
    }
    return closed
  }

  /// Closes an association with what is there.
  @discardableResult
  func close(
    _ association: AssociationRecord, _ rule: AssociationRule, releasing: Bool = false
  ) throws(CatalogError) -> AssociationUpdate {
    var update = AssociationUpdate(state: "closed", degraded: association.degraded)
    if let matcher = SequenceMatcher(rule: rule) {
      update = try closed(matcher, try goodMembers(association))
    } else if let matcher = CombinationMatcher(rule: rule) {
      update = closedCombination(matcher, try goodMembers(association))
    }
    update.releases = releasing
    logger.info(
      "closed",
      metadata: [
        "association": "\(association.name)", "degraded": "\(update.degraded ?? update.reason ?? "")",
      ])
    try writer.apply(
      .init(actions: [.update(association: association.id, update: update)]), frame: nil,
      ifStill: releasing ? association : nil, at: now)
    return update
  }

  /// Rule and the first exposure's name: the same on every machine that sees the same frames.
  static func name(_ rule: AssociationRule, _ exposure: Exposure) -> String {
    "\(rule.name)_\(FileStem.of(exposure.name))"
  }
}

extension Exposure {
  init(_ record: MatchRecord) {
    self.init(
      id: record.id, name: record.name, fields: record.fields, start: record.dateObs, end: record.dateEnd,
      arrivedAt: record.arrivedAt)
  }
}

/// A file name without its FITS endings.
enum FileStem {
  static func of(_ name: String) -> String {
    var stem = Substring(name)
    for ending in [".gz", ".fz", ".fits", ".fit", ".fts"] where stem.lowercased().hasSuffix(ending) {
      stem = stem.dropLast(ending.count)
    }
    return String(stem)
  }
}

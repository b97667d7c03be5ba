import Associations
import CatalogStore
import JobContract

/// Science with its sky: chosen when the science comes, and again when a sky comes or goes.
extension AssociatorService {
  func anchor(
    _ exposure: Exposure, _ rule: AssociationRule, _ exptype: MemberType,
    _ backgrounds: AssociationRule.Backgrounds?
  ) throws(CatalogError) -> Action {
    let choice = try choose(exposure, backgrounds)
    let science = NewMember(frame: exposure.id, exptype: exptype.rawValue)
    return .open(
      name: Self.name(rule, exposure), rule: rule.name, pipeline: rule.pipeline,
      bucket: rule.bucket(of: exposure),
      members: [science] + Self.members(choice, backgrounds, exposure), update: update(choice, exposure))
  }

  func choose(
    _ science: Exposure, _ backgrounds: AssociationRule.Backgrounds?
  ) throws(CatalogError) -> BackgroundMatcher.Choice? {
    guard let backgrounds else { return nil }
    let candidates = try writer.reader.candidates(
      obsnames: backgrounds.selector.patterns["obsname"] ?? ["*"], start: science.start, end: science.end,
      within: backgrounds.windows.last ?? 0)
    let exposures = Self.onePerExposure(candidates.map(Exposure.init)).filter { $0["aborted"] == nil }
    return BackgroundMatcher(backgrounds: backgrounds).choose(for: science, among: exposures)
  }

  /// Of two level 1 versions of one exposure the first recorded.
  private static func onePerExposure(_ exposures: [Exposure]) -> [Exposure] {
    var seen: Set<String> = []
    return exposures.sorted { $0.id < $1.id }.filter { exposure in
      exposure["exposure"].map { seen.insert($0).inserted } ?? true
    }
  }

  static func members(
    _ choice: BackgroundMatcher.Choice?, _ backgrounds: AssociationRule.Backgrounds?, _ science: Exposure
  ) -> [NewMember] {
    guard let choice, let backgrounds else { return [] }
    return choice.members.map { sky in
      NewMember(
        frame: sky.id, exptype: backgrounds.selector.exptype.rawValue, level: choice.level,
        distance: sky.gap(to: science))
    }
  }

  func update(_ choice: BackgroundMatcher.Choice?, _ science: Exposure) -> AssociationUpdate {
    guard let choice else { return AssociationUpdate(state: "closed") }
    if choice.isComplete {
      let late = choice.level > 0 ? "sky \(choice.distance.wholeText) s away" : nil
      return AssociationUpdate(state: "closed", degraded: late)
    }
    let why = choice.reason ?? "waiting for sky"
    return AssociationUpdate(
      state: "open", reason: why, degraded: choice.members.isEmpty ? "no sky subtracted: \(why)" : why,
      dueAt: now + waits.sky)
  }

  /// A sky has come: science of its configuration within reach looks again, also such as is reduced already.
  func serve(_ sky: Exposure, _ rule: AssociationRule) throws(CatalogError) -> [Action] {
    guard case .anchors(_, let backgrounds?) = rule.shape else { return [] }
    let bucket = backgrounds.match.bucket(of: sky)
    let reach = backgrounds.windows.last ?? 0
    let past = try writer.reader.pastAssociations(
      rule: rule.name, bucket: bucket, endingIn: (sky.start - reach)...(sky.end + 2 * reach + 86_400),
      beginningUntil: sky.end + reach, limit: 2000)
    var actions: [Action] = []
    for association in try writer.reader.openAssociations(rule: rule.name, bucket: bucket) + past
    where association.state == "open" || association.state == "closed" {
      actions += try reconsider(association, rule, backgrounds)
    }
    return actions
  }

  /// Associations that an operator's verdict concerns look at their members again.
  package func recheck() throws(CatalogError) {
    for association in try writer.reader.associationsToRecheck() {
      var actions: [Action] = []
      if let rule = associator.rule(named: association.rule) {
        switch rule.shape {
        case .anchors(_, let backgrounds?) where ["open", "closed"].contains(association.state):
          actions += try reconsider(association, rule, backgrounds)
        case .gathers: actions += try reconsider(association, rule)
        case .combines:
          if let matcher = CombinationMatcher(rule: rule) {
            actions += try reconsider(association, rule, matcher)
          }
        default: break
        }
      }
      actions.append(.rechecked(association: association.id))
      try writer.apply(.init(actions: actions), frame: nil, at: now)
    }
  }

  /// An open set tells its count anew; a reduced one is made again by itself only when its rule says so.
  private func reconsider(
    _ association: AssociationRecord, _ rule: AssociationRule
  ) throws(CatalogError) -> [Action] {
    guard let matcher = SequenceMatcher(rule: rule) else { return [] }
    let members = try goodMembers(association)
    if members.isEmpty { return [] }
    switch association.state {
    case "open": return [.update(association: association.id, update: try update(matcher, members))]
    case "closed" where rule.reruns:
      return [.update(association: association.id, update: try closed(matcher, members))]
    default: return []
    }
  }

  /// Chooses the sky of a science frame again. Before anything is made the new choice just counts. A product that
  /// used another sky is made again when this one belongs to the science's own sequence (or the rule says so), else it
  /// is marked stale.
  private func reconsider(
    _ association: AssociationRecord, _ rule: AssociationRule, _ backgrounds: AssociationRule.Backgrounds
  ) throws(CatalogError) -> [Action] {
    let members = try writer.reader.members(ofAssociation: association.id)
    guard let science = members.first(where: { $0.exptype == "science" })?.frame, science.quality != "BAD"
    else { return [] }
    let exposure = Exposure(science)
    let choice = try choose(exposure, backgrounds)
    let chosen = Self.members(choice, backgrounds, exposure)
    let role = backgrounds.selector.exptype.rawValue
    let present = Set(members.filter { $0.exptype == role }.map(\.frame.id))
    let wanted = Set(chosen.map(\.frame))
    guard association.state == "closed" else {
      if present == wanted { return [] }
      var change = update(choice, exposure)
      // One provisional product is enough: the next job waits for the whole set.
      if change.state == "open" { change.settled = nil }
      return [.rechoose(association: association.id, members: chosen, update: change)]
    }
    let used = try writer.reader.usedFrames(association: association.id, role: role)
    let isSpoilt = members.contains { used?.contains($0.frame.id) == true && $0.frame.quality == "BAD" }
    return replan(
      association, rule, exposure, choice, chosen, .init(present: present, used: used, isSpoilt: isSpoilt))
  }

  /// What a closed association has for a sky, and what its products were made with (nil: there is none yet).
  private struct Past {
    var present: Set<Int64>
    var used: Set<Int64>?
    /// A frame that was used is BAD.
    var isSpoilt: Bool
  }

  private func replan(
    _ association: AssociationRecord, _ rule: AssociationRule, _ science: Exposure,
    _ choice: BackgroundMatcher.Choice?, _ chosen: [NewMember], _ past: Past
  ) -> [Action] {
    guard case .anchors(_, let backgrounds?) = rule.shape, let choice else { return [] }
    let wanted = Set(chosen.map(\.frame))
    var change = AssociationUpdate(state: "closed", degraded: update(choice, science).degraded, settled: nil)
    func rechosen(_ change: AssociationUpdate) -> [Action] {
      past.present == wanted
        ? [] : [.rechoose(association: association.id, members: chosen, update: change)]
    }
    if past.used == wanted {
      return rechosen(change) + [.restore(association: association.id, cause: "sky")]
    }
    // Part of a set is no better than a whole one; it may become so with its next frame.
    let isBetter = choice.isComplete || past.isSpoilt || wanted.isSuperset(of: past.used ?? past.present)
    guard past.present != wanted, isBetter else { return [] }
    guard past.used != nil else {
      change.settled = false
      return rechosen(change)
    }
    if rule.reruns || isExpected(choice, science, backgrounds) {
      if choice.isComplete || past.isSpoilt {
        change.settled = false
        return rechosen(change)
      }
      // The rest of the sky is on its way: one more product when it is here.
      var waiting = update(choice, science)
      waiting.settled = true
      return rechosen(waiting)
    }
    let names = choice.members.map(\.name).joined(separator: ", ")
    let reason =
      names.isEmpty ? "its sky is not to be used any more" : "the rules now choose the sky \(names)"
    return rechosen(change) + [.spoil(association: association.id, cause: "sky", reason: reason)]
  }

  /// A sky of the science's own observation: the rule prefers it, and the science expected it.
  private func isExpected(
    _ choice: BackgroundMatcher.Choice?, _ science: Exposure, _ backgrounds: AssociationRule.Backgrounds
  ) -> Bool {
    guard let first = choice?.members.first, !backgrounds.prefer.isEmpty else { return false }
    return backgrounds.prefer.allSatisfy { science[$0] != nil && first[$0] == science[$0] }
  }
}

import Associations
import CatalogStore
import Foundation
import JobContract
import Logging

/// Takes frames that no rule has looked at yet and applies the rules, frame by frame, each in one transaction with
/// its mark: a crash between two frames loses and doubles nothing.
struct AssociatorService: Sendable {
  let associator: Associator
  let writer: CatalogWriter
  let waits: Waits
  let logger: Logger

  /// Associates what is new, oldest exposure first. Returns how many frames were looked at.
  func associateNew(limit: Int = 256) throws(CatalogError) -> Int {
    let frames = try writer.reader.unassociated(limit: limit)
    var untouched: [Int64] = []
    for frame in frames {
      let actions = try actions(for: Exposure(frame))
      if actions.isEmpty {
        untouched.append(frame.id)
      } else {
        try writer.apply(.init(actions: actions), frame: frame.id, at: now)
      }
    }
    try writer.markAssociated(untouched)
    return frames.count
  }

  private func actions(for exposure: Exposure) throws(CatalogError) -> [CatalogWriter.AssociationStep.Action]
  {
    var actions: [CatalogWriter.AssociationStep.Action] = []
    let joins = exposure["joins"] != "no"
    for rule in joins ? associator.rulesOpened(by: exposure) : [] {
      if try isAlternative(exposure, rule) || (rule.serves != nil && exposure["aborted"] != nil) { continue }
      switch rule.shape {
      case .gathers(let selector, _): actions += try gather(exposure, rule, selector.exptype)
      case .anchors(let selector, let backgrounds):
        actions.append(try anchor(exposure, rule, selector.exptype, backgrounds))
      }
    }
    for rule in joins ? associator.rulesServed(by: exposure) : [] { actions += try serve(exposure, rule) }
    return actions
  }

  private var now: Double { Date().timeIntervalSince1970 }

  /// One level 1 per exposure: a second version of it joins nothing by itself.
  private func isAlternative(_ exposure: Exposure, _ rule: AssociationRule) throws(CatalogError) -> Bool {
    guard exposure["level"] == "1", let key = exposure["exposure"] else { return false }
    return try writer.reader.exposureIsUsed(key, rule: rule.name, except: exposure.id)
  }

  // MARK: sequences

  private func gather(
    _ exposure: Exposure, _ rule: AssociationRule, _ exptype: MemberType
  ) throws(CatalogError) -> [CatalogWriter.AssociationStep.Action] {
    guard let matcher = SequenceMatcher(rule: rule) else { return [] }
    let bucket = rule.bucket(of: exposure)
    var sets: [SequenceMatcher.OpenSet] = []
    for association in try writer.reader.openAssociations(rule: rule.name, bucket: bucket) {
      let members = try writer.reader.members(ofAssociation: association.id).map { Exposure($0.frame) }
      sets.append(.init(id: association.id, members: members))
    }
    let member = NewMember(frame: exposure.id, exptype: exptype.rawValue)
    switch matcher.decide(exposure, among: sets) {
    case .join(let id):
      let members = (sets.first { $0.id == id }?.members ?? []) + [exposure]
      return [.join(association: id, members: [member], update: update(matcher, members))]
    case .open(let closing):
      var actions = closing.compactMap { id in
        sets.first { $0.id == id }.map { set in
          CatalogWriter.AssociationStep.Action.update(association: id, update: closed(matcher, set.members))
        }
      }
      actions.append(
        .open(
          name: Self.name(rule, exposure), rule: rule.name, pipeline: rule.pipeline, bucket: bucket,
          members: [member], update: update(matcher, [exposure])))
      return actions
    }
  }

  /// Open, or closed when the declared count is complete.
  private func update(_ matcher: SequenceMatcher, _ members: [Exposure]) -> AssociationUpdate {
    if matcher.isComplete(members) { return closed(matcher, members) }
    let declared = matcher.declared(members)
    let exposureSeconds = members.compactMap { $0.number("exptime") }.max() ?? 0
    let due = (members.map(\.arrivedAt).max() ?? now)
    return AssociationUpdate(
      state: "open",
      reason: "waiting for frames: \(members.count) of \(declared.map(String.init) ?? "?") are here",
      declared: declared, dueAt: max(due, now) + waits.quietSeconds(exposureSeconds), settled: true)
  }

  private func closed(_ matcher: SequenceMatcher, _ members: [Exposure]) -> AssociationUpdate {
    let declared = matcher.declared(members)
    switch matcher.verdict(members) {
    case .complete: return AssociationUpdate(state: "closed", declared: declared)
    case .degraded(let why): return AssociationUpdate(state: "closed", degraded: why, declared: declared)
    case .refused(let why):
      return AssociationUpdate(state: "refused", reason: why, declared: declared, settled: true)
    }
  }

  // MARK: science with sky

  private func anchor(
    _ exposure: Exposure, _ rule: AssociationRule, _ exptype: MemberType,
    _ backgrounds: AssociationRule.Backgrounds?
  ) throws(CatalogError) -> CatalogWriter.AssociationStep.Action {
    let choice = try choose(exposure, backgrounds)
    let science = NewMember(frame: exposure.id, exptype: exptype.rawValue)
    return .open(
      name: Self.name(rule, exposure), rule: rule.name, pipeline: rule.pipeline,
      bucket: rule.bucket(of: exposure),
      members: [science] + Self.members(choice, backgrounds, exposure), update: update(choice, exposure))
  }

  private func choose(
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

  private static func members(
    _ choice: BackgroundMatcher.Choice?, _ backgrounds: AssociationRule.Backgrounds?, _ science: Exposure
  ) -> [NewMember] {
    guard let choice, let backgrounds else { return [] }
    return choice.members.map { sky in
      NewMember(
        frame: sky.id, exptype: backgrounds.selector.exptype.rawValue, level: choice.level,
        distance: sky.gap(to: science))
    }
  }

  private func update(_ choice: BackgroundMatcher.Choice?, _ science: Exposure) -> AssociationUpdate {
    guard let choice else { return AssociationUpdate(state: "closed") }
    if choice.isComplete {
      let late = choice.level > 0 ? "sky \(choice.distance.wholeText) s away" : nil
      return AssociationUpdate(state: "closed", degraded: late)
    }
    let why = choice.reason ?? "waiting for sky"
    return AssociationUpdate(
      state: "open", reason: why, degraded: choice.members.isEmpty ? "no sky subtracted: \(why)" : why,
      dueAt: max(science.arrivedAt, now) + waits.sky)
  }

  /// A sky has come: science that waits for one looks again.
  private func serve(
    _ sky: Exposure, _ rule: AssociationRule
  ) throws(CatalogError) -> [CatalogWriter.AssociationStep.Action] {
    guard case .anchors(_, let backgrounds?) = rule.shape else { return [] }
    var actions: [CatalogWriter.AssociationStep.Action] = []
    let bucket = backgrounds.match.bucket(of: sky)
    for association in try writer.reader.openAssociations(rule: rule.name, bucket: bucket) {
      let members = try writer.reader.members(ofAssociation: association.id)
      guard let science = members.first(where: { $0.exptype == "science" }).map({ Exposure($0.frame) }) else {
        continue
      }
      let choice = try choose(science, backgrounds)
      let chosen = Self.members(choice, backgrounds, science)
      if Set(chosen.map(\.frame)) == Set(members.filter { $0.exptype == "background" }.map(\.frame.id)) {
        continue
      }
      var change = update(choice, science)
      // One provisional product is enough: the next job waits for the whole set.
      if change.state == "open" { change.settled = nil }
      actions.append(.rechoose(association: association.id, members: chosen, update: change))
    }
    return actions
  }

  // MARK: closing

  /// Closes what has waited long enough; with `everything`, closes the open associations of the earliest rule
  /// whatever their time. Returns how many were closed.
  func closeDue(everything: Bool) throws(CatalogError) -> Int {
    var closed = 0
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

  private func close(_ association: AssociationRecord, _ rule: AssociationRule) throws(CatalogError) {
    let members = try writer.reader.members(ofAssociation: association.id)
    var update: AssociationUpdate
    if let matcher = SequenceMatcher(rule: rule) {
      update = closed(matcher, members.map { Exposure($0.frame) })
    } else {
      update = AssociationUpdate(state: "closed", degraded: association.degraded)
    }
    logger.info(
      "closed after its wait",
      metadata: [
        "association": "\(association.name)", "degraded": "\(update.degraded ?? update.reason ?? "")",
      ])
    try writer.apply(
      .init(actions: [.update(association: association.id, update: update)]), frame: nil, at: now)
  }

  /// Rule and the first exposure's name: the same on every machine that sees the same frames.
  private static func name(_ rule: AssociationRule, _ exposure: Exposure) -> String {
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

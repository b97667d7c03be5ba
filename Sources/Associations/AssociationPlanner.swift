import JobContract

/// Associations of frames that are all there: what the archive decides frame by frame as they arrive, decided at once
/// with the same matchers.
public struct AssociationPlanner: Sendable {
  /// One association to be.
  public struct Planned: Sendable, Equatable {
    /// A file that may become a member, and what its header says.
    public struct Member: Sendable, Equatable {
      public var exposure: Exposure
      public var exptype: MemberType
    }

    /// Science first, then backgrounds; each in time order.
    public var members: [Member]
    /// Why it is not as complete as it should be.
    public var degraded: String?
  }

  /// A frame that is in none, with the first criterion that keeps it out.
  public struct Leftover: Sendable, Equatable {
    public var exposure: Exposure
    public var criterion: String
    public var detail: String

    public init(exposure: Exposure, criterion: String, detail: String) {
      self.exposure = exposure
      self.criterion = criterion
      self.detail = detail
    }
  }

  /// What the rules make of a set of files.
  public struct Plan: Sendable, Equatable {
    /// In the order of their first members.
    public var associations: [Planned]
    /// In the order they were given.
    public var leftovers: [Leftover]
  }

  public let rule: AssociationRule

  public init(rule: AssociationRule) {
    self.rule = rule
  }

  /// Plans the associations of the rule; exposures need distinct `id`s.
  public func plan(_ exposures: [Exposure]) -> Plan {
    var leftovers: [Int64: Leftover] = [:]
    let usable = sorted(exposures).filter { exposure in
      guard let why = fault(of: exposure) else { return true }
      leftovers[exposure.id] = Leftover(exposure: exposure, criterion: why.criterion, detail: why.detail)
      return false
    }
    let distinct = onePerExposure(usable, &leftovers)
    let planned: [Planned]
    switch rule.shape {
    case .gathers(let selector, let match):
      planned = gathered(distinct, selector, match, &leftovers)
    case .anchors(let selector, let backgrounds):
      planned = anchored(distinct, selector, backgrounds, &leftovers)
    case .combines(let selector, _):
      planned = combined(distinct, selector, &leftovers)
    }
    return Plan(associations: planned, leftovers: exposures.compactMap { leftovers[$0.id] })
  }

  private func sorted(_ exposures: [Exposure]) -> [Exposure] {
    exposures.sorted { ($0.start, $0.id) < ($1.start, $1.id) }
  }

  /// What no rule takes: frames that the classifier keeps out, and aborted ones where they would spoil a reference or
  /// a sky.
  private func fault(of exposure: Exposure) -> FieldMatch.Difference? {
    // A readout may say nothing of its class: by hand it needs none.
    if rule.gathersReadouts && exposure["obsname"] == "UNKNOWN" { return nil }
    if exposure["joins"] == "no" {
      return .init(criterion: "joins", detail: "the classification keeps it out of associations")
    }
    guard exposure["aborted"] != nil else { return nil }
    if rule.serves != nil || !rule.selector.matches(exposure) {
      return .init(criterion: "aborted", detail: "the exposure was aborted")
    }
    return nil
  }

  /// One level 1 per exposure: of several versions the first given.
  private func onePerExposure(_ exposures: [Exposure], _ leftovers: inout [Int64: Leftover]) -> [Exposure] {
    var first: [String: Exposure] = [:]
    for exposure in exposures.sorted(by: { $0.id < $1.id }) where exposure["level"] == "1" {
      guard let key = exposure["exposure"] else { continue }
      if let other = first[key] {
        leftovers[exposure.id] = Leftover(
          exposure: exposure, criterion: "exposure", detail: "another version of \(other.name)")
      } else {
        first[key] = exposure
      }
    }
    return exposures.filter { leftovers[$0.id] == nil }
  }

  // MARK: sets

  private func gathered(
    _ exposures: [Exposure], _ selector: AssociationRule.Selector, _ match: FieldMatch,
    _ leftovers: inout [Int64: Leftover]
  ) -> [Planned] {
    guard let matcher = SequenceMatcher(rule: rule) else { return [] }
    if rule.gathersReadouts { return readouts(exposures, selector, &leftovers) }
    var open: [String: [SequenceMatcher.FrameSet]] = [:]
    var finished: [SequenceMatcher.FrameSet] = []
    for exposure in exposures {
      if let why = selector.firstMismatch(exposure) {
        leftovers[exposure.id] = Leftover(exposure: exposure, criterion: why.criterion, detail: why.detail)
        continue
      }
      let bucket = rule.bucket(of: exposure)
      var sets = open[bucket] ?? []
      switch matcher.decide(exposure, among: sets) {
      case .join(let id), .reopen(let id):
        if let index = sets.firstIndex(where: { $0.id == id }) { sets[index].members.append(exposure) }
      case .open(let closing):
        finished += sets.filter { closing.contains($0.id) }
        sets.removeAll { closing.contains($0.id) }
        sets.append(.init(id: exposure.id, members: [exposure]))
      }
      // A complete set takes no more.
      finished += sets.filter { matcher.isComplete($0.members) }
      open[bucket] = sets.filter { !matcher.isComplete($0.members) }
    }
    finished += open.values.flatMap { $0 }
    return planned(finished.map(\.members), selector, &leftovers)
  }

  private func planned(
    _ sets: [[Exposure]], _ selector: AssociationRule.Selector, _ leftovers: inout [Int64: Leftover]
  ) -> [Planned] {
    var planned: [Planned] = []
    for set in sets {
      let members = set.map { Planned.Member(exposure: $0, exptype: selector.exptype) }
      switch rule.verdict(set) ?? .complete {
      case .complete: planned.append(Planned(members: members))
      case .degraded(let why): planned.append(Planned(members: members, degraded: why))
      case .refused(let why):
        for member in set {
          leftovers[member.id] = Leftover(exposure: member, criterion: "count", detail: why)
        }
      }
    }
    return planned.sorted { Self.order($0) < Self.order($1) }
  }

  /// Exposures delivered as one file per readout, told apart by their resets.
  private func readouts(
    _ exposures: [Exposure], _ selector: AssociationRule.Selector, _ leftovers: inout [Int64: Leftover]
  ) -> [Planned] {
    for exposure in exposures {
      guard let why = selector.firstMismatch(exposure) else { continue }
      leftovers[exposure.id] = Leftover(exposure: exposure, criterion: why.criterion, detail: why.detail)
    }
    let buckets = Dictionary(grouping: exposures.filter(selector.matches)) { rule.bucket(of: $0) }
    let grouping = ReadoutGrouping { max(300, 3 * $0 + 30) }
    var sets: [[Exposure]] = []
    for (_, readouts) in buckets.sorted(by: { $0.key < $1.key }) {
      let arrival = ReadoutArrival(readouts, sets: [], grouping: grouping)
      for conflict in arrival.conflicts {
        leftovers[conflict.readout.id] = Leftover(
          exposure: conflict.readout, criterion: "read", detail: "the same read as \(conflict.other.name)")
      }
      sets += arrival.targets.map(\.members)
    }
    return planned(sets, selector, &leftovers)
  }

  /// Frames whose fields touch.
  private func combined(
    _ exposures: [Exposure], _ selector: AssociationRule.Selector, _ leftovers: inout [Int64: Leftover]
  ) -> [Planned] {
    guard let matcher = CombinationMatcher(rule: rule) else { return [] }
    var sets: [SequenceMatcher.FrameSet] = []
    for exposure in exposures {
      if let why = selector.firstMismatch(exposure) {
        leftovers[exposure.id] = Leftover(exposure: exposure, criterion: why.criterion, detail: why.detail)
        continue
      }
      switch matcher.decide(exposure, among: sets) {
      case .open: sets.append(.init(id: exposure.id, members: [exposure]))
      case .join(let id, let others):
        let absorbed = sets.filter { others.contains($0.id) }.flatMap(\.members)
        sets.removeAll { others.contains($0.id) }
        if let index = sets.firstIndex(where: { $0.id == id }) {
          sets[index].members += absorbed + [exposure]
        }
      }
    }
    let inTime = sets.map { $0.members.sorted { ($0.start, $0.id) < ($1.start, $1.id) } }
    return planned(inTime, selector, &leftovers)
  }

  private static func order(_ planned: Planned) -> (Double, Int64) {
    planned.members.first.map { ($0.exposure.start, $0.exposure.id) } ?? (0, 0)
  }

  // MARK: science with sky

  private func anchored(
    _ exposures: [Exposure], _ selector: AssociationRule.Selector,
    _ backgrounds: AssociationRule.Backgrounds?,
    _ leftovers: inout [Int64: Leftover]
  ) -> [Planned] {
    let anchors = exposures.filter(selector.matches)
    let skies = backgrounds.map { backgrounds in
      Dictionary(
        grouping: exposures.filter { backgrounds.selector.matches($0) },
        by: { backgrounds.match.bucket(of: $0) })
    }
    var used = Set(anchors.map(\.id))
    let planned = anchors.map { anchor -> Planned in
      var planned = Planned(members: [.init(exposure: anchor, exptype: selector.exptype)])
      guard let backgrounds else { return planned }
      let near = skies?[backgrounds.match.bucket(of: anchor)] ?? []
      let choice = BackgroundMatcher(backgrounds: backgrounds).choose(for: anchor, among: near)
      planned.members += choice.members.map {
        .init(exposure: $0, exptype: backgrounds.selector.exptype)
      }
      used.formUnion(choice.members.map(\.id))
      planned.degraded = Self.degraded(choice)
      return planned
    }
    for exposure in exposures where !used.contains(exposure.id) {
      let why = reason(exposure, anchors, selector, backgrounds)
      leftovers[exposure.id] = Leftover(exposure: exposure, criterion: why.criterion, detail: why.detail)
    }
    return planned
  }

  private static func degraded(_ choice: BackgroundMatcher.Choice) -> String? {
    if choice.members.isEmpty { return "no sky: \(choice.reason ?? "none fits")" }
    if let reason = choice.reason { return reason }
    return choice.level > 0 ? "sky \(choice.distance.wholeText) s away" : nil
  }

  /// Why a frame is neither science nor the sky of one.
  private func reason(
    _ exposure: Exposure, _ anchors: [Exposure], _ selector: AssociationRule.Selector,
    _ backgrounds: AssociationRule.Backgrounds?
  ) -> FieldMatch.Difference {
    let own = selector.firstMismatch(exposure)
    guard let backgrounds else { return own ?? .init(criterion: "rule", detail: "not used") }
    if let other = backgrounds.selector.firstMismatch(exposure) { return own ?? other }
    let nearest = anchors.min { $0.gap(to: exposure) < $1.gap(to: exposure) }
    guard let nearest else { return .init(criterion: "science", detail: "no science frame is there") }
    if let difference = backgrounds.match.firstDifference(nearest, exposure) { return difference }
    let gap = nearest.gap(to: exposure)
    if let limit = backgrounds.windows.last, gap > limit {
      return .init(
        criterion: "time", detail: "\(gap.wholeText) s from \(nearest.name), more than \(limit.wholeText) s")
    }
    return .init(criterion: "time", detail: "another set of skies is nearer to \(nearest.name)")
  }
}

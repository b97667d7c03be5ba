/// Decides which set a new exposure joins: the pure heart of the `gathers` rules.
///
/// A declared position that is taken already, or that would run backwards in time, starts a new sequence; frames that
/// merely arrive out of order do not (their start times still rise with their positions). A set that was closed
/// without all its frames takes a frame that would have joined it in time.
public struct SequenceMatcher: Sendable {
  /// A set as the catalog has it.
  public struct FrameSet: Sendable, Equatable {
    public var id: Int64
    public var members: [Exposure]
    /// It still waits for frames. A set that does not was closed, or refused for having too few.
    public var isOpen: Bool

    public init(id: Int64, members: [Exposure], isOpen: Bool = true) {
      self.id = id
      self.members = members
      self.isOpen = isOpen
    }
  }

  /// Where a frame belongs.
  public enum Decision: Sendable, Equatable {
    /// Add it to this set, which is open.
    case join(Int64)
    /// Add it to this set, which was closed before the frame came.
    case reopen(Int64)
    /// Start a new set; close these first, because the new one follows them.
    case open(closing: [Int64])
  }

  public let rule: AssociationRule
  private let match: FieldMatch

  /// nil for rules of another shape.
  public init?(rule: AssociationRule) {
    guard case .gathers(_, let match) = rule.shape else { return nil }
    self.rule = rule
    self.match = match
  }

  /// The set whose exposures are nearest in time, of those that the exposure fits into; of equals an open one, then
  /// the newest.
  ///
  /// - Parameter quietSeconds: a closed set takes a frame only when no more than this lies between it and a member
  ///   (for each position between the two): what would have kept the set open had the frame come in time.
  public func decide(
    _ exposure: Exposure, among sets: [FrameSet], quietSeconds: Double = .infinity
  ) -> Decision {
    var followed: [Int64] = []
    var best: (set: FrameSet, gap: Double)?
    for set in sets.sorted(by: { ($0.isOpen ? 0 : 1, -$0.id) < ($1.isOpen ? 0 : 1, -$1.id) }) {
      guard let first = set.members.first, match.firstDifference(first, exposure) == nil else { continue }
      if fits(exposure, in: set), set.isOpen || belonged(exposure, to: set, quietSeconds) {
        let gap = set.members.map { $0.gap(to: exposure) }.min() ?? .infinity
        if best.map({ gap < $0.gap }) ?? true { best = (set, gap) }
      } else if set.isOpen, exposure.start >= first.start {
        followed.append(set.id)
      }
    }
    guard let set = best?.set else { return .open(closing: followed) }
    return set.isOpen ? .join(set.id) : .reopen(set.id)
  }

  /// True when the headers say that the frame is one of a declared number, so that its set expected it.
  public func isDeclared(_ exposure: Exposure) -> Bool {
    guard let position = rule.position, let count = rule.count else { return false }
    return exposure.integer(position) != nil && exposure.integer(count) != nil
  }

  /// True when every member has another position and time runs with position.
  private func fits(_ exposure: Exposure, in set: FrameSet) -> Bool {
    guard let field = rule.position, let position = exposure.integer(field) else { return true }
    if let count = rule.count, let mine = exposure.integer(count),
      let theirs = set.members.first?.integer(count), mine != theirs
    {
      return false
    }
    return set.members.allSatisfy { member in
      guard let other = member.integer(field) else { return true }
      if other == position { return false }
      return member.start == exposure.start || (other < position) == (member.start < exposure.start)
    }
  }

  /// True when a closed set would have been open for this frame. A complete one takes only a further position.
  private func belonged(_ exposure: Exposure, to set: FrameSet, _ quietSeconds: Double) -> Bool {
    let position = rule.position.flatMap { exposure.integer($0) }
    if isComplete(set.members) && position == nil { return false }
    return set.members.contains { member in
      let other = rule.position.flatMap { member.integer($0) }
      let steps = position.flatMap { mine in other.map { abs(Double(mine) - Double($0)) } } ?? 1
      return member.gap(to: exposure) <= quietSeconds * max(1, steps)
    }
  }

  /// Number of members the headers declare, nil when they do not.
  public func declared(_ members: [Exposure]) -> Int? {
    guard let count = rule.count else { return rule.position == nil ? 1 : nil }
    return members.lazy.compactMap { $0.integer(count) }.first
  }

  /// True when the declared count is complete.
  public func isComplete(_ members: [Exposure]) -> Bool {
    guard let declared = declared(members) else { return false }
    return members.count >= declared
  }

  /// What closing with these members means.
  public func verdict(_ members: [Exposure]) -> AssociationRule.Verdict {
    let declared = declared(members)
    if members.count < rule.minimum {
      return .refused(
        "\(members.count) of at least \(rule.minimum) frames for \(rule.name)"
          + (declared.map { " (\($0) declared)" } ?? ""))
    }
    if let declared, members.count < declared { return .degraded("\(members.count)/\(declared) frames") }
    if members.count < rule.good { return .degraded("\(members.count) frames, \(rule.good) are good") }
    return .complete
  }
}

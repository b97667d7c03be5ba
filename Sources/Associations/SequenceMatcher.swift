/// Decides which open set a new exposure joins: the pure heart of the `gathers` rules.
///
/// A declared position that is taken already, or that would run backwards in time, starts a new sequence; frames that
/// merely arrive out of order do not (their start times still rise with their positions).
public struct SequenceMatcher: Sendable {
  /// A set that is still open, as the catalog has it.
  public struct OpenSet: Sendable, Equatable {
    public var id: Int64
    public var members: [Exposure]

    public init(id: Int64, members: [Exposure]) {
      self.id = id
      self.members = members
    }
  }

  public enum Decision: Sendable, Equatable {
    /// Add it to this set.
    case join(Int64)
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

  public func decide(_ exposure: Exposure, among sets: [OpenSet]) -> Decision {
    var superseded: [Int64] = []
    for set in sets.sorted(by: { $0.id > $1.id }) {
      guard let first = set.members.first else { continue }
      if match.firstDifference(first, exposure) != nil { continue }
      if fits(exposure, in: set) { return .join(set.id) }
      if exposure.start >= first.start { superseded.append(set.id) }
    }
    return .open(closing: superseded)
  }

  /// True when every member has another position and time runs with position.
  private func fits(_ exposure: Exposure, in set: OpenSet) -> Bool {
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
  public func verdict(_ members: [Exposure]) -> Verdict {
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

  public enum Verdict: Sendable, Equatable {
    case complete
    case degraded(String)
    case refused(String)
  }
}

/// Decides which frames make one mosaic: the pure heart of the `combines` rules.
///
/// Frames of equal fields (programme, observation, filter …) belong together when what they show touches, directly or
/// through others; so the sets do not depend on the order in which frames come. A frame that does not say where it
/// points joins by the name of its target, and a blank name joins nothing.
public struct CombinationMatcher: Sendable {
  /// Where a frame belongs.
  public enum Decision: Sendable, Equatable {
    /// It starts a set.
    case open
    /// It belongs to this set, and ties the others to it.
    case join(Int64, absorbing: [Int64])
  }

  public let rule: AssociationRule
  private let match: FieldMatch

  /// nil for rules of another shape.
  public init?(rule: AssociationRule) {
    guard case .combines(_, let match) = rule.shape else { return nil }
    self.rule = rule
    self.match = match
  }

  /// The oldest set that the exposure belongs to, and the others that it joins to that.
  public func decide(_ exposure: Exposure, among sets: [SequenceMatcher.FrameSet]) -> Decision {
    let own = sets.filter { set in set.members.contains { difference($0, exposure) == nil } }
      .map(\.id).sorted()
    guard let first = own.first else { return .open }
    return .join(first, absorbing: Array(own.dropFirst()))
  }

  /// nil when two frames belong to one mosaic; else the first criterion that parts them.
  public func difference(_ a: Exposure, _ b: Exposure) -> FieldMatch.Difference? {
    if let difference = match.firstDifference(a, b) { return difference }
    if let one = SkyField(a), let other = SkyField(b) { return one.gap(to: other) }
    guard let target = Self.target(a), target == Self.target(b) else {
      return .init(criterion: "fields", detail: "no position is known, and no common target")
    }
    return nil
  }

  private static func target(_ exposure: Exposure) -> String? {
    exposure["object"].flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
  }

  /// True when every detector that delivered has its whole pattern.
  public func isComplete(_ members: [Exposure]) -> Bool { patterns(members).isComplete }

  /// The dither patterns among the members.
  public func patterns(_ members: [Exposure]) -> DitherPatterns {
    DitherPatterns(members, position: rule.position, count: rule.count)
  }

  /// True when the headers say that the frame is one of a declared number, so that its set expected it.
  public func isDeclared(_ exposure: Exposure) -> Bool {
    guard let position = rule.position, let count = rule.count else { return false }
    return exposure.integer(position) != nil && exposure.integer(count) != nil
  }

  /// What closing with these members means.
  public func verdict(_ members: [Exposure]) -> AssociationRule.Verdict {
    let patterns = patterns(members)
    if members.count < rule.minimum {
      return .refused(
        "\(members.count) of at least \(rule.minimum) frames for \(rule.name)"
          + (patterns.declared.map { " (\($0) declared)" } ?? ""))
    }
    if let missing = patterns.shortfall { return .degraded(missing) }
    if members.count < rule.good { return .degraded("\(members.count) frames, \(rule.good) are good") }
    return .complete
  }
}

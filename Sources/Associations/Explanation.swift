/// Why frames are, or are not, in an association: every candidate with the first criterion that failed.
public struct Explanation: Sendable, Equatable {
  /// One candidate, and the first criterion that failed for it.
  public struct Row: Sendable, Equatable {
    public var rule: String
    /// `member`, `background`, `candidate`.
    public var role: String
    public var candidate: String
    public var accepted: Bool
    /// First criterion that failed; empty when accepted.
    public var criterion: String
    /// By how much.
    public var detail: String
  }

  public var rows: [Row]

  /// Holds `candidates` against every rule that `exposure` opens (or, when it opens none, names the criterion that
  /// keeps it out of each rule).
  public init(of exposure: Exposure, candidates: [Exposure], associator: Associator) {
    rows = associator.rules.flatMap { rule -> [Row] in
      if let mismatch = rule.selector.firstMismatch(exposure) {
        return [
          Row(
            rule: rule.name, role: "member", candidate: exposure.name, accepted: false,
            criterion: mismatch.criterion, detail: mismatch.detail)
        ]
      }
      let own = Row(
        rule: rule.name, role: "member", candidate: exposure.name, accepted: true, criterion: "", detail: "")
      return [own] + candidates.filter { $0.id != exposure.id }.map { Self.row(rule, exposure, $0) }
    }
  }

  private static func row(_ rule: AssociationRule, _ exposure: Exposure, _ candidate: Exposure) -> Row {
    var row = Row(
      rule: rule.name, role: "candidate", candidate: candidate.name, accepted: true, criterion: "", detail: ""
    )
    switch rule.shape {
    case .gathers(let selector, let match):
      row.role = "member"
      row.fail(selector.firstMismatch(candidate) ?? match.firstDifference(exposure, candidate))
    case .anchors(_, let backgrounds?):
      row.role = "background"
      row.fail(
        backgrounds.selector.firstMismatch(candidate) ?? backgrounds.match.firstDifference(
          exposure, candidate)
          ?? tooFar(backgrounds, exposure, candidate))
      if row.accepted { row.detail = "gap \(candidate.gap(to: exposure).wholeText) s" }
    case .combines(let selector, _):
      row.role = "member"
      row.fail(
        selector.firstMismatch(candidate)
          ?? CombinationMatcher(rule: rule)?.difference(exposure, candidate))
    case .anchors(_, nil):
      row.fail(.init(criterion: "rule", detail: "the rule takes one frame only"))
    }
    return row
  }

  private static func tooFar(
    _ backgrounds: AssociationRule.Backgrounds, _ exposure: Exposure, _ candidate: Exposure
  ) -> FieldMatch.Difference? {
    let gap = candidate.gap(to: exposure)
    guard let limit = backgrounds.windows.last, gap > limit else { return nil }
    return .init(
      criterion: "time",
      detail: "gap \(gap.wholeText) s is \((gap - limit).wholeText) s beyond \(limit.wholeText) s")
  }
}

extension Explanation.Row {
  fileprivate mutating func fail(_ difference: FieldMatch.Difference?) {
    guard let difference else { return }
    accepted = false
    criterion = difference.criterion
    detail = difference.detail
  }
}

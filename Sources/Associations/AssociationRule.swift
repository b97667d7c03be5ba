import JobContract

/// One rule of `config/associations/*.yaml`: which frames belong together and what is made of them.
public struct AssociationRule: Sendable, Equatable {
  /// Which frames a member may be.
  public struct Selector: Sendable, Equatable {
    /// Field -> allowed patterns (`*` and `?`), all fields must match.
    public var patterns: [String: [String]]
    public var exptype: MemberType

    /// Whether an exposure has every field as the selector wants it.
    public func matches(_ exposure: Exposure) -> Bool { firstMismatch(exposure) == nil }

    /// The first field whose value is not allowed.
    public func firstMismatch(_ exposure: Exposure) -> FieldMatch.Difference? {
      for (field, allowed) in patterns.sorted(by: { $0.key < $1.key }) {
        let value = exposure[field] ?? ""
        if !allowed.contains(where: { Glob.matches(value, pattern: $0) }) {
          return .init(
            criterion: field,
            detail: "\(value.isEmpty ? "absent" : value) is not \(allowed.joined(separator: " or "))")
        }
      }
      return nil
    }
  }

  /// How the backgrounds of an anchored rule are found.
  public struct Backgrounds: Sendable, Equatable {
    public var selector: Selector
    public var match: FieldMatch
    /// Fields that make a candidate better when equal, most important first.
    public var prefer: [String]
    /// Widening time windows, seconds; the index is the quality level stored on the member.
    public var windows: [Double]
  }

  /// How members come together: by a sequence, or around one exposure.
  public enum Shape: Sendable, Equatable {
    /// All matching frames of one sequence make one association.
    case gathers(Selector, FieldMatch)
    /// Each matching frame makes an association of its own, with backgrounds.
    case anchors(Selector, Backgrounds?)
    /// All matching frames whose fields touch make one association: the frames of a mosaic.
    case combines(Selector, FieldMatch)
  }

  public var name: String
  public var summary: String
  public var pipeline: String
  public var shape: Shape
  /// Fields that carry n and N of a declared sequence; nil when every frame is a set of its own.
  public var position: String?
  public var count: String?
  /// Fewer members than this: refused.
  public var minimum: Int
  /// Fewer than this: degraded.
  public var good: Int
  /// Reference type made for the calibration rules, `dark`, `flat` …
  public var serves: String?
  /// Lower runs earlier.
  public var priority: Int
  /// Makes a product again by itself where the default is to mark it stale and tell (MATCHING.md §3).
  public var reruns: Bool
  /// Its level 1 frame serves even where the detector software's own frame of the exposure is there; otherwise it is an
  /// alternative version to that.
  public var promotes: Bool

  /// Steps that its jobs leave out.
  public var skips: [String]

  /// Its members are products whose fields touch (`CombinationMatcher`).
  public var isCombination: Bool {
    if case .combines = shape { true } else { false }
  }

  /// Its members are the readouts of one exposure, told apart by their resets (`ReadoutGrouping`).
  public var gathersReadouts: Bool {
    if case .gathers(let selector, _) = shape { return selector.exptype == .readout }
    return false
  }

  /// The selector of the frames that open or join an association of this rule.
  public var selector: Selector {
    switch shape {
    case .gathers(let selector, _): selector
    case .anchors(let selector, _): selector
    case .combines(let selector, _): selector
    }
  }

  /// Bucket of an exposure under this rule: associations of other buckets need not be looked at.
  public func bucket(of exposure: Exposure) -> String {
    switch shape {
    case .gathers(_, let match): match.bucket(of: exposure)
    case .anchors(_, let backgrounds): backgrounds?.match.bucket(of: exposure) ?? ""
    case .combines(_, let match): match.bucket(of: exposure)
    }
  }

  /// What closing with these members means; nil for a rule that makes one association of each frame.
  public func verdict(_ members: [Exposure]) -> Verdict? {
    SequenceMatcher(rule: self)?.verdict(members) ?? CombinationMatcher(rule: self)?.verdict(members)
  }

  /// What a set is worth when it closes.
  public enum Verdict: Sendable, Equatable {
    case complete
    case degraded(String)
    case refused(String)
  }
}

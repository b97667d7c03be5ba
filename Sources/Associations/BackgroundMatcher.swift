/// Chooses the sky frames of a science frame: the pure heart of the `anchors` rules.
public struct BackgroundMatcher: Sendable {
  /// A chosen set of backgrounds.
  public struct Choice: Sendable, Equatable {
    /// In time order; empty when nothing serves.
    public var members: [Exposure]
    /// True when the set is as complete as its headers declare.
    public var isComplete: Bool
    /// Index of the time window that was needed.
    public var level: Int
    /// Largest gap to the science frame, seconds.
    public var distance: Double
    /// Why the choice is not final, or why there is none.
    public var reason: String?
  }

  public let backgrounds: AssociationRule.Backgrounds

  public init(backgrounds: AssociationRule.Backgrounds) {
    self.backgrounds = backgrounds
  }

  /// The best set among the candidates: equal configuration, inside the narrowest window that has any, the preferred
  /// fields equal first, then the nearest in time; of equals the newest.
  public func choose(for science: Exposure, among candidates: [Exposure]) -> Choice {
    let usable = candidates.filter {
      $0.id != science.id && backgrounds.selector.matches($0)
        && backgrounds.match.firstDifference(science, $0) == nil
    }
    let sets = Self.sets(usable)
    for (level, window) in backgrounds.windows.enumerated() {
      // A set belongs to the window of its nearest frame, and is taken whole.
      let near = sets.filter { set in set.contains { $0.gap(to: science) <= window } }
      guard let best = near.min(by: { rank($0, science) < rank($1, science) }) else { continue }
      return choice(best, science, level)
    }
    let reason =
      usable.isEmpty
      ? "no sky of this configuration"
      : "the nearest sky is more than \((backgrounds.windows.last ?? 0).wholeText) s away"
    return Choice(
      members: [], isComplete: false, level: backgrounds.windows.count, distance: 0, reason: reason)
  }

  /// Frames of one observation and sequence, split where a position comes again: each in time order.
  static func sets(_ frames: [Exposure]) -> [[Exposure]] {
    let groups = Dictionary(grouping: frames) { "\($0["observation"] ?? "")|\($0["sequence"] ?? "")" }
    return groups.sorted { $0.key < $1.key }.flatMap { _, group -> [[Exposure]] in
      var sets: [[Exposure]] = []
      for frame in group.sorted(by: { ($0.start, $0.id) < ($1.start, $1.id) }) {
        let position = frame["position"]
        let repeats = position != nil && sets.last?.contains { $0["position"] == position } == true
        if sets.isEmpty || repeats { sets.append([]) }
        sets[sets.count - 1].append(frame)
      }
      return sets
    }
  }

  private struct Rank: Comparable {
    var strangers: [Int]
    var gap: Double
    var newest: Double

    static func < (a: Rank, b: Rank) -> Bool {
      if a.strangers != b.strangers { return a.strangers.lexicographicallyPrecedes(b.strangers) }
      if a.gap != b.gap { return a.gap < b.gap }
      return a.newest > b.newest
    }
  }

  private func rank(_ set: [Exposure], _ science: Exposure) -> Rank {
    Rank(
      strangers: backgrounds.prefer.map { set.first?[$0] == science[$0] ? 0 : 1 },
      gap: set.map { $0.gap(to: science) }.min() ?? .infinity,
      newest: set.last?.start ?? 0)
  }

  private func choice(_ set: [Exposure], _ science: Exposure, _ level: Int) -> Choice {
    let declared = set.lazy.compactMap { $0.integer("count") }.first
    let complete = declared.map { set.count >= $0 } ?? true
    return Choice(
      members: set, isComplete: complete, level: level, distance: set.map { $0.gap(to: science) }.max() ?? 0,
      reason: complete ? nil : "waiting for sky: \(set.count) of \(declared ?? 0) frames are here")
  }
}

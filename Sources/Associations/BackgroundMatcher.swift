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
    for (level, window) in backgrounds.windows.enumerated() {
      let near = usable.filter { $0.gap(to: science) <= window }
      if near.isEmpty { continue }
      let sets = Dictionary(grouping: near) { $0["sequence"] ?? "" }.values.map { frames in
        frames.sorted { ($0.start, $0.id) < ($1.start, $1.id) }
      }
      let best = sets.min { rank($0, science) < rank($1, science) }
      return choice(best ?? [], science, level)
    }
    let reason =
      usable.isEmpty
      ? "no sky of this configuration"
      : "the nearest sky is more than \((backgrounds.windows.last ?? 0).wholeText) s away"
    return Choice(
      members: [], isComplete: false, level: backgrounds.windows.count, distance: 0, reason: reason)
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

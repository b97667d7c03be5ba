/// What readouts that have come change in the sets of their detector and exposure number: pure.
///
/// Sets are as they would be had everything come at once: a set takes what belongs to it, hands over what turns out to
/// belong to another exposure, and a readout that is in a set already is no member twice.
public struct ReadoutArrival: Sendable, Equatable {
  /// A set as it should be.
  public struct Target: Sendable, Equatable {
    /// nil: a set to be made.
    public var association: Int64?
    /// By ramp and read.
    public var members: [Exposure]
    /// Members that it has not yet, and those it must give away.
    public var added: [Int64]
    public var removed: [Int64]

    public var isChanged: Bool { association == nil || !added.isEmpty || !removed.isEmpty }
  }

  /// A readout whose ramp and read are in the set with other content.
  public struct Conflict: Sendable, Equatable {
    public var readout: Exposure
    public var other: Exposure
  }

  public var targets: [Target]
  /// Sets that are left without a member.
  public var emptied: [Int64]
  public var conflicts: [Conflict]

  /// - Parameters:
  ///   - readouts: what has come.
  ///   - sets: those that are near in time, with their members.
  public init(_ readouts: [Exposure], sets: [SequenceMatcher.FrameSet], grouping: ReadoutGrouping) {
    let (kept, conflicts) = Self.distinct(readouts, sets)
    self.conflicts = conflicts
    let groups = grouping.exposures(kept)
    let owners = Self.owners(of: groups, sets)
    targets = groups.enumerated().map { index, members in
      Self.target(members, sets.first { $0.id == owners[index] })
    }
    let taken = Set(owners.values)
    emptied = sets.map(\.id).filter { !taken.contains($0) }
  }

  /// Members first: what was there before stays, and of equals the one that was recorded first.
  private static func distinct(
    _ readouts: [Exposure], _ sets: [SequenceMatcher.FrameSet]
  ) -> (kept: [Exposure], conflicts: [Conflict]) {
    let members = sets.flatMap(\.members)
    let known = Set(members.map(\.id))
    var kept = members
    var places: [[String?]: Exposure] = [:]
    for member in members { places[place(member)] = member }
    var conflicts: [Conflict] = []
    for readout in readouts.sorted(by: { $0.id < $1.id }) where !known.contains(readout.id) {
      if let other = places[place(readout)], readout["reset"] != nil {
        conflicts.append(Conflict(readout: readout, other: other))
      } else {
        places[place(readout)] = readout
        kept.append(readout)
      }
    }
    return (kept, conflicts)
  }

  private static func place(_ readout: Exposure) -> [String?] {
    [readout["reset"], readout["ramp"], readout["read"]]
  }

  /// Each set keeps the exposure that most of its members belong to; the larger set chooses first.
  private static func owners(
    of groups: [[Exposure]], _ sets: [SequenceMatcher.FrameSet]
  ) -> [Int: Int64] {
    var owners: [Int: Int64] = [:]
    for set in sets.sorted(by: { (-$0.members.count, $0.id) < (-$1.members.count, $1.id) }) {
      let ids = Set(set.members.map(\.id))
      let shares = groups.enumerated().filter { owners[$0.offset] == nil }.map { index, members in
        (index: index, count: members.count { ids.contains($0.id) })
      }
      guard let best = shares.max(by: { ($0.count, -$0.index) < ($1.count, -$1.index) }), best.count > 0
      else { continue }
      owners[best.index] = set.id
    }
    return owners
  }

  private static func target(_ members: [Exposure], _ set: SequenceMatcher.FrameSet?) -> Target {
    let before = Set(set?.members.map(\.id) ?? [])
    let after = Set(members.map(\.id))
    return Target(
      association: set?.id, members: members, added: members.map(\.id).filter { !before.contains($0) },
      removed: (set?.members ?? []).map(\.id).filter { !after.contains($0) })
  }
}

import Foundation

/// Dates from which each master of one row is used, so that "the last before" means "the nearest in time".
public enum UseAfterPlan {
  /// How long before its own epoch the first master of a row is used, seconds: 90 d.
  public static let firstLead: TimeInterval = 90 * 86_400

  /// USEAFTER of each master: the midpoint between its mean epoch and the one before; of the first, its epoch
  /// less 90 d. Ascending; of masters whose date comes out the same, the last by epoch, then by name, stays.
  public static func dated(_ masters: [(epoch: Date, file: String)]) -> [DatedReference] {
    let ordered = masters.sorted { ($0.epoch, $0.file) < ($1.epoch, $1.file) }
    var result: [DatedReference] = []
    for (i, master) in ordered.enumerated() {
      let lead = i == 0 ? firstLead : master.epoch.timeIntervalSince(ordered[i - 1].epoch) / 2
      let reference = DatedReference(
        useAfter: useAfterText(master.epoch.addingTimeInterval(-lead)), file: master.file)
      if result.last?.useAfter == reference.useAfter { result.removeLast() }
      result.append(reference)
    }
    return result
  }

  /// The masters of a row among references of other making that stay as they are, ascending: a master whose date is
  /// taken is used from the next free second on.
  public static func merged(_ masters: [DatedReference], beside kept: [DatedReference]) -> [DatedReference] {
    var taken = Set(kept.map(\.useAfter))
    let shifted = masters.map { master in
      var date = master.useAfter
      while taken.contains(date), let seconds = useAfterSeconds(date) {
        date = useAfterText(Date(timeIntervalSince1970: seconds + 1))
      }
      taken.insert(date)
      return DatedReference(useAfter: date, file: master.file)
    }
    return (kept + shifted).sorted { $0.useAfter < $1.useAfter }
  }
}

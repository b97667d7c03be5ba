import Associations
import CatalogStore
import Foundation
import JobContract

/// Exposures delivered as one file per readout.
///
/// Readouts are gathered by detector and exposure number and told apart by their resets (`ReadoutGrouping`), so a set is
/// the same whatever the order of arrival. It starts when every declared read is here; after the wait with what is
/// there. A readout that comes later, also beyond the declared number, opens its set again.
extension AssociatorService {
  /// Sets of one exposure number further apart than this are other exposures whatever else they say.
  private static let reach = 86_400.0

  func gatherReadouts(_ readout: Exposure, _ rule: AssociationRule) throws(CatalogError) -> [Action] {
    let sets = try readoutSets(near: readout, rule)
    let arrival = ReadoutArrival(
      [readout], sets: sets.map(\.set), grouping: ReadoutGrouping(gap: waits.exposureGapSeconds))
    var actions = arrival.conflicts.map(Self.hold)
    for target in arrival.targets
    where target.isChanged || target.members.contains(where: { $0.id == readout.id }) {
      let record = sets.first { $0.set.id == target.association }?.record
      actions += try change(target, record, rule, isNew: target.added.contains(readout.id))
    }
    for id in arrival.emptied {
      let to = arrival.targets.first { $0.isChanged }?.members.first?.name ?? "another set"
      actions.append(
        .update(
          association: id,
          update: .init(
            state: "refused", reason: "its readouts belong to the exposure of \(to)", settled: true)))
    }
    return actions
  }

  private func readoutSets(
    near readout: Exposure, _ rule: AssociationRule
  ) throws(CatalogError) -> [(record: AssociationRecord, set: SequenceMatcher.FrameSet)] {
    let bucket = rule.bucket(of: readout)
    let past = try writer.reader.pastAssociations(
      rule: rule.name, bucket: bucket, endingIn: (readout.start - Self.reach)...(readout.end + 2 * Self.reach)
    )
    return try (writer.reader.openAssociations(rule: rule.name, bucket: bucket) + past).map {
      association throws(CatalogError) in
      (
        association,
        .init(id: association.id, members: try goodMembers(association), isOpen: association.state == "open")
      )
    }.filter { !$0.1.members.isEmpty }
  }

  private static func hold(_ conflict: ReadoutArrival.Conflict) -> Action {
    let (readout, other) = (conflict.readout, conflict.other)
    return .holdReadout(
      frame: readout.id,
      reason:
        "the same read as \(other.name) (read \(readout["read"] ?? "?") of ramp \(readout["ramp"] ?? "?")) "
        + "but other content; decide with: irisarchive flag \(other.name) --quality BAD --reason …, then "
        + "irisarchive flag \(readout.name) --quality GOOD --reason …")
  }

  private func change(
    _ target: ReadoutArrival.Target, _ record: AssociationRecord?, _ rule: AssociationRule, isNew: Bool
  ) throws(CatalogError) -> [Action] {
    let members = target.members
    let names = Set(target.added)
    let new =
      members.filter { names.contains($0.id) }.map {
        NewMember(frame: $0.id, exptype: MemberType.readout.rawValue)
      } + Self.rawFrames(of: members)
    var update = try readoutUpdate(members, rule)
    guard let record else {
      let first = members.min { ($0.start, $0.name) < ($1.start, $1.name) } ?? members[0]
      return [
        .open(
          name: Self.name(rule, first), rule: rule.name, pipeline: rule.pipeline,
          bucket: rule.bucket(of: first),
          members: new, update: update)
      ]
    }
    if record.state == "held" {
      update = AssociationUpdate(
        state: "held", reason: record.reason, degraded: record.degraded, declared: update.declared,
        settled: true)
    } else if record.state != "open", isNew {
      logger.info("a late readout opens its set again", metadata: ["association": "\(record.name)"])
    }
    let parted = target.removed.isEmpty ? [] : [Action.part(association: record.id, frames: target.removed)]
    return parted + [.join(association: record.id, members: new, update: update)]
  }

  /// The frames that say what the readouts are, where these do not.
  private static func rawFrames(of members: [Exposure]) -> [NewMember] {
    Set(members.compactMap { $0["raw_frame"].flatMap { Int64($0) } }).sorted().map {
      NewMember(frame: $0, exptype: MemberType.rawframe.rawValue)
    }
  }

  // MARK: counting

  /// Open until every declared read is here, or the wait for them is over.
  func readoutUpdate(_ members: [Exposure], _ rule: AssociationRule) throws(CatalogError) -> AssociationUpdate
  {
    let count = ReadoutCount(members)
    if count.isComplete { return try closedReadouts(members, rule) }
    return AssociationUpdate(
      state: "open", reason: "waiting for reads: \(count.sentence)", declared: count.declared,
      dueAt: stillTaken(members, at: now) + waits.sequence(rule, 0), settled: true)
  }

  /// When the last read can be here: now, or the end of an exposure that is being taken. A header that puts it further
  /// off than the exposure lasts is of another time.
  private func stillTaken(_ members: [Exposure], at now: Double) -> Double {
    guard let end = ReadoutCount.expectedEnd(members) else { return now }
    let length = members.compactMap { $0.number("ramp_time") }.max() ?? 0
    let ramps = members.compactMap { $0.integer("ramps_expected") }.max() ?? 1
    return end > now && end - now <= length * Double(ramps) ? end : now
  }

  /// What closing with these reads means.
  func closedReadouts(_ members: [Exposure], _ rule: AssociationRule) throws(CatalogError)
    -> AssociationUpdate
  {
    let count = ReadoutCount(members)
    var why: [String] = []
    if !count.isComplete, count.declared != nil || !count.gaps.isEmpty { why.append(count.sentence) }
    if !count.isComplete { why += try damaged(members) }
    if members.count < rule.minimum {
      let reason = why.first ?? count.sentence
      return AssociationUpdate(
        state: "refused", reason: "\(reason); a rate needs at least \(rule.minimum)",
        declared: count.declared,
        settled: true)
    }
    if members.contains(where: { $0["obsname"] == "UNKNOWN" }) {
      why.append("no raw frame says what it is: reduced as UNKNOWN")
    }
    return AssociationUpdate(
      state: "closed", degraded: why.isEmpty ? nil : why.joined(separator: "; "), declared: count.declared)
  }

  /// Readouts of the exposure that came and cannot be used, with the reason.
  private func damaged(_ members: [Exposure]) throws(CatalogError) -> [String] {
    guard let key = members.first?["exposure"], let start = members.map(\.start).min(),
      let end = members.map(\.start).max()
    else { return [] }
    let resets = Set(members.compactMap { $0["reset"] })
    let margin = waits.exposureGapSeconds(members.compactMap { $0.number("ramp_time") }.max() ?? 0)
    return try writer.reader.damagedReadouts(of: key, in: (start - margin)...(end + margin)).filter { found in
      found.fields["reset"].map { resets.contains($0) } ?? false
    }.map {
      "read \($0.fields["read"] ?? "?") of ramp \($0.fields["ramp"] ?? "?") is damaged: \($0.name), \($0.reason)"
    }
  }

  // MARK: raw frames

  /// A readout with the class, configuration and counts of its raw frame where its own header lacks them; nil while it
  /// waits for that. Other frames as they are.
  func described(_ frame: MatchRecord) throws(CatalogError) -> MatchRecord? {
    guard frame.fields["kind"] == "readout", let key = frame.detectorExposure else { return frame }
    let isUnnamed = frame.fields["obsname"] == "UNKNOWN"
    guard isUnnamed || frame.fields["reads_expected"] == nil else { return frame }
    let slack = 1 + (frame.fields["ramp_time"].flatMap { Double($0) } ?? 0) * 0.01
    if let raw = try writer.reader.rawFrame(of: key, at: frame.dateObs, slack: slack) {
      return try writer.adopt(readout: frame.id, from: raw, at: now)
    }
    // Held for want of a raw frame it is reduced all the same.
    return isUnnamed && frame.fields["joins"] == "no" ? nil : frame
  }

  /// A raw frame that has come: the readouts of its exposure look for it again.
  func wake(by frame: MatchRecord) throws(CatalogError) -> [Action] {
    guard frame.origin == "raw", frame.fields["level"] == "1", let key = frame.detectorExposure else {
      return []
    }
    let slack = 1 + (frame.fields["ramp_time"].flatMap { Double($0) } ?? 0) * 0.01
    let frames = try writer.reader.readoutsWithoutRawFrame(
      of: key, in: (frame.dateObs - slack)...(max(frame.dateObs, frame.dateEnd) + slack))
    return frames.isEmpty ? [] : [.wake(frames: frames)]
  }

  /// Readouts whose raw frame has not come, so long after the last of them, are held and reduced as they are.
  func giveUpRawFrames(everything: Bool) throws(CatalogError) -> Int {
    let waiting = Dictionary(grouping: try writer.reader.waitingReadouts()) { $0.detectorExposure ?? "" }
    var count = 0
    let now = now
    for (key, readouts) in waiting.sorted(by: { $0.key < $1.key }) {
      let last = readouts.map(\.arrivedAt).max() ?? now
      let end = stillTaken(readouts.map(Exposure.init), at: now)
      let due = (end > now ? end : last) + waits.rawFrame
      // Only what is being taken now puts the end off: an arrival in the future does not.
      guard everything || due <= now || last > now + waits.rawFrame else { continue }
      let id = key.split(separator: "/")
      try writer.giveUpRawFrame(
        of: readouts.map(\.id),
        reason:
          "of DET_ID \(id.first ?? "?"), EXP_NO \(id.last ?? "?") has come that says what it is: reduced as UNKNOWN; "
          + "it is made again when the level 1 frame comes (irisarchive ingest FILE)", at: now)
      count += readouts.count
    }
    return count
  }
}

import Associations
import CatalogStore

/// One level 1 frame per exposure serves. The detector software's own frame does so in real time; the one made here from
/// the exposure's ramp or readouts is an alternative version, unless there is no other or its rule says `promote: true`.
///
/// Which one serves does not depend on which came first: a better one takes the place of the other in its associations,
/// and a BAD one gives way.
extension AssociatorService {
  /// How a frame stands among the versions of its exposure.
  struct Standing {
    var serves = true
    var actions: [Action] = []
    /// Rules whose associations have it already, in another version's place.
    var replaced: Set<String> = []
  }

  func standing(of frame: MatchRecord, _ exposure: Exposure) throws(CatalogError) -> Standing {
    guard exposure["level"] == "1", exposure["kind"] == "rate", let key = frame.detectorExposure else {
      return Standing()
    }
    let all = try writer.reader.versions(
      of: key, in: (exposure.start - 1)...(max(exposure.start, exposure.end) + 1), with: frame.id)
    let subarray = exposure["subarray"]
    let versions = all.filter {
      ($0.subarray == subarray || $0.subarray == nil || subarray == nil)
        && Self.isOneExposure(
          $0.start...max($0.start, $0.end), exposure.start...max(exposure.start, exposure.end))
    }
    guard let best = versions.min(by: { (rank($0), $0.id) < (rank($1), $1.id) }),
      let own = versions.first(where: { $0.id == frame.id })
    else { return Standing() }
    if best.id != frame.id {
      let change = Action.alternative(frame: frame.id, of: best.id, reason: reason(best))
      return Standing(serves: false, actions: [change])
    }
    return try serving(own, versions.filter { $0.id != frame.id })
  }

  /// Two times of one exposure begin together, or share most of the shorter one; those of two that follow each other
  /// under one number do not.
  static func isOneExposure(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> Bool {
    if abs(a.lowerBound - b.lowerBound) <= 0.1 { return true }
    let common = min(a.upperBound, b.upperBound) - max(a.lowerBound, b.lowerBound)
    let shorter = min(a.upperBound - a.lowerBound, b.upperBound - b.lowerBound)
    return common > 0.5 * shorter || (shorter == 0 && common >= -1)
  }

  private func serving(_ own: FrameVersion, _ others: [FrameVersion]) throws(CatalogError) -> Standing {
    var standing = Standing()
    if own.isAlternative { standing.actions.append(.alternative(frame: own.id, of: nil, reason: "")) }
    for other in others {
      standing.actions.append(.alternative(frame: other.id, of: own.id, reason: reason(own)))
      for association in try writer.reader.associations(ofFrame: other.id) {
        guard let rule = associator.rule(named: association.rule), !rule.gathersReadouts else { continue }
        standing.actions.append(.replace(association: association.id, old: other.id, new: own.id))
        standing.replaced.insert(rule.name)
      }
    }
    return standing
  }

  private func rank(_ version: FrameVersion) -> Int {
    if version.isBad { return 3 }
    if version.origin == "raw" { return 1 }
    return isPromoted(version) ? 0 : 2
  }

  private func isPromoted(_ version: FrameVersion) -> Bool {
    version.rule.flatMap { associator.rule(named: $0)?.promotes } ?? false
  }

  private func reason(_ serving: FrameVersion) -> String {
    if serving.origin == "raw" { return "\(serving.name) of the detector software serves" }
    return isPromoted(serving)
      ? "\(serving.name) serves, promoted by rule \(serving.rule ?? "")" : "\(serving.name) serves"
  }
}

import CatalogStore
import Foundation
import Metadata

extension AssociatorService {
  /// Closes nights whose turnover, and the longest wait after it and after their last frame, have passed.
  func closeNights(_ nights: NightName) throws(CatalogError) {
    for night in try writer.reader.openNights() {
      let end = nights.interval(of: night.name)?.end.timeIntervalSince1970 ?? night.touchedAt + 86_400
      guard max(end, night.touchedAt) + waits.longest <= now else { continue }
      _ = try closeNight(night.name, reason: "its turnover and the longest wait have passed")
    }
  }

  /// Closes every open association with a frame of the night, calibrations first, and then the night itself: a crash
  /// between leaves it open, to be closed again.
  ///
  /// - Returns: names of the associations closed, and whether the night was still open.
  func closeNight(_ night: String, reason: String) throws(CatalogError) -> (closed: [String], isNew: Bool) {
    let open = try writer.reader.openAssociations(night: night).compactMap { association in
      associator.rule(named: association.rule).map { (association: association, rule: $0) }
    }
    var closed: [String] = []
    for item in open.sorted(by: {
      ($0.rule.priority, $0.association.id) < ($1.rule.priority, $1.association.id)
    }) {
      try close(item.association, item.rule)
      closed.append(item.association.name)
    }
    let isNew = try writer.closeNight(night, reason: reason, at: now)
    if isNew {
      logger.info("night closed", metadata: ["night": "\(night)", "associations": "\(closed.count)"])
    }
    return (closed, isNew)
  }
}

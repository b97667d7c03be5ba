import Associations
import CatalogStore
import Foundation
import Logging
import Metadata
import References

/// After a new context: which current products would now choose another reference. Those that had none (or only a
/// stand-in) are made again by themselves; the others are marked stale, with the reason, and told.
struct Staleness: Sendable {
  let writer: CatalogWriter
  let resolver: ReferenceResolver
  let headers: HeaderLoader

  let windows: CalibrationWindows
  let logger: Logger

  /// Looks at what a newly inserted reference changes: products of its detector whose exposures lie within the
  /// type's last window. One that a person brought has no epoch: all products of its type are looked at. The mark
  /// that it is due is taken away at the end, so a crash repeats the look.
  func review(_ reference: ReferenceRecord, at time: Double) throws(CatalogError) {
    let reach = reference.frameID == nil ? 1e12 : min(windows.lastSeconds(type: reference.type), 3e9)
    let frame = try reference.frameID.flatMap { id throws(CatalogError) in
      try writer.reader.matchRecord(frame: id)
    }
    let uses = try writer.reader.currentProductUses(
      type: reference.type, detector: frame?.fields["detector"],
      interval: (reference.epoch - reach)...(reference.epoch + reach))
    try review(uses, type: reference.type, at: time)
    try writer.removeFact("review:\(reference.file)")
  }

  private func review(_ uses: [ProductUse], type: String, at time: Double) throws(CatalogError) {
    var stale: [(frame: Int64, reason: String)] = []
    for use in uses {
      // A person's own choice stands, and what a step did not use changes no pixel. Where the rules said N/A they may
      // choose a file now.
      if !use.followsRules {
        try writer.restore(product: use.frame, cause: "rules:\(type)")
        continue
      }
      guard let science = try writer.reader.members(ofAssociation: use.association).first?.frame else {
        continue
      }
      let exposure = Exposure(science)
      let metadata = try headers.metadata(frame: science.id)
      let now = try resolver.resolve(type: type, for: exposure, metadata: metadata)
      if now.sha256 == use.sha256 { try writer.restore(product: use.frame, cause: "rules:\(type)") }
      guard let sha256 = now.sha256, sha256 != use.sha256, now.origin == .context else { continue }
      if try reruns(use) || use.origin == "none" || use.origin == "single"
        || (use.lastResort && !now.lastResort)
      {
        try writer.unsettle(association: use.association)
        logger.info(
          "made again: its calibration came", metadata: ["product": "\(use.name)", "type": "\(type)"])
      } else {
        let file = now.path?.split(separator: "/").last.map(String.init) ?? ""
        stale.append((use.frame, "the rules of \(resolver.context.name) now choose \(file) for \(type)"))
      }
    }
    try writer.markStale(stale, cause: "rules:\(type)", at: time)
    try planAgain()
  }

  /// A rule may ask for products to be made again by themselves.
  private func reruns(_ use: ProductUse) throws(CatalogError) -> Bool {
    let rule = try writer.reader.association(id: use.association)?.rule
    return rule.flatMap { resolver.associator.rule(named: $0)?.reruns } ?? false
  }

  /// Jobs that were planned before this context are planned again: one that would choose the same is known by its
  /// key, a queued one that would not is replaced, a running one is followed by a better one.
  private func planAgain() throws(CatalogError) {
    for job in try writer.reader.jobs(states: ["waiting", "queued", "running"]) {
      try writer.unsettle(association: job.associationID)
    }
  }
}

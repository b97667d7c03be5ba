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
  /// Told for each product: a long look is not a stalled one.
  let alive: @Sendable () -> Void
  let logger: Logger

  /// So many products are looked at between two notes of how far the look has come.
  private static let batch = 200

  /// Looks at what a newly inserted reference changes: products of its detector whose exposures lie within the
  /// type's last window. One that a person brought has no epoch: all products of its type are looked at. How far the
  /// look has come is kept, so after a crash it goes on there.
  ///
  /// - Parameter end: when it is time for other things.
  /// - Returns: whether it came to its end.
  func review(
    _ reference: ReferenceRecord, at time: Double, until end: ContinuousClock.Instant
  ) throws(CatalogError) -> Bool {
    let reach = reference.frameID == nil ? 1e12 : min(windows.lastSeconds(type: reference.type), 3e9)
    let frame = try reference.frameID.flatMap { id throws(CatalogError) in
      try writer.reader.matchRecord(frame: id)
    }
    let interval = (reference.epoch - reach)...(reference.epoch + reach)
    let detector = frame?.fields["detector"]
    var cursor = try writer.reader.reviewCursor(reference.file)
    while true {
      alive()
      let products = try writer.reader.currentProducts(
        detector: detector, interval: reference.frameID == nil ? nil : interval, after: cursor,
        limit: Self.batch)
      guard let first = products.first, let last = products.last else { break }
      let uses = try writer.reader.currentProductUses(
        type: reference.type, detector: detector, interval: interval, products: first...last)
      try writer.record(try review(uses, type: reference.type), of: reference, cursor: last, at: time)
      cursor = last
      if ContinuousClock.now >= end { return false }
    }
    try writer.endReview(of: reference)
    return true
  }

  private func review(_ uses: [ProductUse], type: String) throws(CatalogError) -> ReviewedProducts {
    var reviewed = ReviewedProducts()
    for use in uses {
      alive()
      // A person's own choice stands, and what a step did not use changes no pixel. Where the rules said N/A they may
      // choose a file now.
      if !use.followsRules {
        reviewed.restored.append(use.frame)
        continue
      }
      guard let science = try writer.reader.members(ofAssociation: use.association).first?.frame else {
        continue
      }
      let exposure = Exposure(science)
      let metadata = try headers.metadata(frame: science.id)
      let now = try resolver.resolve(type: type, for: exposure, metadata: metadata)
      if now.sha256 == use.sha256 { reviewed.restored.append(use.frame) }
      guard let sha256 = now.sha256, sha256 != use.sha256, now.origin == .context else { continue }
      if try reruns(use) || use.origin == "none" || use.origin == "single"
        || (use.lastResort && !now.lastResort)
      {
        reviewed.again.append(use.association)
        logger.info(
          "made again: its calibration came", metadata: ["product": "\(use.name)", "type": "\(type)"])
      } else {
        let file = now.path?.split(separator: "/").last.map(String.init) ?? ""
        reviewed.stale.append(
          (use.frame, "the rules of \(resolver.context.name) now choose \(file) for \(type)"))
      }
    }
    return reviewed
  }

  /// A rule may ask for products to be made again by themselves.
  private func reruns(_ use: ProductUse) throws(CatalogError) -> Bool {
    let rule = try writer.reader.association(id: use.association)?.rule
    return rule.flatMap { resolver.associator.rule(named: $0)?.reruns } ?? false
  }
}

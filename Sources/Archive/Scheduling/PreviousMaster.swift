import Associations
import CatalogStore
import Foundation
import JobContract
import Metadata

/// Finds the master in use that the product of a job is to be compared with.
struct PreviousMaster: Sendable {
  let reader: CatalogReader
  let resolver: ReferenceResolver
  let headers: HeaderLoader

  /// What the pinned rules give for the very header by which the new master will be put into them; nil for a job that
  /// makes no master, and for a first one.
  func of(_ job: JobRecord) throws(CatalogError) -> ResolvedReference? {
    guard let spec = try? JSONDecoder().decode(JobSpec.self, from: Data(job.spec.utf8)),
      let type = spec.fileNames.keys.sorted().first(where: { resolver.context.rules(type: $0) != nil }),
      let first = try reader.members(ofAssociation: job.associationID).first?.frame
    else { return nil }
    let metadata = try headers.metadata(frame: first.id)
    return try resolver.masterInUse(
      type: type, for: Exposure(first), metadata: metadata, not: job.associationID)
  }
}

extension ReferenceResolver {
  /// The reference of the rules themselves: no stand-in, none beyond its last window; and of the archive's own masters
  /// none that is in doubt itself (stale, superseded, degraded, called BAD), for it would keep every good one out.
  ///
  /// - Parameter association: the one that the new master is made of, whose earlier versions do not count.
  func masterInUse(
    type: String, for exposure: Exposure, metadata: FrameMetadata, not association: Int64
  ) throws(CatalogError) -> ResolvedReference? {
    let found = try resolve(type: type, for: exposure, metadata: metadata)
    guard found.origin == .context, !found.lastResort, let path = found.path else { return nil }
    let file = path.split(separator: "/").last.map(String.init) ?? path
    guard let record = try reader.reference(file: file), let frame = record.frameID else { return found }
    guard let master = try reader.product(frame: frame), master.product.state == "current",
      master.product.degraded == nil, master.product.quality != "BAD", master.association.id != association
    else { return nil }
    return found
  }
}

import CatalogStore
import Foundation
import Metadata
import ReferenceDesk
import References
import Settings

/// Where people hand references in: `irisarchive refs insert`.
///
/// The files go into the cache and into a new context, which becomes the pinned one; the change is announced
/// (`reference-updated`), and the daemon, running or at its next start, looks at what became stale: the same as for a
/// master of the archive's own. A reference that a person brought keeps its USEAFTER and is bound to no window.
public struct ReferenceCounter: Sendable {
  /// What became of one file.
  public struct Receipt: Sendable, Equatable {
    public var file: String
    public var type: String
    public var row: String
    public var useAfter: String
    public var context: String
    /// False when the rules had this very file already.
    public var isNew: Bool

    public init(
      file: String, type: String, row: String, useAfter: String, context: String, isNew: Bool
    ) {
      self.file = file
      self.type = type
      self.row = row
      self.useAfter = useAfter
      self.context = context
      self.isNew = isNew
    }
  }

  /// Times that another insertion may come between before this one gives up.
  private static let patience = 20

  private let parts: ArchiveParts

  public init(root: String, settings: ArchiveSettings) throws(ArchiveError) {
    parts = try ArchiveParts(root: root, settings: settings, locked: false)
  }

  private var reader: CatalogReader { parts.writer.reader }

  /// The context in use.
  public func pinnedContext() throws(CatalogError) -> String {
    try reader.fact("context") ?? parts.settings.context
  }

  /// Inserts certified files into the pinned context.
  ///
  /// - Throws: `ReferencesError`, `ReferenceDeskError`, `CatalogError`; `ArchiveError` `read-failed`, and
  ///   `reference-contention` when other insertions always came first. The pinned context is as it was then.
  public func insert(_ deliveries: [ReferenceDelivery], at time: Double) throws -> [Receipt] {
    let inserter = ReferenceInserter(cachePath: parts.layout.rules)
    var files: [(delivery: ReferenceDelivery, sha256: String)] = []
    for var delivery in deliveries {
      let sha256 = try Self.sha256(delivery)
      delivery.name = try name(of: delivery, sha256, inserter)
      _ = try inserter.install(delivery.path, as: delivery.name, linking: false)
      files.append((delivery, sha256))
    }
    for _ in 0..<Self.patience {
      let base = try pinnedContext()
      let context = try RulesContext(cachePath: parts.layout.rules, context: base)
      let updates = try context.updates(for: files.map(\.delivery))
      let made = try inserter.insert(rows: updates, into: base)
      let records = try files.compactMap { try record($0.delivery, $0.sha256, context, made) }
      let isDone =
        try records.isEmpty
        || parts.writer.recordReferences(records, replacing: base, first: parts.settings.context, at: time)
      if isDone {
        return files.map { file in
          receipt(file.delivery, context, made, isNew: records.contains { $0.file == file.delivery.name })
        }
      }
    }
    throw ArchiveError(
      code: "reference-contention", message: "other references were inserted all the while",
      subject: parts.layout.rules, hint: "try again")
  }

  /// A file under the name that it gets in the archive's cache, whatever context it is meant for.
  ///
  /// - Throws: `ArchiveError` `read-failed`, `CatalogError`, `ReferencesError`.
  public func named(_ delivery: ReferenceDelivery) throws -> ReferenceDelivery {
    var delivery = delivery
    delivery.name = try name(
      of: delivery, try Self.sha256(delivery), ReferenceInserter(cachePath: parts.layout.rules))
    return delivery
  }

  private static func sha256(_ delivery: ReferenceDelivery) throws(ArchiveError) -> String {
    guard let sha256 = FileHasher.read(delivery.path) else {
      throw ArchiveError(
        code: "read-failed", message: "the file cannot be read", subject: delivery.path,
        hint: "check the file")
    }
    return sha256
  }

  /// A file that the archive has (in the rules, refused, or as a product) keeps its name; numbers of the archive's own
  /// family are given by the archive; any other name stays.
  private func name(
    of delivery: ReferenceDelivery, _ sha256: String, _ inserter: ReferenceInserter
  ) throws -> String {
    if let same = try reader.reference(type: delivery.type, sha256: sha256) { return same.file }
    if let master = try reader.master(kind: delivery.type, sha256: sha256) { return master.name }
    let free = try inserter.nextReferenceName(type: delivery.type)
    let family = free.prefix { $0 != "." }.dropLast(4)
    guard delivery.name.hasPrefix(family), delivery.name.hasSuffix(".fits"),
      delivery.name.dropFirst(family.count).dropLast(5).allSatisfy(\.isNumber)
    else { return delivery.name }
    let first = Int(free.dropFirst(family.count).prefix { $0.isNumber }) ?? 1
    let number = try parts.writer.allocateReferenceNumber(type: delivery.type, free: first)
    let digits = String(number)
    return family + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".fits"
  }

  /// nil when the catalog and the rules have it so already.
  private func record(
    _ delivery: ReferenceDelivery, _ sha256: String, _ context: RulesContext, _ made: String
  ) throws -> ReferenceRecord? {
    let known = try reader.reference(file: delivery.name)
    if made == context.name, known?.state == "inserted", known?.sha256 == sha256 { return nil }
    let row = context.rules(type: delivery.type)?.matchValues(header: delivery.header) ?? []
    let master = try reader.master(kind: delivery.type, sha256: sha256)
    let frame = known?.frameID ?? (master?.name == delivery.name ? master?.id : nil)
    let epoch = try frame.flatMap { id throws(CatalogError) in try reader.masterEpoch(frame: id) }
    return ReferenceRecord(
      file: delivery.name, type: delivery.type, frameID: frame, sha256: sha256,
      epoch: epoch ?? known?.epoch ?? useAfterSeconds(delivery.useAfter) ?? 0,
      rowKey: RowKey(values: row).text, context: made, state: "inserted", reason: nil)
  }

  private func receipt(
    _ delivery: ReferenceDelivery, _ context: RulesContext, _ made: String, isNew: Bool
  ) -> Receipt {
    let row = context.rules(type: delivery.type)?.matchValues(header: delivery.header) ?? []
    return Receipt(
      file: delivery.name, type: delivery.type,
      row: "(" + row.map { "'\($0)'" }.joined(separator: ", ") + ")",
      useAfter: delivery.useAfter, context: made, isNew: isNew)
  }

  // MARK: affected

  /// Current and stale products for which the rules alone, before the windows in time, choose another
  /// reference in `new` than in `old`: product and change, by product.
  public func affected(
    from old: RulesContext, to new: RulesContext
  ) throws(CatalogError) -> [(product: String, change: ChoiceChange)] {
    let headers = parts.headers
    var affected: [(product: String, change: ChoiceChange)] = []
    for type in old.typesThatDiffer(from: new) {
      let uses = try reader.currentProductUses(
        type: type, detector: nil, interval: -1e12...1e12)
      for use in uses where use.followsRules {
        guard let science = try reader.members(ofAssociation: use.association).first?.frame else { continue }
        let header = CRDSHeader(try headers.metadata(frame: science.id)).values
        for change in old.choices(differingFrom: new, header: header, types: [type]) {
          affected.append((use.name, change))
        }
      }
    }
    return affected.sorted { ($0.product, $0.change.type) < ($1.product, $1.change.type) }
  }

  /// What the rules may ask of a frame of the catalog.
  public func metadata(frame: Int64) throws(CatalogError) -> FrameMetadata {
    try parts.headers.metadata(frame: frame)
  }
}

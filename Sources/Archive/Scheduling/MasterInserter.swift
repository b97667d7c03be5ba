import Associations
import CatalogStore
import FITSStructure
import Foundation
import Logging
import Metadata
import References

/// Offers the archive's own masters to the reference rules: each good one goes into a new context, which becomes the
/// pinned one. A bad one is kept, marked, not inserted, and says why.
struct MasterInserter: Sendable {
  let writer: CatalogWriter
  let layout: ArchiveLayout
  let headers: HeaderLoader
  /// The context of the configuration, pinned until the first master is inserted.
  let firstContext: String
  let judge: MasterJudge
  let logger: Logger

  func pinnedContext() throws(CatalogError) -> String { try writer.reader.fact("context") ?? firstContext }

  /// - Returns: true when a new context was made.
  func insert(_ master: FrameRecord, context: RulesContext, at time: Double) throws -> Bool {
    guard let sha256 = master.sha256, let path = master.path else { return false }
    let made = try writer.reader.productMaking(frame: master.id)
    guard let made, let first = made.members.first else { return false }
    let header = CRDSHeader(try headers.metadata(frame: first.frame.id)).values
    var record = ReferenceRecord(
      file: master.name, type: master.kind, frameID: master.id, sha256: sha256,
      epoch: try writer.reader.masterEpoch(frame: master.id) ?? first.frame.dateObs, rowKey: "[]",
      context: nil, state: "refused",
      reason: try fault(master, made.quality, context))
    if record.reason == nil, let rules = context.rules(type: master.kind) {
      let row = rules.matchValues(header: header)
      record.rowKey = RowKey(values: row).text
      record.context = try newContext(record, row, path: path, context: context)
      record.state = "inserted"
    }
    // A person may have inserted a reference meanwhile: then the next turn begins from that context.
    guard try writer.recordReference(record, replacing: context.name, first: firstContext, at: time) else {
      return false
    }
    logger.info(
      record.state == "inserted" ? "a master is in the rules" : "a master was kept out of the rules",
      metadata: [
        "file": "\(record.file)", "context": "\(record.context ?? "")", "reason": "\(record.reason ?? "")",
      ])
    return record.state == "inserted"
  }

  /// What is wrong with the master itself. Everything else (rules that cannot be read or written, a busy catalog, a
  /// full disk) can be mended without it.
  private static let ownFaults: Set<String> = ["row-invalid", "reference-name", "no-rules-for-type"]

  /// Keeps a master out of the rules for good, with the reason, when that lies in the master; what can be mended
  /// without it is only logged and tried again at the next turn.
  ///
  /// - Returns: true when it is kept out for good.
  func refuse(_ master: FrameRecord, because error: any Error, at time: Double) throws(CatalogError) -> Bool {
    logger.error("a master cannot be inserted", metadata: ["file": "\(master.name)", "error": "\(error)"])
    guard let code = (error as? ReferencesError)?.code, Self.ownFaults.contains(code) else { return false }
    let record = ReferenceRecord(
      file: master.name, type: master.kind, frameID: master.id, sha256: master.sha256 ?? "",
      epoch: master.dateObs ?? time, rowKey: "[]", context: nil, state: "refused", reason: "\(error)")
    try writer.recordReference(record, at: time)
    return true
  }

  private func fault(
    _ master: FrameRecord, _ quality: [String: Double], _ context: RulesContext
  ) throws(CatalogError) -> String? {
    if context.rules(type: master.kind) == nil {
      return "context \(context.name) has no rules for \(master.kind)"
    }
    let fault = judge.fault(kind: master.kind, quality: quality, previous: try previous(of: master))
    guard let fault else { return nil }
    return "\(fault); irisarchive refs insert \(master.name) puts it in all the same"
  }

  /// The master that its run compared it with, as its header says.
  private func previous(of master: FrameRecord) throws(CatalogError) -> String? {
    let primary = try writer.reader.headerTexts(frame: master.id).first
    return primary.map { HeaderText(text: $0.text).cards }?.first { $0.keyword == "PREVMSTR" }?.string
  }

  /// Puts the file into the cache and all masters of its row, dated by the midpoints between them, into a new context.
  private func newContext(
    _ record: ReferenceRecord, _ row: [String], path: String, context: RulesContext
  ) throws -> String {
    let inserter = ReferenceInserter(cachePath: layout.rules)
    _ = try inserter.install(path, as: record.file)
    let others = try writer.reader.currentReferences(type: record.type, rowKey: record.rowKey)
    let masters = (others.filter { $0.file != record.file && $0.frameID != nil } + [record]).map {
      (epoch: Date(timeIntervalSince1970: $0.epoch), file: $0.file)
    }
    let ours = Set(try writer.reader.references(type: record.type).filter { $0.frameID != nil }.map(\.file))
    // References of a person's own in the same row stay as they are.
    let kept =
      context.rules(type: record.type)?.references(matchValues: row).filter { !ours.contains($0.file) } ?? []
    let all = UseAfterPlan.merged(UseAfterPlan.dated(masters), beside: kept)
    return try inserter.insert(
      rows: [RowUpdate(type: record.type, matchValues: row, references: all)], into: context.name)
  }
}

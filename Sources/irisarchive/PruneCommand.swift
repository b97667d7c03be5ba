import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Settings
import Tables

/// `irisarchive prune`
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Delete the files of products that were superseded long ago, and old log lines.",
    discussion: """
      Prints what would go and asks; without a terminal it needs --yes. Pictures go with their products; the records \
      stay and say so, with all provenance. A file stays that is a reference of the rules, that a product in use was \
      made of, that work under way needs, or whose successor has no file. Raw files are never touched. Lines of the \
      archive's log, and events with their deliveries, go from the catalog after [prune] records_after; an event that a \
      hook has not got stays, and so does what people said of frames.

        irisarchive prune --dry-run
        irisarchive prune --older-than '30 d' --yes
      """)

  @OptionGroup var root: RootOptions
  @Option(
    name: .long,
    help: ArgumentHelp("Superseded for so long; else [prune] superseded_after.", valueName: "time"))
  var olderThan: String?
  @Option(
    name: .long,
    help: ArgumentHelp("Log lines and events of so long ago; else [prune] records_after.", valueName: "time"))
  var recordsOlderThan: String?
  @Flag(name: .long, help: "Only tell what would be done.")
  var dryRun = false
  @Flag(name: .long, help: "Do it without asking.")
  var yes = false
  @OptionGroup var list: ListOptions

  func run() throws {
    let settings = try root.settings(flags: flags)
    let removal = ProductRemoval(products: try root.layout().products)
    let now = Clock.now
    let before = now - settings.supersededAfterSeconds
    let candidates = try root.reader().pruneCandidates(supersededBefore: before)
    let going = candidates.filter { $0.keep == nil }
    let bytes = going.map { removal.bytes(of: $0.product) }.reduce(0, +)
    Talk.line(
      "\(going.count) superseded before \(CatalogTime.text(before)) can go, \(bytes) bytes; "
        + "\(candidates.count - going.count) stay")
    let age = now - settings.recordsAfterSeconds
    let records = try root.reader().oldRecords(before: age)
    Talk.line("\(Self.sentence(records)) of before \(CatalogTime.text(age)) can go")
    if dryRun || (going.isEmpty && records.isEmpty) {
      try put(candidates.map { ($0, $0.keep == nil ? "can-go" : "kept", $0.keep ?? "") }, removal, now)
      if going.isEmpty && records.isEmpty { throw ExitStatus.nothingMatched }
      return
    }
    try confirm(candidates, records)
    if !records.isEmpty {
      Talk.line("\(Self.sentence(try root.writer().pruneRecords(before: age))) pruned")
    }
    try carryOut(candidates, removal, now)
  }

  private var flags: [SettingKey: (flag: String, value: String)] {
    var flags: [SettingKey: (flag: String, value: String)] = [:]
    flags[.supersededAfter] = olderThan.map { ("--older-than", $0) }
    flags[.recordsAfter] = recordsOlderThan.map { ("--records-older-than", $0) }
    return flags
  }

  private static func sentence(_ records: OldRecords) -> String {
    "\(records.notices) log lines, \(records.events) events and \(records.deliveries) deliveries"
  }

  /// The plan is shown before the question, where somebody is asked.
  private func confirm(_ candidates: [PruneCandidate], _ records: OldRecords) throws {
    if !yes {
      for item in candidates where item.keep == nil {
        Talk.line("  \(CommandFailure.oneLine(item.product.path ?? item.product.name))")
      }
    }
    let files = candidates.filter { $0.keep == nil }.count
    try Confirmation.ask(
      records.isEmpty ? "delete \(files) files?" : "delete \(files) files and \(Self.sentence(records))?",
      yes: yes)
  }

  private func carryOut(_ candidates: [PruneCandidate], _ removal: ProductRemoval, _ now: Double) throws {
    let writer = try root.writer()
    var rows: [(PruneCandidate, String, String)] = []
    for item in candidates {
      if let keep = item.keep {
        rows.append((item, "kept", keep))
        continue
      }
      do {
        let kept = try writer.prune(product: item.product.id, at: now) { try removal.remove($0) }
        rows.append((item, kept == nil ? "pruned" : "kept", kept ?? ""))
      } catch {
        // The file's own trouble is its row; the others go on.
        rows.append((item, "failed", (error.underlying as? CommandFailure)?.message ?? error.message))
      }
    }
    let (gone, failed) = (rows.filter { $0.1 == "pruned" }.count, rows.filter { $0.1 == "failed" }.count)
    if gone > 0 {
      try writer.note(
        "the files of \(gone) superseded products were pruned by \(NSUserName())", subject: "prune", at: now)
    }
    try put(rows, removal, now)
    Talk.line("\(gone) pruned, \(failed) failed")
    if failed > 0 { throw gone > 0 ? ExitStatus.someFailed : .failed }
  }

  private func put(
    _ rows: [(PruneCandidate, String, String)], _ removal: ProductRemoval, _ now: Double
  ) throws {
    let columns = [
      Column("name", .string), Column("outcome", .string), Column("reason", .string), Column("bytes", .int),
      Column("superseded_by", .string), Column("superseded_at", .string), Column("path", .string),
    ]
    let cells = rows.map { item, outcome, reason -> [Cell] in
      [
        .string(item.product.name), .string(outcome), .string(reason),
        item.product.bytes.map { .int($0) } ?? .null,
        .string(item.successor), .string(CatalogTime.text(item.supersededAt)), Cell(item.product.path),
      ]
    }
    try list.put(Table(columns, rows: cells, name: "prune"))
  }
}

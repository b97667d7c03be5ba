import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive ingest`
struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Take files into the catalog, where they lie, as the daemon does.",
    discussion: """
      With --rescan the whole watched tree is compared with the catalog now, not only at the next [intake] \
      reconcile_interval: by the daemon when it runs, else by this command.

        irisarchive ingest /data/a.fits
        irisarchive ingest --rescan
      """)

  @OptionGroup var root: RootOptions
  @Argument(help: "Files.")
  var files: [String] = []
  @Flag(name: .long, help: "Compare the whole watched tree with the catalog.")
  var rescan = false
  @OptionGroup var list: ListOptions

  mutating func validate() throws {
    if files.isEmpty != rescan { throw ValidationError("name files, or --rescan") }
  }

  func run() throws {
    if rescan { return try look() }
    let paths = files.map(Paths.absolute)
    let here = paths.filter { FileManager.default.fileExists(atPath: $0) }
    let missing = paths.filter { !here.contains($0) }.map { path in
      CommandFailure(
        code: "input-missing", message: "there is no such file", subject: path,
        hint: "ls \(ShellWord.quoted((path as NSString).deletingLastPathComponent))")
    }
    if here.isEmpty, let first = missing.first, missing.count == 1 { throw first }
    for failure in missing { Talk.line("error: \(failure)\nhint: \(failure.hint ?? "")") }
    if here.isEmpty { throw ExitStatus.inputMissing }
    try tell(
      try OneShotIngest(root: try root.path(), settings: try root.settings()).ingest(here), missing.count)
  }

  private func look() throws {
    let path = try root.path()
    let reader = try root.reader()
    if DaemonPulse(root: path, fact: try reader.fact("daemon")).takesRequests {
      try root.writer().askForRescan(at: Clock.now)
      return Talk.line("asked: the daemon compares the watched tree with the catalog now")
    }
    let looked = try OneShotIngest(root: path, settings: try root.settings()).rescan()
    Talk.line("\(looked.files) files lie in the watched tree; \(looked.reports.count) were new or different")
    try tell(looked.reports, 0)
  }

  private func tell(_ reports: [IngestReport], _ missing: Int) throws {
    let rows = reports.map { report -> [Cell] in
      [
        .string(report.path), .string("\(report.outcome)"), Cell(report.state), Cell(report.obsname),
        Cell(report.reason),
      ]
    }
    try list.put(
      Table(
        [
          Column("path", .string), Column("outcome", .string), Column("state", .string),
          Column("obsname", .string),
          Column("reason", .string),
        ], rows: rows, name: "ingested"))
    for report in reports where report.outcome == "refused" || report.outcome == "busy" {
      Talk.line("error: \(report.reason ?? report.outcome) — \(report.path)")
    }
    let busy = reports.count { $0.outcome == "busy" }
    let bad = reports.count { $0.state == "quarantined" || $0.outcome == "refused" }
    let failed = bad + busy + missing
    if failed == 0 { return }
    throw failed < reports.count + missing ? ExitStatus.someFailed : bad > 0 ? .badData : .temporary
  }
}

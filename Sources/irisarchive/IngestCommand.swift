import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive ingest`
struct IngestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Take files into the catalog, where they lie, as the daemon does.")

  @OptionGroup var root: RootOptions
  @Argument(help: "Files.")
  var files: [String]
  @OptionGroup var list: ListOptions

  func run() throws {
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
    let reports = try OneShotIngest(root: try root.path(), settings: try root.settings()).ingest(here)
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
    let failed = bad + busy + missing.count
    if failed == 0 { return }
    throw failed < paths.count ? ExitStatus.someFailed : bad > 0 ? .badData : .temporary
  }
}

import Archive
import ArgumentParser
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
    for path in paths where !FileManager.default.fileExists(atPath: path) {
      throw CommandFailure(code: "input-missing", message: "there is no such file", subject: path)
    }
    let reports = try OneShotIngest(root: try root.path(), settings: try root.settings()).ingest(paths)
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
    let bad = reports.count { $0.state == "quarantined" }
    if bad > 0 { throw bad == reports.count ? ExitStatus.badData : .someFailed }
  }
}

import ArgumentParser
import Foundation
import Glibc
import Tables

extension TableFormat: ExpressibleByArgument {}

/// How a command that answers with a table puts it out.
struct TableOutput: ParsableArguments {
  @Option(
    help: "Form of the answer: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  @Option(help: ArgumentHelp("Columns, separated by commas.", valueName: "a,b,c"))
  var columns: String?

  @Option(help: "At most so many rows; 0 for all.")
  var limit = 1000

  /// Table for people at a terminal, TSV in a pipe.
  private var chosen: TableFormat { format ?? (isatty(STDOUT_FILENO) == 1 ? .table : .tsv) }

  /// Puts a table out, cut to the limit with a word about it on standard error.
  /// - Throws: `TablesError` `unknown-column`.
  func put(_ table: Table) throws {
    let names = columns.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    var table = try names.map { names in try table.selecting(names) } ?? table
    if limit > 0, table.rows.count > limit {
      StandardError.write("showing \(limit) of \(table.rows.count); use --limit 0 for all\n")
      table = Table(table.columns, rows: Array(table.rows.prefix(limit)), name: table.name)
    }
    FileHandle.standardOutput.write(Data(chosen.render(table).utf8))
  }
}

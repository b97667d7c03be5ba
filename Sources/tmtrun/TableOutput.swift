import ArgumentParser
import Foundation
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

  mutating func validate() throws {
    if limit < 0 { throw ValidationError("--limit needs 0 or more, not \(limit)") }
  }

  /// Table for people at a terminal, TSV in a pipe.
  private var chosen: TableFormat { format ?? (Answer.isTerminal ? .table : .tsv) }

  /// Puts a table out, cut to the limit with a word about it on standard error.
  /// - Throws: `TablesError` `unknown-column`.
  func put(_ table: Table) throws {
    let options = TextOptions(width: Answer.width, colour: false)
    Answer.write(chosen.render(try selected(table), options: options))
  }

  /// The columns asked for, at most `limit` rows of them; says on standard error what it cut.
  func selected(_ table: Table) throws -> Table {
    let names = columns.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    let table = try names.map { names in try table.selecting(names) } ?? table
    guard limit > 0, table.rows.count > limit else { return table }
    StandardError.write("showing \(limit) of \(table.rows.count); use --limit 0 for all\n")
    return Table(
      table.columns, rows: Array(table.rows.prefix(limit)), name: table.name, description: table.description)
  }
}

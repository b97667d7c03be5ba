import ArgumentParser
import CatalogStore
import Foundation
import Glibc
import Tables

extension TableFormat: ExpressibleByArgument {}

/// When to colour.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// How a list is put out. The same for every command that has one.
struct ListOptions: ParsableArguments {
  /// Value of `--columns` that asks for their list.
  static let askForColumns = "?"

  @Option(
    name: .long,
    help: "Form of the answer: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  @Option(
    name: .long, help: ArgumentHelp("Columns, separated by commas; none: list them.", valueName: "a,b,c"))
  var columns: String?

  @Flag(name: .long, help: "Only the first column, one value a line.")
  var names = false

  @Option(name: .long, help: "At most so many rows; 0 for all.")
  var limit = 1000

  @Option(name: .shortAndLong, help: ArgumentHelp("Write the answer to a file.", valueName: "file"))
  var output: String?

  @Option(name: .long, help: "Colour: \(ColorChoice.allCases.map(\.rawValue).joined(separator: ", ")).")
  var color = ColorChoice.auto

  mutating func validate() throws {
    if limit < 0 { throw ValidationError("--limit needs 0 or more, not \(limit)") }
  }

  /// Table for people at a terminal, TSV in a pipe or a file.
  var chosenFormat: TableFormat { format ?? (Answer.isTerminal && output == nil ? .table : .tsv) }

  /// True when `--columns` has no value.
  var asksForColumns: Bool { columns == Self.askForColumns }

  /// The names after `--columns`, nil when the option was not given.
  var columnNames: [String]? {
    columns.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  private var usesColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    switch color {
    case .always: return true
    case .never: return false
    case .auto:
      let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
      return Answer.isTerminal && !refused && environment["TERM"] != "dumb" && output == nil
    }
  }

  /// Puts a list out: its columns as asked for, cut to the limit with a word about it on standard error.
  ///
  /// - Parameter total: how many rows there are, when `table` holds only the first of them.
  /// - Throws: `unknown-column`; `output-unwritable`.
  func put(_ table: Table, total: Int? = nil) throws {
    if asksForColumns { return try write(chosenFormat.render(Self.description(of: table.columns))) }
    var table = try columnNames.map { names in try table.selecting(names) } ?? table
    let count = total ?? table.rows.count
    if limit > 0 && count > limit {
      Talk.line("showing \(limit) of \(count); use --limit 0 for all")
      table = Table(
        table.columns, rows: Array(table.rows.prefix(limit)), name: table.name, description: table.description
      )
    }
    if names { return try write(Self.names(table)) }
    try write(chosenFormat.render(table, options: TextOptions(width: Answer.width, colour: usesColour)))
  }

  /// Puts text out, to standard output or to the file of `-o` (whole, by rename).
  func write(_ text: String) throws(CommandFailure) {
    guard let output else { return Answer.write(text) }
    let temporary = "\(output).\(getpid()).tmp"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
      guard rename(temporary, output) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    } catch {
      unlink(temporary)
      throw CommandFailure(
        code: "output-unwritable", message: "the file cannot be written: \(error.localizedDescription)",
        subject: output, hint: "choose another with -o", underlying: error)
    }
  }

  /// One value a line; what would break a line is escaped.
  private static func names(_ table: Table) -> String {
    guard let first = table.columns.first else { return "" }
    let column = Table([first], rows: table.rows.map { [$0[0]] })
    return TableFormat.tsv.render(column).split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
      .joined(separator: "\n")
  }

  static func description(of columns: [Column]) -> Table {
    Table(
      [
        Column("column", .string), Column("kind", .string), Column("unit", .string), Column("ucd", .string),
        Column("description", .string),
      ],
      rows: columns.map {
        [.string($0.name), .string($0.kind.rawValue), Cell($0.unit), Cell($0.ucd), Cell($0.description)]
      })
  }
}

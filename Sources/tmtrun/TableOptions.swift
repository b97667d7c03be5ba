import ArgumentParser
import Foundation
import Glibc
import PipelineEngine
import Tables

/// How a list is put out, and where.
struct TableOptions: ParsableArguments {
  @OptionGroup var form: TableOutput

  @Flag(help: "Only the first column, one value a line.")
  var names = false

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("Write the answer to a file.", valueName: "file"))
  var output: String?

  /// Table for people at a terminal, TSV in a pipe or a file.
  var chosenFormat: TableFormat { form.format ?? (Answer.isTerminal && output == nil ? .table : .tsv) }

  /// - Throws: `TablesError` `unknown-column`; `EngineError` `output-folder` when the file cannot be written.
  func put(_ table: Table) throws {
    let table = try form.selected(table)
    if names {
      let first = Table([table.columns[0]], rows: table.rows.map { [$0[0]] })
      let lines = TableFormat.tsv.render(first).split(separator: "\n", omittingEmptySubsequences: false)
      return try write(lines.dropFirst().joined(separator: "\n"))
    }
    try write(chosenFormat.render(table, options: TextOptions(width: Answer.width, colour: false)))
  }

  /// Puts text out, to standard output or to the file of `-o` (whole, by rename).
  func write(_ text: String) throws {
    guard let output else { return Answer.write(text) }
    let temporary = "\(output).\(getpid()).tmp"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
      guard rename(temporary, output) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    } catch {
      unlink(temporary)
      throw EngineError(
        "output-folder", "the file cannot be written: \(error.localizedDescription)", subject: output,
        hint: "choose another with -o", underlying: error)
    }
  }
}

import ArgumentParser
import Foundation
import Glibc
import PipelineEngine
import Tables

extension TableFormat: ExpressibleByArgument {}

/// How a list of `tmtrun refs` is put out: a table at a terminal, TSV in a pipe.
struct RefsOutput: ParsableArguments {
  @Option(
    name: .long, help: "Form of the answer: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  @Option(name: .long, help: ArgumentHelp("Columns, separated by commas.", valueName: "a,b,c"))
  var columns: String?

  @Option(name: .long, help: "At most so many rows; 0 for all.")
  var limit = 1000

  @Option(name: .shortAndLong, help: ArgumentHelp("Write the answer to a file.", valueName: "file"))
  var output: String?

  mutating func validate() throws {
    if limit < 0 { throw ValidationError("--limit needs 0 or more, not \(limit)") }
  }

  private var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 && output == nil }

  /// - Throws: `TablesError` `unknown-column`; `EngineError` `write-failed`.
  func put(_ table: Table) throws {
    let names = columns.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    var table = try names.map { names in try table.selecting(names) } ?? table
    if limit > 0, table.rows.count > limit {
      StandardError.write("showing \(limit) of \(table.rows.count); use --limit 0 for all\n")
      table = Table(
        table.columns, rows: Array(table.rows.prefix(limit)), name: table.name, description: table.description
      )
    }
    let environment = ProcessInfo.processInfo.environment
    let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
    let text = (format ?? (isTerminal ? .table : .tsv)).render(
      table, options: TextOptions(width: isTerminal ? width : nil, colour: isTerminal && !isPlain))
    guard let output else { return StandardOutput.write(text) }
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
    } catch {
      throw EngineError(
        "write-failed", "the file cannot be written", subject: output, hint: "choose another with -o",
        underlying: error)
    }
  }

  private var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// The answer; a reader that went away ends the program quietly.
private enum StandardOutput {
  static func write(_ text: String) {
    signal(SIGPIPE, SIG_IGN)
    var text = text
    let isWritten = text.withUTF8 { bytes -> Bool in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return true
    }
    if !isWritten { exit(errno == EPIPE ? 0 : 1) }
  }
}

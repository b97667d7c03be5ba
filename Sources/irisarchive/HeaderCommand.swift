import ArgumentParser
import CatalogStore
import FITSStructure
import Foundation
import Glibc
import Tables

/// `irisarchive header`
struct HeaderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "header", abstract: "Headers of files: all of it, or one row per file with some keywords.",
    discussion: """
      With --keys the first HDU that has the keyword says its value. Without, --format gives one row per \
      record. Needs no archive.

        irisarchive header night1/*.fits --keys OBSNAME,EXPTIME
      """)

  @Argument(help: "FITS files, also gzipped.")
  var files: [String]
  @Option(name: .long, help: ArgumentHelp("Keywords, separated by commas.", valueName: "A,B"))
  var keys: String?
  @Flag(name: .long, help: "Tell the code and the cause of an error.")
  var debug = false
  @OptionGroup var list: ListOptions

  func run() throws {
    let keys = (self.keys ?? "").split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespaces).uppercased()
    }
    var rows: [[Cell]] = []
    var failures: [CommandFailure] = []
    for file in files {
      do throws(CommandFailure) {
        let structure = try Self.structure(file)
        if !keys.isEmpty {
          rows.append([.string(file)] + keys.map { Self.value(of: $0, in: structure) })
        } else if list.format == nil {
          try list.write(Self.text(structure, file))
        } else {
          rows += HeaderTable.cards(of: structure, file: file)
        }
      } catch {
        Talk.line("error: \(error)")
        if let hint = error.hint { Talk.line("hint: \(hint)") }
        failures.append(error)
      }
    }
    if !keys.isEmpty {
      Self.tellUnknown(keys, rows)
      try list.put(HeaderTable.table(keys: keys, rows: rows))
    } else if list.format != nil {
      var whole = list
      whole.limit = 0
      try whole.put(HeaderTable.cardTable(rows, typed: list.format == .json || list.format == .jsonl))
    }
    guard let first = failures.first else { return }
    throw failures.count < files.count ? ExitStatus.someFailed : first.status
  }

  /// A note for each keyword that no file has and the schema does not know.
  private static func tellUnknown(_ keys: [String], _ rows: [[Cell]]) {
    for (index, key) in keys.enumerated() where !rows.isEmpty && !KeywordCheck.isKnown(key) {
      guard rows.allSatisfy({ $0[index + 1] == .null }) else { continue }
      Talk.line("note: no file has \(key)\(KeywordCheck.hint(key).map { "; \($0)" } ?? "")")
    }
  }

  /// The structure of a file named on the command line.
  ///
  /// - Throws: ``CommandFailure`` `input-missing`, `not-fits`.
  static func structure(_ file: String) throws(CommandFailure) -> FileStructure {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw CommandFailure(
        code: "input-missing", message: "cannot be opened: \(String(cString: strerror(errno)))",
        subject: file,
        hint: "check the path")
    }
    defer { close(descriptor) }
    let structure: FileStructure
    do {
      structure = try FileStructure.read(descriptor: descriptor, hasWriter: false)
    } catch {
      throw CommandFailure(
        code: error.code, message: error.message, subject: file,
        hint: error.hint ?? "head -c 80 \(ShellWord.quoted(file)) shows how it begins", underlying: error)
    }
    if case .notFITS(let reason) = structure.completeness {
      throw CommandFailure(
        code: "not-fits", message: "not FITS: \(reason)", subject: file,
        hint: "head -c 80 \(ShellWord.quoted(file)) shows how it begins")
    }
    return structure
  }

  private static func text(_ structure: FileStructure, _ file: String) -> String {
    structure.hdus.map { hdu in
      "# \(file) HDU \(hdu.index)\(hdu.name.isEmpty ? "" : " \(hdu.name)")\n"
        + HeaderForm.records(hdu.header.text)
    }.joined(separator: "\n")
  }

  private static func value(of key: String, in structure: FileStructure) -> Cell {
    for hdu in structure.hdus {
      guard let card = hdu.header.cards.first(where: { $0.keyword == key }) else { continue }
      return card.value.map(HeaderForm.cell) ?? .string(card.comment)
    }
    return .null
  }
}

/// Rows of header values as a table: a column is numeric when all its values are.
enum HeaderTable {
  /// One row per record of a header.
  static func cards(of structure: FileStructure, file: String) -> [[Cell]] {
    structure.hdus.flatMap { hdu in
      hdu.header.cards.map { card in
        [
          .string(file), .int(Int64(hdu.index)), .string(card.keyword),
          card.value.map(HeaderForm.cell) ?? .null, .string(card.comment),
        ]
      }
    }
  }

  /// - Parameter typed: numbers and logicals keep their kind (JSON); else values are text.
  static func cardTable(_ rows: [[Cell]], typed: Bool) -> Table {
    let columns = [
      Column("file", .string), Column("hdu", .int), Column("keyword", .string), Column("value", .string),
      Column("comment", .string),
    ]
    let rows = rows.map { row in
      typed || row[3] == .null ? row : [row[0], row[1], row[2], .string(row[3].text), row[4]]
    }
    return Table(columns, rows: rows, name: "headers")
  }

  static func table(keys: [String], rows: [[Cell]]) -> Table {
    let kinds = keys.indices.map { kind(of: $0 + 1, in: rows) }
    let columns = [Column("file", .string)] + zip(keys, kinds).map { Column($0, $1) }
    let uniform = rows.map { row in
      zip(row, columns).map { cell, column in
        column.kind == .string && cell != .null ? Cell.string(cell.text) : cell
      }
    }
    return Table(columns, rows: uniform, name: "headers")
  }

  private static func kind(of column: Int, in rows: [[Cell]]) -> Column.Kind {
    let values = rows.map { $0[column] }.filter { $0 != .null }
    let kinds = Set(
      values.map { cell -> Column.Kind in
        switch cell {
        case .int: .int
        case .double: .double
        case .bool: .bool
        case .string, .null: .string
        }
      })
    if kinds.count == 1, let only = kinds.first { return only }
    return kinds == [.int, .double] ? .double : .string
  }
}

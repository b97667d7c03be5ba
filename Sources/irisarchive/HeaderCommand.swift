import ArgumentParser
import FITSStructure
import Foundation
import Glibc
import Tables

/// `irisarchive header`
struct HeaderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "header", abstract: "Headers of files: all of it, or one row per file with some keywords.",
    discussion: """
      With --keys the first HDU that has the keyword says its value. Needs no archive.

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
        if keys.isEmpty { Answer.write(Self.text(structure, file)) }
        rows.append([.string(file)] + keys.map { Self.value(of: $0, in: structure) })
      } catch {
        Talk.line("error: \(error)")
        failures.append(error)
      }
    }
    if !keys.isEmpty { try list.put(HeaderTable.table(keys: keys, rows: rows)) }
    guard let first = failures.first else { return }
    throw failures.count < files.count ? ExitStatus.someFailed : first.status
  }

  /// The structure of a file named on the command line.
  ///
  /// - Throws: ``CommandFailure`` `input-missing`, `not-fits`.
  static func structure(_ file: String) throws(CommandFailure) -> FileStructure {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw CommandFailure(
        code: "input-missing", message: "cannot be opened: \(String(cString: strerror(errno)))", subject: file
      )
    }
    defer { close(descriptor) }
    let structure: FileStructure
    do {
      structure = try FileStructure.read(descriptor: descriptor, hasWriter: false)
    } catch {
      throw CommandFailure(error)
    }
    if case .notFITS(let reason) = structure.completeness {
      throw CommandFailure(code: "not-fits", message: "not FITS: \(reason)", subject: file)
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

import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Tables

/// `irisarchive backup`
struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy catalog, configuration, hooks, rules and references into a folder.",
    discussion: """
      Makes DIR/irisarchive-<UTC time>, whole or not at all; nothing is ever overwritten, and the daemon goes on. The \
      copy of the catalog is checked before it counts. References that the newest backup in DIR holds with the same \
      content are linked to it, so a series of backups keeps each once. Raw files and products are not in it. How to \
      restore stands in the backup's README.

        irisarchive backup --to /mnt/backup/iris
      """)

  @OptionGroup var root: RootOptions
  @Option(name: .long, help: ArgumentHelp("Folder of backups; made when it is not there.", valueName: "dir"))
  var to: String
  @Flag(name: .long, help: "Leave reference files out (rules and their mappings are always in).")
  var noReferences = false
  @OptionGroup var list: ListOptions

  func run() throws {
    let layout = try root.layout()
    let backup = ArchiveBackup(
      layout: layout, folder: Paths.absolute(to), holdsReferences: !noReferences,
      version: IrisArchive.version)
    let made = try backup.make(reader: try root.reader(), now: Clock.now)
    if backup.sharesDisk { Talk.line("warning: \(backup.folder) is on the disk of the catalog") }
    Talk.line("made and checked: \(made.path)")
    let columns = [
      Column("part", .string), Column("path", .string), Column("files", .int), Column("bytes", .int),
      Column("detail", .string),
    ]
    let rows = made.parts.map { part -> [Cell] in
      [
        .string(part.name), .string("\(made.path)/\(part.folder)"), .int(Int64(part.files)), .int(part.bytes),
        .string(part.detail),
      ]
    }
    try list.put(Table(columns, rows: rows, name: "backup"))
  }
}

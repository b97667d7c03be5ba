import Archive
import ArgumentParser
import CatalogStore
import Foundation
import Glibc
import Settings
import Tables
import Template

/// `irisarchive init`
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Lay down an archive: folders, catalog, configuration, rules, hook samples.",
    discussion: """
      Safe to repeat: an edited file stays, and what is new lies beside it as FILE.new. The service unit \
      (config/systemd) gets the paths of this archive, those of folders that its settings put on other disks, too.
      """)

  @Argument(help: "Root of the archive.")
  var directory: String
  @Flag(name: .long, help: "Tell the code and the cause of an error.")
  var debug = false
  @OptionGroup var list: ListOptions

  func run() throws {
    // Hooks that others could write are refused, so nothing here is laid down that way.
    umask(0o022)
    let root = Paths.absolute(directory)
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    var laid = try unit(root).filled(.embedded).lay(at: root)
    let catalog = root + "/catalog/catalog.sqlite"
    let existed = FileManager.default.fileExists(atPath: catalog)
    _ = try CatalogWriter(path: catalog)
    laid.append(LaidFile(path: "catalog/catalog.sqlite", action: existed ? .kept : .created))
    let rows = laid.map { [Cell.string($0.path), .string($0.action.rawValue)] }
    try list.put(Table([Column("path", .string), Column("action", .string)], rows: rows, name: "laid"))
    let word = ShellWord.quoted(root)
    Talk.line(
      "\(root) is an archive. Next: irisarchive doctor --root \(word); irisarchive watch --root \(word)")
  }

  /// Folders on other disks are known once the archive has its own settings: a repeated init adds them.
  private func unit(_ root: String) -> ServiceUnit {
    let path = root + "/" + ArchiveSettings.relativePath
    let settings = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
      try? ArchiveSettings(text: $0, path: path)
    }
    let layout = settings.map { ArchiveLayout(root: root, settings: $0) }
    let metrics = settings?.metricsFile(root: root).map { ($0 as NSString).deletingLastPathComponent }
    let folders = [layout?.products, layout?.work, layout?.logs, layout?.rules, metrics].compactMap { $0 }
    return ServiceUnit(
      root: root, program: Programs.ownFolder + "/irisarchive", user: geteuid() == 0 ? nil : NSUserName(),
      writable: Set(folders.filter { $0 != root && !$0.hasPrefix(root + "/") }).sorted())
  }
}

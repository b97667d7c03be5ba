import Archive
import CatalogStore
import Foundation
import Glibc

/// One backup: a dated folder that appears whole, by rename.
struct ArchiveBackup {
  struct Part {
    var name: String
    /// Below the backup.
    var folder: String
    var files: Int
    var bytes: Int64
    var detail = ""
  }

  struct Made {
    var path: String
    var parts: [Part]
  }

  let layout: ArchiveLayout
  /// Where backups go; absolute.
  let folder: String
  let holdsReferences: Bool
  let version: String

  /// Whether the disk that takes the catalog with it takes the backup, too.
  var sharesDisk: Bool {
    var (here, there) = (stat(), stat())
    return stat(folder, &here) == 0 && stat(layout.catalog, &there) == 0 && here.st_dev == there.st_dev
  }

  /// - Parameter now: seconds since 1970 UTC; names the folder.
  /// - Throws: ``CommandFailure`` `usage` for a folder that the archive itself uses, `failed` when something cannot be
  ///   read or written; ``CatalogError``.
  func make(reader: CatalogReader, now: Double) throws -> Made {
    try refuseOwnFolders()
    let stamp = Self.stamp(now)
    try makeFolder(folder)
    let temporary = "\(folder)/.irisarchive-\(stamp)-\(getpid()).part"
    do {
      let parts = try fill(temporary, reader: reader, now: now)
      try FolderCopy.sync(temporary)
      return Made(path: try putInPlace(temporary, stamp), parts: parts)
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
  }

  /// Mappings are written before the catalog names their context, and never change: copied after it, they hold it.
  private func fill(_ temporary: String, reader: CatalogReader, now: Double) throws -> [Part] {
    try makeFolder(temporary + "/catalog")
    let copy = temporary + "/catalog/catalog.sqlite"
    let held = try reader.backUp(to: copy)
    var parts = [
      Part(
        name: "catalog", folder: "catalog/catalog.sqlite", files: 1, bytes: FolderCopy.size(copy),
        detail: "\(held.frames) files, \(held.products) products, \(held.jobs) jobs; sound")
    ]
    let previous = newest()
    func add(_ name: String, from source: String, to target: String, sharing: Bool = false) throws {
      guard access(source, F_OK) == 0 else { return }
      let copy = FolderCopy(previous: sharing ? previous.map { "\($0)/\(target)" } : nil)
      let tally = try copy.copy(source, to: "\(temporary)/\(target)")
      let detail = tally.linked > 0 ? "\(tally.linked) shared with \(previous ?? "")" : ""
      parts.append(Part(name: name, folder: target, files: tally.files, bytes: tally.bytes, detail: detail))
    }
    try add("config", from: layout.root + "/config", to: "config")
    try add("hooks", from: layout.hooks, to: "hooks")
    try add("rules", from: layout.rules + "/config", to: "crds/config")
    try add("rules", from: layout.rules + "/mappings", to: "crds/mappings")
    if holdsReferences {
      try add("references", from: layout.rules + "/references", to: "crds/references", sharing: true)
    }
    if let context = held.context { try require(context, in: temporary + "/crds/mappings") }
    let readme = RestoreGuide(
      root: layout.root, rules: layout.rules, version: version, held: held, now: now,
      holdsReferences: holdsReferences, owner: RestoreGuide.owner(of: layout.root))
    try Data(readme.text.utf8).write(to: URL(fileURLWithPath: temporary + "/README"))
    return parts
  }

  private func require(_ context: String, in mappings: String) throws {
    let names = FileManager.default.enumerator(atPath: mappings)?.compactMap { $0 as? String } ?? []
    guard names.contains(where: { ($0 as NSString).lastPathComponent == context }) else {
      throw CommandFailure(
        code: "failed", message: "the rules do not hold the context that the catalog uses", subject: context,
        hint: "irisarchive doctor")
    }
  }

  // MARK: places

  private func refuseOwnFolders() throws {
    let own = [
      layout.incoming, layout.products, layout.work, layout.logs, layout.hooks, layout.rules,
      layout.root + "/catalog", layout.root + "/config",
    ]
    let inside = own.first { folder == $0 || folder.hasPrefix($0 + "/") }
    if let inside {
      throw CommandFailure(
        code: "usage", message: "a backup does not go into a folder of the archive", subject: inside,
        hint: "--to DIR, best on another disk")
    }
  }

  private func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure(
        code: "failed", message: "the folder cannot be made: \(String(cString: strerror(errno)))",
        subject: path, hint: "--to DIR that you may write to", underlying: error)
    }
  }

  /// A folder that exists takes no rename unless it is empty; a number is added to the name then.
  private func putInPlace(_ temporary: String, _ stamp: String) throws -> String {
    for number in 1...100 {
      let target = "\(folder)/irisarchive-\(stamp)" + (number > 1 ? "_\(number)" : "")
      if access(target, F_OK) == 0 { continue }
      if rename(temporary, target) == 0 {
        try FolderCopy.sync(file: folder)
        return target
      }
      guard errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR else { break }
    }
    throw CommandFailure(
      code: "failed", message: "the backup cannot be put in place: \(String(cString: strerror(errno)))",
      subject: folder)
  }

  /// The newest backup in the folder.
  private func newest() -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("irisarchive-") }.max().map { "\(folder)/\($0)" }
  }

  /// 20260714T091244Z
  static func stamp(_ time: Double) -> String {
    let text = CatalogTime.text(time.rounded(.down))
    return text.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
  }
}

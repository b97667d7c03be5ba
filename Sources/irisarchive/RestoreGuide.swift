import CatalogStore
import Foundation

/// The README of a backup: what it holds, and the commands that restore it, ready to be run in the backup's folder.
struct RestoreGuide {
  let root: String
  let rules: String
  let version: String
  let held: CatalogCopy
  let now: Double
  let holdsReferences: Bool
  /// Name of the user to whom the archive's folder belongs; nil when it is not known.
  let owner: String?

  var text: String {
    """
    Backup of the archive \(root), made \(CatalogTime.text(now)) by irisarchive \(version).

    It holds the catalog (\(held.frames) files, \(held.products) products, \(held.jobs) jobs; newest record \
    \(held.newestRecord.map(CatalogTime.text) ?? "none")),
    the configuration, the hooks, and the reference rules\(references).
    It does not hold raw files and products: they stay in their folders, which have backups of their own.

    To restore: stop the daemon, then, in the folder of this README (the first line moves away what is left; nothing
    is overwritten, so edited settings stay as they are when they are still there)\(user):

    \(commands.map { "    " + $0 }.joined(separator: "\n"))

    The last line takes in again whatever arrived after this backup, and makes its products again. Only what happened
    after it and is written nowhere else is lost: verdicts (flag), closed nights and associations, requests, the
    history of jobs and of hooks, and contexts in which masters made later were inserted (they are inserted anew).
    Products that were made after it lie in the products' folder without a record: where one of that name is made
    again, the old file is put aside under work/orphans. Hooks may be told again of what they know already.

    """
  }

  /// The daemon must be able to write what these commands make.
  private var user: String {
    guard let owner else { return "" }
    let name = ShellWord.quoted(owner)
    let way = owner == "root" ? "" : "; as root, begin with: sudo -u \(name) -s"
    return ".\nRun them as \(owner), to whom the archive belongs\(way)"
  }

  /// The owner of a folder by name.
  static func owner(of folder: String) -> String? {
    (try? FileManager.default.attributesOfItem(atPath: folder))?[.ownerAccountName] as? String
  }

  private var references: String {
    holdsReferences
      ? " with their references" : " without their references, which were left out with --no-references"
  }

  /// Each is one line of shell.
  var commands: [String] {
    let (root, rules) = (ShellWord.quoted(root), ShellWord.quoted(rules))
    return [
      "if [ -e \(root)/catalog ]; then mv \(root)/catalog \(root)/catalog.broken-$(date -u +%Y%m%dT%H%M%SZ); fi",
      "mkdir -p \(root)/config \(root)/hooks \(rules)",
      "cp -a catalog \(root)/",
      "tar -C config -c . | tar -C \(root)/config -xp --skip-old-files",
      "if [ -d hooks ]; then tar -C hooks -c . | tar -C \(root)/hooks -xp --skip-old-files; fi",
      "if [ -d crds ]; then tar -C crds -c . | tar -C \(rules) -xp --skip-old-files; fi",
      "irisarchive doctor --root \(root)",
      "irisarchive watch --once --root \(root)",
    ]
  }
}

import Archive
import CatalogStore
import Foundation
import Settings
import Synchronization

extension RootOptions {
  /// The archive's settings: flag > environment > file > built-in.
  ///
  /// - Throws: ``CommandFailure`` `configuration-missing`, `SettingsError`.
  func settings(flags: [SettingKey: (flag: String, value: String)] = [:]) throws -> ArchiveSettings {
    let file = try path() + "/" + ArchiveSettings.relativePath
    let text: String
    do {
      text = try String(contentsOfFile: file, encoding: .utf8)
    } catch {
      throw CommandFailure(
        code: "configuration-missing", message: "the archive's settings cannot be read", subject: file,
        hint: "irisarchive init DIR lays a missing file down again", underlying: error)
    }
    let environment = ProcessInfo.processInfo.environment
    UnknownVariables.tell(in: environment)
    return try ArchiveSettings(text: text, path: file, environment: environment, flags: flags)
  }

  /// Where things are.
  func layout() throws -> ArchiveLayout { ArchiveLayout(root: try path(), settings: try settings()) }

  /// Folder of kept logs.
  func logsFolder() throws -> String { try layout().logs }
}

/// Variables that look like settings and are none.
private enum UnknownVariables {
  private static let told = Mutex(false)

  /// Warns once, with near matches.
  static func tell(in environment: [String: String]) {
    let isFirst = told.withLock { told in
      defer { told = true }
      return !told
    }
    guard isFirst else { return }
    let known = SettingKey.allCases.map(\.environmentVariable)
    let sections = SettingKey.sections.map { "IRISARCHIVE_\($0.uppercased())_" }
    for name in environment.keys.sorted() where !known.contains(name) {
      guard sections.contains(where: name.hasPrefix) else { continue }
      let near = NearNames.matches(of: name, in: known).joined(separator: " or ")
      Talk.line("warning: \(name) is no setting\(near.isEmpty ? "" : "; did you mean \(near)?")")
    }
  }
}

/// Other programs of the package.
enum Programs {
  /// The folder of this program.
  static var ownFolder: String {
    let own =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
    return (own as NSString).deletingLastPathComponent
  }

  /// Absolute path of `tmtrun`: as the settings say, else beside this program.
  static func tmtrun(root: String, settings: ArchiveSettings) -> String {
    settings.tmtrunPath(root: root, programFolder: ownFolder)
  }
}

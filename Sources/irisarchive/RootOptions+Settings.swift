import Archive
import Foundation
import Settings

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
    return try ArchiveSettings(
      text: text, path: file, environment: ProcessInfo.processInfo.environment, flags: flags)
  }

  /// Where things are.
  func layout() throws -> ArchiveLayout { ArchiveLayout(root: try path(), settings: try settings()) }

  /// Folder of kept logs.
  func logsFolder() throws -> String { try layout().logs }
}

/// Other programs of the package.
enum Programs {
  /// Absolute path of `tmtrun`: as the settings say, else beside this program.
  static func tmtrun(root: String, settings: ArchiveSettings) -> String {
    let own =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
    return settings.tmtrunPath(root: root, programFolder: (own as NSString).deletingLastPathComponent)
  }
}

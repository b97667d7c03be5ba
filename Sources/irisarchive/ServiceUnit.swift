import Foundation
import Glibc
import Template

/// The unit of systemd with the paths of one archive filled in.
struct ServiceUnit {
  static let path = "config/systemd/irisarchive.service"
  /// What the template has in their places.
  private static let templateRoot = "/srv/irisarchive"
  private static let templateProgram = "/usr/local/bin/irisarchive"

  let root: String
  /// Absolute path of this program.
  let program: String
  /// Who is to run it; nil leaves the template's user.
  let user: String?
  /// Folders outside the root that the archive writes to.
  let writable: [String]

  /// The template with its unit filled in.
  func filled(_ template: ArchiveTemplate) -> ArchiveTemplate {
    ArchiveTemplate(
      files: template.files.map { file in
        guard file.path == Self.path else { return file }
        return TemplateFile(path: file.path, mode: file.mode, text: text(file.text))
      })
  }

  /// The unit's text with the template's paths replaced, line by line; comments are left as they are.
  func text(_ unit: String) -> String {
    unit.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, !line.hasPrefix("#") else { return String(line) }
      return value(parts[0]).map { "\(parts[0])=\($0)" } ?? String(line)
    }.joined(separator: "\n")
  }

  private func value(_ key: String) -> String? {
    switch key {
    case "RequiresMountsFor", "ReadWritePaths": ([root] + writable).map(Self.word).joined(separator: " ")
    case "Environment": Self.word("IRISARCHIVE_ROOT=" + root)
    // Taken as it stands, but for specifiers.
    case "WorkingDirectory": root.replacing("%", with: "%%")
    case "ExecStart": Self.word(program).replacing("$", with: "$$") + " watch"
    case "User", "Group": user
    default: nil
    }
  }

  /// A word of a list: quoted, and nothing in it a specifier.
  private static func word(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("%", with: "%%")
    return "\"\(escaped)\""
  }
}

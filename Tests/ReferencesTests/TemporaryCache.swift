import Foundation
import References

/// A copy of a cache in a folder of its own, gone with the object.
final class TemporaryCache {
  let path: String

  /// Copies `source`, by default the project's own rules.
  init(from source: URL = TemporaryCache.projectRules) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rules-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: source.resolvingSymlinksInPath(), to: folder)
    path = folder.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  static let projectRules = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "crds")

  var inserter: ReferenceInserter { ReferenceInserter(cachePath: path) }

  func addReference(_ name: String, content: String = "reference") throws {
    try Data(content.utf8).write(to: URL(filePath: "\(path)/references/tmt/iris/\(name)"))
  }

  func names(of folder: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)"))
  }

  func write(_ text: String, as name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(path)/mappings/tmt/\(name)"))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/mappings/tmt/\(name)", encoding: .utf8)
  }
}

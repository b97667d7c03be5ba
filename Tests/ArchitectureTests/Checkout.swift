import Foundation

/// The files of this checkout.
enum Checkout {
  /// The folder with Package.swift.
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Folders at the top that hold what is made, not what is written.
  private static let made: Set<String> = [".git", ".build", "demo-archive"]

  /// Paths of the regular files under `folder` (relative to it), in order.
  static func files(under folder: String = "", where isWanted: (String) -> Bool = { _ in true }) -> [String] {
    let base = folder.isEmpty ? root : root.appendingPathComponent(folder)
    let walker = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
    var paths: [String] = []
    while let url = walker?.nextObject() as? URL {
      let path = String(url.path.dropFirst(base.path.count + 1))
      let values = try? url.resourceValues(forKeys: [.isRegularFileKey, .isDirectoryKey])
      if values?.isDirectory == true, made.contains(path) { walker?.skipDescendants() }
      if values?.isRegularFile == true, !made.contains(path), isWanted(path) { paths.append(path) }
    }
    return paths.sorted()
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }
}

import Foundation

/// Paths as another process can use them.
enum AbsolutePath {
  static func of(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    return URL(fileURLWithPath: full).standardized.path
  }
}

import Foundation
import Glibc

/// The folder of this run of the tests, in memory where that is to be had; removed when the run ends, and those of
/// runs that could not when the next one begins.
enum Workspace {
  private static let prefix = "irisarchive-e2e-"

  static let root: String = {
    let memory = FileManager.default.fileExists(atPath: "/dev/shm")
    let base = memory ? "/dev/shm" : (NSTemporaryDirectory() as NSString).standardizingPath
    clearOld(in: base)
    atexit {
      Daemon.endAll()
      try? FileManager.default.removeItem(atPath: Workspace.root)
    }
    let path = "\(base)/\(prefix)\(getpid())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    chmod(path, 0o755)
    return path
  }()

  /// A new name in it; nothing is made.
  static func name(_ stem: String) -> String { "\(root)/\(stem)-\(UUID().uuidString.prefix(8))" }

  private static func clearOld(in base: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] {
      guard name.hasPrefix(prefix), let pid = Int32(name.dropFirst(prefix.count)) else { continue }
      if kill(pid, 0) != 0 && errno == ESRCH {
        try? FileManager.default.removeItem(atPath: "\(base)/\(name)")
      }
    }
  }
}

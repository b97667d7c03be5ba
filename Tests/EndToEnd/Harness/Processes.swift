import Foundation

/// Processes of this machine, by their command lines.
enum Processes {
  /// Command lines, with process ids, of running processes that name `path`.
  static func of(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name -> String? in
      guard Int32(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
      else {
        return nil
      }
      let line = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
      return line.contains(path + "/") ? "\(name): \(line)" : nil
    }
  }
}

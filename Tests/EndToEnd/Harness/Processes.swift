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

  /// A running `tmtrun --job` of an archive.
  struct Job: Sendable {
    var pid: Int32
    /// Name of the job, by its folder in `work/`.
    var job: String
  }

  /// The jobs that run right now.
  static func jobs(of root: String) throws -> [Job] {
    let folder = "work"
    return try of(root).compactMap { line in
      guard line.contains("tmtrun"), let place = line.range(of: "\(root)/\(folder)/"),
        let pid = Int32(line.prefix { $0 != ":" })
      else { return nil }
      return Job(pid: pid, job: String(line[place.upperBound...].prefix { $0 != "/" }))
    }
  }

  /// The most memory that a process had at a time.
  static func peakBytes(of pid: Int32) -> Int? {
    let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 }
  }
}

import Foundation
import Testing

/// How hard the fault-injection tests go: the short form that every run of the tests has, or the long one of
/// `make torture`. See README.md beside this file.
enum Torture {
  private static let environment = ProcessInfo.processInfo.environment

  /// True in `make torture`.
  static let isLong = environment["IRISARCHIVE_TORTURE"] != nil

  /// Seconds that a daemon may take to start.
  static let startUp: Double = isLong ? 120 : 30

  /// What every random choice follows from.
  static let seed = environment["IRISARCHIVE_TORTURE_SEED"].flatMap { UInt64($0) } ?? 1

  /// How many of something: IRISARCHIVE_TORTURE_<NAME>, else by the form.
  static func count(_ name: String, short: Int, long: Int) -> Int {
    environment["IRISARCHIVE_TORTURE_\(name)"].flatMap { Int($0) } ?? (isLong ? long : short)
  }

  /// Words that say how to run the same again.
  static func again(_ seed: UInt64, _ counts: String = "") -> Comment {
    "again with: IRISARCHIVE_TORTURE_SEED=\(seed)\(isLong ? " IRISARCHIVE_TORTURE=1" : "") \(counts)"
  }

  /// Keeps a file for the fuzz targets, in the folder IRISARCHIVE_TORTURE_CORPUS if that is given.
  static func keep(_ bytes: [UInt8], as name: String) throws {
    guard let folder = environment["IRISARCHIVE_TORTURE_CORPUS"], bytes.count <= 65_536 else { return }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
  }

  /// A line of progress, in the long form only.
  static func progress(_ line: String) {
    if isLong { FileHandle.standardError.write(Data("  \(line)\n".utf8)) }
  }

  /// A line of the table at the end of `make torture`, also kept in the file IRISARCHIVE_TORTURE_REPORT.
  static func report(_ what: String, _ values: String) {
    progress("\(what): \(values)")
    guard let path = environment["IRISARCHIVE_TORTURE_REPORT"],
      let file = FileHandle(forWritingAtPath: path)
    else { return }
    file.seekToEndOfFile()
    file.write(Data("\(what)\t\(values)\n".utf8))
    try? file.close()
  }

  /// The `fraction` quantile of some times: the smallest value that so many do not exceed.
  static func quantile(_ values: [Double], _ fraction: Double) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted[min(sorted.count - 1, Int((fraction * Double(sorted.count)).rounded(.up)) - 1)]
  }

  /// `p50 1.2 ms, p99 3.4 ms` of times in seconds.
  static func milliseconds(_ values: [Double]) -> String {
    let words = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map { name, fraction in
      "\(name) \(String(format: "%.1f", 1000 * quantile(values, fraction)))"
    }
    return words.joined(separator: ", ") + " ms of \(values.count)"
  }
}

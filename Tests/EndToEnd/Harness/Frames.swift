import Foundation

/// Single frames of `irissim`, each made once.
enum Frames {
  static let folder: String = {
    let path = Workspace.name("frames")
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()

  /// Writes a frame and tells where.
  static func make(_ name: String, _ obsname: String, _ options: [String] = []) async throws -> String {
    let path = "\(folder)/\(name)-\(UUID().uuidString.prefix(6)).fits"
    let size = options.contains("--detector-size") ? [] : ["--detector-size", "64"]
    try await Command.succeed(
      Programs.irissim, ["frame", "--obsname", obsname] + size + options + ["-o", path])
    return path
  }

  /// The start of the `index`th exposure of a made up night.
  static func start(_ index: Int) -> String {
    let minutes = 10 + index
    let text = { (n: Int) in n < 10 ? "0\(n)" : "\(n)" }
    return "2026-07-15T\(text(2 + minutes / 60)):\(text(minutes % 60)):00"
  }

  /// `count` equal 10 s darks of the first imager detector, in order.
  static func darks(_ count: Int, seed: Int = 1) async throws -> [String] {
    var paths: [String] = []
    for index in 1...count {
      paths.append(
        try await make(
          "dark\(index)", "IMG1-DRK",
          [
            "--exptime", "10", "--readmode", "CDS", "--frame", "\(index)/\(count)", "--expnum", "\(index)",
            "--seed", "\(seed)", "--start", start(index),
          ]))
    }
    return paths
  }

  /// Five 10 s CDS darks of a whole set, their noise and times from `first` on.
  static func shortDarks(from first: Int) async throws -> [String] {
    var paths: [String] = []
    for index in 0..<5 {
      paths.append(
        try await make(
          "dark\(first + index)", "IMG1-DRK",
          [
            "--exptime", "10", "--readmode", "CDS", "--frame", "\(index + 1)/5", "--expnum",
            "\(first + index)", "--start", start(first + index),
          ]))
    }
    return paths
  }
}

import Foundation
import Simulator

/// A night written to memory and removed at the end of the test.
final class SimulatedNight {
  let path: String
  let manifest: NightManifest

  init(seed: UInt64, size: Int) throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/irisarchive-night-\(UUID().uuidString)"
    manifest = try Night.plan(seed: seed, size: size).write(to: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Every file below the folder, sorted.
  func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).filter {
      $0.hasSuffix(".fits") || $0.hasSuffix(".json")
    }.sorted()
  }

  func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")) }
}

/// One line of fitsverify for each file; nil when the program is not installed.
func fitsverify(_ paths: [String]) throws -> [String]? {
  guard
    let program = ["/usr/bin/fitsverify", "/usr/local/bin/fitsverify"].first(
      where: FileManager.default.isExecutableFile)
  else {
    print("skipped: fitsverify is not installed")
    return nil
  }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = ["-q"] + paths
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
}

import FITSIO
import FITSStructure
import Foundation
import Pixels
import Testing

/// A folder in memory that is removed at the end of the test.
final class Scratch {
  let path: String

  init() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/irisarchive-models-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// A small file with one image extension for each of `images`.
  func write(
    _ name: String, primary: [Card] = [], _ append: (inout FITSWriter) throws -> Void
  ) throws -> String {
    let path = file(name)
    var writer = try FITSWriter(path: path)
    try writer.appendPrimary(Header(primary))
    try append(&writer)
    _ = try writer.commit()
    return path
  }
}

extension FITSWriter {
  mutating func image<T: FITSPixel>(_ name: String, _ axes: [Int], _ values: [T], _ cards: [Card] = []) throws
  {
    try values.withUnsafeBufferPointer {
      try appendImage(Header(cards), name: name, axes: axes, pixels: $0)
    }
  }
}

/// A file of the project's golden folder.
func golden(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Golden/\(name)").path
}

/// What fitsverify says about a file; nil when the program is not installed.
func fitsverify(_ path: String) throws -> String? {
  guard
    let program = ["/usr/bin/fitsverify", "/usr/local/bin/fitsverify"].first(
      where: FileManager.default.isExecutableFile)
  else {
    print("skipped: fitsverify is not installed")
    return nil
  }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = [path]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}

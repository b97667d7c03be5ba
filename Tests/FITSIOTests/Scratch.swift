import FITSIO
import FITSStructure
import Foundation
import Glibc

/// A folder of its own for one test, removed afterwards.
final class Scratch {
  let folder: String

  init() throws {
    let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    folder = "\(root)/fitsio-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
}

/// The programs that judge products from outside.
enum Judge {
  static let fitsverify = "/usr/bin/fitsverify"
  static let python = "/usr/bin/python3"
  static var hasFitsverify: Bool { FileManager.default.isExecutableFile(atPath: fitsverify) }
  static var hasAstropy: Bool {
    FileManager.default.isExecutableFile(atPath: python)
      && (try? run(python, ["-c", "import astropy.io.fits"]).status) == 0
  }

  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}

/// Files of the workshop, absent on other machines.
enum SharedFiles {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared").path

  static func fits(under folder: String) -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: "\(root)/\(folder)") else { return [] }
    return walk.compactMap { $0 as? String }.filter { $0.hasSuffix(".fits") || $0.hasSuffix(".fits.gz") }
      .sorted()
      .map { "\(root)/\(folder)/\($0)" }
  }
}

/// Structure and verdicts of a file by FITSStructure.
func structure(_ path: String) throws -> (FileStructure, [ChecksumVerdict], [UInt8]) {
  let descriptor = open(path, O_RDONLY)
  defer { close(descriptor) }
  var seen: [UInt8] = []
  let (structure, verdicts) = try FileStructure.readVerifying(descriptor: descriptor, hasWriter: false) {
    seen.append(contentsOf: $0)
  }
  return (structure, verdicts, seen)
}

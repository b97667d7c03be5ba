import ChildProcess
import DataModels
import FITSIO
import FITSStructure
import Foundation
import Pixels
import Testing

/// A folder in memory with small frames and files in it, and the built `tmtrun` to run there.
final class Workbench: Sendable {
  struct Run: Sendable {
    var code: Int32
    var output: String
    var talk: String

    /// The rows of a `--format json` answer.
    func rows() throws -> [[String: any Sendable]] {
      try #require(
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: any Sendable]])
    }
  }

  let path: String

  init() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    path = "\(base)/tmtrun-test-\(UUID().uuidString)"
    try makeFolder(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// `tmtrun`, built beside the test bundle.
  static let program: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/tmtrun"
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    return checkout + "/.build/release/tmtrun"
  }()

  /// Seconds of processor that a call takes: unlike the clock they do not tell of the other tests.
  func processorSeconds(_ words: String...) async throws -> Double {
    let end = try await ProgramRun(
      executable: "/bin/bash",
      arguments: ["-c", #"TIMEFORMAT='%U %S'; time "$@" >/dev/null"#, "bash", Self.program] + words,
      environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"], workingDirectory: path,
      errorOutput: .captured(limit: 1 << 16), timeout: .seconds(60)
    ).run()
    #expect(end.succeeded)
    let numbers = String(decoding: end.errorOutput, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return numbers.compactMap { Double($0) }.reduce(0, +)
  }

  /// Runs in the folder, with the rules that are shipped unless the environment names others.
  func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Run {
    let end = try await ProgramRun(
      executable: Self.program, arguments: arguments,
      environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }, workingDirectory: path,
      output: .captured(limit: 8 << 20), errorOutput: .captured(limit: 1 << 20), timeout: .seconds(60)
    ).run()
    guard case .exited(let code) = end.cause else { return Run(code: -1, output: "", talk: "\(end.cause)") }
    return Run(
      code: code, output: String(decoding: end.output, as: UTF8.self),
      talk: String(decoding: end.errorOutput, as: UTF8.self))
  }

  func run(_ words: String...) async throws -> Run { try await run(words) }

  /// A folder that only its owner may change, whatever the umask.
  private func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  /// Writes a text file and returns its path; `mode` as chmod takes it.
  @discardableResult
  func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
    let file = "\(path)/\(name)"
    try makeFolder((file as NSString).deletingLastPathComponent)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    return file
  }

  func text(_ name: String) -> String {
    (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? ""
  }

  /// FITS files in the folder, sorted.
  func products() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".fits") }.sorted()
  }

  /// Writes a frame of one value.
  @discardableResult
  func frame(_ name: String, value: Float, cards: [Card] = []) throws -> String {
    let model = ImageModel(
      header: Header(
        [
          Card("DETECTOR", "IMG1"), Card("INSTMODE", "IMG"), Card("EXPTIME", 10.0),
          Card("OBSNAME", "IMG1-SCI"), Card("DATE-OBS", "2026-07-14T09:00:00.000"),
        ] + cards), science: Plane(width: 8, height: 4, repeating: value), unit: "adu/s",
      error: Plane(width: 8, height: 4, repeating: 1), quality: Plane(width: 8, height: 4, repeating: 0))
    let file = "\(path)/\(name)"
    try model.write(to: file)
    return file
  }

  func image(_ name: String) throws -> ImageModel { try ImageModel(reading: "\(path)/\(name)") }

  /// A science frame of 100, a sky of 40 and a dark of 10.
  func frames() throws {
    try frame("a_sci.fits", value: 100)
    try frame("sky.fits", value: 40)
    try frame("dark.fits", value: 10)
    try write("asn.json", #"{"SCI": ["a_sci.fits"], "SKY": ["sky.fits"]}"#)
  }
}

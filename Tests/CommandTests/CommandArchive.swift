import CatalogStore
import ChildProcess
import Crypto
import Foundation

/// An archive in a folder of its own, with a catalog filled through the writer, and the built command to ask
/// it.
final class CommandArchive: Sendable {
  struct Run: Sendable {
    var code: Int32
    var output: String
    var talk: String

    func json<T>(_ type: T.Type = T.self) throws -> T? {
      try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed) as? T
    }
  }

  let root: String
  let writer: CatalogWriter

  init() throws {
    root = "/dev/shm/command-\(UUID().uuidString)"
    for folder in ["catalog", "config", "incoming", "hooks"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
    try Data().write(to: URL(fileURLWithPath: root + "/config/irisarchive.cfg"))
    writer = try CatalogWriter(path: root + "/catalog/catalog.sqlite")
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// `irisarchive`, built beside the test bundle.
  static let program: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/irisarchive"
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    return checkout + "/.build/release/irisarchive"
  }()

  func run(_ arguments: [String], environment: [String: String] = [:], inFolder: String? = nil) async throws
    -> Run
  {
    let end = try await ProgramRun(
      executable: Self.program, arguments: arguments,
      environment: ["PATH": "/usr/bin:/bin", "IRISARCHIVE_ROOT": root].merging(environment) { $1 },
      workingDirectory: inFolder, output: .captured(limit: 8 << 20), errorOutput: .captured(limit: 1 << 20),
      timeout: .seconds(60)
    ).run()
    guard case .exited(let code) = end.cause else { return Run(code: -1, output: "", talk: "\(end.cause)") }
    return Run(
      code: code, output: String(decoding: end.output, as: UTF8.self),
      talk: String(decoding: end.errorOutput, as: UTF8.self))
  }

  func run(_ words: String...) async throws -> Run { try await run(words) }

  /// A minimal FITS file, one 2880-byte block of header with these cards.
  static func fits(_ cards: [String] = []) -> Data {
    let records =
      ["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0"]
      + cards + ["END"]
    let text = records.map { $0.padding(toLength: 80, withPad: " ", startingAt: 0) }.joined()
    return Data(text.padding(toLength: 2880, withPad: " ", startingAt: 0).utf8)
  }

  /// Writes a file into `incoming` and records it as ingest would.
  @discardableResult
  func add(
    _ name: String, content: Data, state: String = "classified", reason: String? = nil, onDisk: Bool = true,
    change: (inout NewFrame.Description) -> Void = { _ in }
  ) throws -> Int64 {
    let path = "\(root)/incoming/\(name)"
    if onDisk { try content.write(to: URL(fileURLWithPath: path)) }
    var description = NewFrame.Description()
    description.level = 1
    description.obstype = "SCI"
    description.obsname = "IMG1-SCI"
    description.dateObs = 1_784_020_364.7
    description.exptime = 60
    change(&description)
    let sha256 = SHA256.hash(data: content).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    let place = NewFrame.Place(
      path: path, device: 1, inode: 1, bytes: Int64(content.count), modifiedNanoseconds: 0,
      changedNanoseconds: 0)
    let header = String(decoding: content.prefix(2880), as: UTF8.self)
    let frame = NewFrame(
      place: place, sha256: sha256, state: state, reason: reason, description: description,
      headers: [.init(name: "", text: header)], arrivedAt: 1_784_020_400)
    guard case .recorded(let id, _) = try writer.record(frame, recordedAt: 1_784_020_400.1) else { return 0 }
    return id
  }
}

extension CommandArchive {
  /// Runs a line of bash with descriptor 3 open on a pipe that nobody reads any more.
  func shell(_ line: String) async throws -> Run {
    let script = "set +e; { \(line); } 3> >(exec 0<&-; exit 0)"
    let end = try await ProgramRun(
      executable: "/bin/bash", arguments: ["-c", script],
      environment: ["PATH": "/usr/bin:/bin", "IRISARCHIVE_ROOT": root], output: .captured(limit: 1 << 20),
      timeout: .seconds(60)
    ).run()
    guard case .exited(let code) = end.cause else { return Run(code: -1, output: "", talk: "\(end.cause)") }
    return Run(code: code, output: String(decoding: end.output, as: UTF8.self), talk: "")
  }
}

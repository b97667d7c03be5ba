import Foundation

/// A night of `irissim`, made once and read by every test.
struct SimulatedNight: Sendable {
  struct File: Decodable, Sendable, Hashable {
    var file: String
    var obsname: String
    var level: Int
    var detector: String
    var exposure: Int
    var order: Int
  }
  private struct Manifest: Decodable { var files: [File] }

  let folder: String
  /// In the order of the night.
  let files: [File]

  func path(_ file: File) -> String { "\(folder)/\(file.file)" }

  func files(_ obsname: String) -> [File] { files.filter { $0.obsname == obsname } }

  /// Files of one detector and observing: imager only.
  var imager: [File] { files.filter { $0.detector == "IMG1" } }

  static let seed7 = Task { try await SimulatedNight(seed: 7, size: 64) }

  init(seed: Int, size: Int, options: [String] = []) async throws {
    folder = Workspace.name("night")
    try await Command.succeed(
      Programs.irissim,
      ["night", "--seed", "\(seed)", "--detector-size", "\(size)", "--quiet", "-o", folder] + options)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/night.json"))
    files = try JSONDecoder().decode(Manifest.self, from: data).files
  }
}

/// Numbers that look random and are the same in every run.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// xorshift64*
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

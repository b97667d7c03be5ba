import Foundation
import Testing

/// What `irissim` writes for the readout steps.
@Suite struct SimulatorCommandTests {
  private struct Manifest: Decodable {
    struct Readout: Decodable { var file: String? }
    var readouts: [Readout]
  }

  @Test func readoutsArriveAsTheManifestSays() async throws {
    let folder = Workspace.name("readouts")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await Command.succeed(
      Programs.irissim,
      [
        "readouts", "--exposures", "10", "--reads", "20", "--shuffle", "--missing", "2", "--damaged", "1",
        "--late", "3", "--seed", "4", "--detector-size", "32", "-o", folder,
      ])
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/readouts.json"))
    let files = try JSONDecoder().decode(Manifest.self, from: data).readouts.map(\.file)
    #expect(files.count == 200 && files.filter { $0 == nil }.count == 2)
    for file in files.compactMap({ $0 }) {
      #expect(FileManager.default.fileExists(atPath: "\(folder)/\(file)"), "\(file)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/late").count == 3)
    let refused = try await Command.run(Programs.irissim, ["readouts", "--missing", "201", "-o", folder])
    #expect(refused.exit == 1 && refused.talk.contains("more faults than reads"), "\(refused.talk)")
  }

  /// The desk that certifies references finds nothing wrong with the simulator's.
  @Test func referencesAreCertified() async throws {
    let folder = Workspace.name("references")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await Command.succeed(
      Programs.irissim, ["references", "--detectors", "IMG1,IFU", "--detector-size", "32", "-o", folder])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(files.count == 12)
    for file in files {
      let said = try await Command.run(Programs.tmtrun, ["refs", "certify", "\(folder)/\(file)"])
      #expect(said.exit == 0, "\(file): \(said.talk)")
    }
  }
}

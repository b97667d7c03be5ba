import Foundation
import Testing

/// Real frames of another instrument, taken in by configuration alone.
@Suite struct ForeignInstrumentTests {
  private static let data = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/data/nirc2pol").standardizedFileURL.path
  private static let isThere = FileManager.default.fileExists(atPath: data + "/n0984.fits.gz")
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../config/examples/nirc2").standardizedFileURL.path

  private func archive(_ stem: String) async throws -> TestArchive {
    let archive = try await TestArchive(stem: stem)
    for file in ["classification.yaml", "associations/nirc2-flat.yaml", "pipelines/process_flatfield.cfg"] {
      let target = archive.root + "/config/" + file
      try? FileManager.default.removeItem(atPath: target)
      try FileManager.default.copyItem(atPath: Self.example + "/" + file, toPath: target)
    }
    return archive
  }

  @Test(.enabled(if: isThere, "../shared/data/nirc2pol is not here"))
  func realFramesOfNIRC2AreNamedAndMakeMasters() async throws {
    let archive = try await archive("nirc2")
    for number in ["0902", "0904", "0932", "0933", "0934", "0984", "0985", "0986"] {
      try archive.drop("\(Self.data)/n\(number).fits.gz")
    }
    #expect(try await archive.watchOnce().exit == 0)
    let rows = try await archive.query("--all")
    let raw = rows.filter { $0.origin == "raw" }.sorted { $0.name < $1.name }
    #expect(raw.map { "\($0.state) \($0.reason ?? "")" } == Array(repeating: "classified ", count: 8))
    #expect(
      raw.map(\.obsname) == Array(repeating: "NIRC2-NFF", count: 2) + Array(repeating: "NIRC2-SCI", count: 3)
        + Array(repeating: "NIRC2-DRK", count: 3))

    let dark = try #require(rows.first { $0.kind == "dark" })
    #expect(dark.inputs == 3 && dark.degraded?.contains("3 frames, 5 are good") == true, "\(dark)")
    let flat = try #require(rows.first { $0.kind == "flat" })
    #expect(flat.inputs == 2 && flat.degraded?.contains("no dark") != true, "\(flat)")
    // Sums of 45 integrations of 0.45 s: divided by all of their time.
    let log = try await archive.irisarchive("log", try #require(dark.job))
    #expect(log.out.contains("divided by EXPTIME = 20.25 s"), "\(log.out)")
    let header = try await archive.irisarchive("show", dark.name, "--header")
    #expect(header.out.contains("'NIRC2") && header.out.contains("20.25"), "\(header.out)")
  }

  /// Without the adapter's word a wrong CHECKSUM is what it always is.
  @Test(.enabled(if: isThere, "../shared/data/nirc2pol is not here"))
  func theirWrongChecksumsAreNotLetPassByDefault() async throws {
    let archive = try await archive("nirc2-strict")
    let path = archive.root + "/config/classification.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("    checksum: data-only\n", with: "").write(
      toFile: path, atomically: true, encoding: .utf8)
    try archive.drop("\(Self.data)/n0984.fits.gz")
    #expect(try await archive.watchOnce().exit == 0)
    let raw = try #require(try await archive.query("--all").first)
    #expect(raw.state == "quarantined" && raw.reason?.contains("bad checksum: CHECKSUM") == true, "\(raw)")
  }
}

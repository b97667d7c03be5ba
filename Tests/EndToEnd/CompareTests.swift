import DataModels
import Foundation
import Pixels
import Testing

/// `tmtrun compare`: what differs between two products.
@Suite struct CompareTests {
  /// Two frames of 8 x 4; the second is edited.
  private func files(_ edit: (inout ImageModel) -> Void) throws -> (String, String) {
    let folder = Workspace.name("compare")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var model = ImageModel(
      header: .init([.init("OBJECT", "M31"), .init("DATE", "2026-01-01")]),
      science: Plane(width: 8, height: 4, repeating: 100), unit: "adu/s",
      error: Plane(width: 8, height: 4, repeating: 2), quality: Plane(width: 8, height: 4, repeating: 0))
    try model.write(to: folder + "/a.fits")
    edit(&model)
    try model.write(to: folder + "/b.fits")
    return (folder + "/a.fits", folder + "/b.fits")
  }

  private func compare(_ files: (String, String), _ options: [String] = []) async throws
    -> (exit: Int32?, rows: [[String: any Sendable]])
  {
    let run = try await Command.run(
      Programs.tmtrun, ["compare", files.0, files.1, "--format", "json"] + options)
    let rows = try JSONSerialization.jsonObject(with: Data(run.out.utf8)) as? [[String: any Sendable]]
    return (run.exit, rows ?? [])
  }

  @Test func whenItWasWrittenDoesNotCount() async throws {
    let result = try await compare(try files { $0.header.set("DATE", .string("2026-02-02")) })
    #expect(result.exit == 0)
    #expect(result.rows.map { $0["hdu"] as? String } == ["SCI", "ERR", "DQ"])
    #expect(result.rows.allSatisfy { $0["state"] as? String == "same" })
  }

  @Test func valuesFlagsAndKeywordsAreCounted() async throws {
    let result = try await compare(
      try files { model in
        model.header.set("OBJECT", .string("M33"))
        model.science[2, 1] = 94
        model.science[5, 3] = 101
        model.science[7, 3] = .nan
        model.quality?[0, 0] = DQ.hot | DQ.saturated
      }, ["--sigma", "2.5"])
    #expect(result.exit == 4)
    let keyword = try #require(result.rows.first { $0["what"] as? String == "keyword" })
    #expect(keyword["detail"] as? String == "OBJECT: M31 | M33")
    let science = try #require(result.rows.first { $0["hdu"] as? String == "SCI" })
    #expect(science["pixels"] as? Int == 32 && science["differing"] as? Int == 3)
    #expect(science["max_abs"] as? Double == 6)
    // Pulls of -3 and 0.5 in 31 pixels with a difference; one is beyond 2.5 sigma.
    #expect(abs((science["rms_sigma"] as? Double ?? 0) - (9.25 / 31).squareRoot()) < 1e-12)
    #expect(abs((science["beyond"] as? Double ?? 0) - 1.0 / 31) < 1e-12)
    #expect(science["detail"] as? String == "largest at pixel (3, 2); NaN in one of the two at 1 pixels")
    let flags = try #require(result.rows.first { $0["hdu"] as? String == "DQ" })
    #expect(flags["differing"] as? Int == 1)
    #expect(Set((flags["detail"] as? String ?? "").split(separator: " ")) == ["bits", "HOT", "SATURATED"])
  }

  @Test func shapesUnitsAndHDUsAreTold() async throws {
    let unit = try await compare(
      try files { model in
        model.unit = "e/s"
        model.error = nil
        model.quality = nil
      })
    #expect(unit.exit == 4)
    let details = unit.rows.map { "\($0["hdu"] ?? "") \($0["what"] ?? "") \($0["detail"] ?? "")" }
    #expect(details.contains("SCI unit adu/s | electron/s"), "\(details)")
    #expect(details.contains("ERR hdu only in a.fits"))
    let shape = try await compare(
      try files {
        $0 = ImageModel(header: $0.header, science: Plane(width: 4, height: 4, repeating: 1), unit: "adu/s")
      })
    #expect(
      shape.rows.contains { $0["what"] as? String == "shape" && $0["detail"] as? String == "8 x 4 | 4 x 4" })
  }

  @Test func whatIsNotThereOrNoFITSHasItsExitCode() async throws {
    let pair = try files { _ in }
    #expect(try await Command.run(Programs.tmtrun, ["compare", pair.0, "/nonexistent.fits"]).exit == 66)
    #expect(try await Command.run(Programs.tmtrun, ["compare", pair.0, Programs.tmtrun]).exit == 65)
  }
}

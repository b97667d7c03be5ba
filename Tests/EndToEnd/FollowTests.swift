import Foundation
import Testing

/// `tmtrun readout --follow`: an exposure reduced while its readouts land.
@Suite struct FollowTests {
  private let readouts: [String]
  private let folder: String
  private let out: String

  init() async throws {
    let night = try await SimulatedNight.seed7.value
    readouts = night.files.filter { $0.level == 0 && $0.file.contains("/readouts/") }.map { night.path($0) }
    folder = Workspace.name("follow")
    out = folder + "-out"
    for path in [folder, out] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
  }

  /// Copies under a hidden name, then renames: the file is whole when its name is seen.
  private func land(_ path: String) throws {
    let name = (path as NSString).lastPathComponent
    try FileManager.default.copyItem(atPath: path, toPath: "\(folder)/.\(name)")
    try FileManager.default.moveItem(atPath: "\(folder)/.\(name)", toPath: "\(folder)/\(name)")
  }

  private func follow(_ options: [String] = []) async throws -> CommandResult {
    try await Command.run(
      Programs.tmtrun,
      ["readout", "--follow", folder, "--set", "ramp_fit.method=utr", "--no-preview", "-o", out] + options)
  }

  private var products: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []).sorted()
  }

  /// Reads land while the program runs; some are there before it.
  @Test func theFrameIsThatOfTheFinishedExposure() async throws {
    try land(readouts[3])
    try land(readouts[0])
    async let run = follow(["--report", "\(out)/report.json"])
    for path in [readouts[2], readouts[1], readouts[5], readouts[4]] { try land(path) }
    let followed = try await run
    #expect(followed.exit == 0, "\(followed.talk)")
    let product = try #require(products.first { $0.hasSuffix("_rate.fits") })
    let whole = try await Command.run(
      Programs.tmtrun,
      ["readout"] + readouts
        + ["--set", "ramp_fit.method=utr", "--skip", "jump", "-o", folder + "-whole"])
    #expect(whole.exit == 0, "\(whole.talk)")
    let made = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder + "-whole").first { $0.hasSuffix(".fits") })
    let compared = try await Command.run(
      Programs.tmtrun, ["compare", "\(out)/\(product)", "\(folder)-whole/\(made)", "--format", "json"])
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(compared.out.utf8)) as? [[String: Any]])
    let images = rows.filter { $0["what"] as? String == "image" }
    // The same numbers added in another order.
    let isClose = images.allSatisfy {
      $0["state"] as? String == "same"
        || ($0["hdu"] as? String != "DQ" && ($0["max_abs"] as? Double ?? 1) < 1e-3)
    }
    #expect(images.count == 5 && isClose, "\(compared.out)")
    let report = try String(contentsOfFile: "\(out)/report.json", encoding: .utf8)
    for path in readouts { #expect(report.contains((path as NSString).lastPathComponent)) }
  }

  /// A read that never comes is waited for once, then the frame is made of what there is.
  @Test func aMissingReadIsToldAndTheOthersCount() async throws {
    for path in readouts where path != readouts[2] { try land(path) }
    let run = try await follow(["--wait", "0.5"])
    #expect(run.exit == 0, "\(run.talk)")
    #expect(run.talk.contains("5 of 6 reads per ramp are there"), "\(run.talk)")
    #expect(products.count == 1)
  }

  @Test func anEmptyFolderAndWrongOptionsAreRefused() async throws {
    let empty = try await follow(["--wait", "0.2"])
    #expect(
      empty.exit == 66 && empty.talk.contains("no readout landed in time"), "\(empty.exit) \(empty.talk)")
    let odd = try await follow(["--exposure", "IMG1"])
    #expect(odd.exit == 64 && odd.talk.contains("DET_ID:EXP_NO"), "\(odd.exit) \(odd.talk)")
    let gone = try await Command.run(Programs.tmtrun, ["readout", "--follow", folder + "/none", "-o", out])
    #expect(gone.exit == 66 && gone.talk.contains("cannot be watched"), "\(gone.exit) \(gone.talk)")
    #expect(products.isEmpty)
  }
}

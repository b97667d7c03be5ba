import Foundation
import Testing

/// A ramp is told which exposures of its detector came shortly before.
@Suite struct AfterimageTests {
  private func ramp(_ number: Int, minute: Int, _ detector: String = "IMG1") async throws -> String {
    try await Frames.make(
      "ramp\(number)", "\(detector)-SCI",
      [
        "--level", "0", "--exptime", "10", "--readmode", "UTR:4", "--expnum", "\(number)", "--start",
        Frames.start(minute),
      ])
  }

  private func rate(_ archive: TestArchive, of raw: String) async throws -> (row: Row, previous: [String]) {
    let stem = (raw as NSString).lastPathComponent
    for row in try await archive.query("--kind", "rate", "--level", "1") where row.origin == "product" {
      let answer = try await archive.irisarchive("show", row.name, "--provenance", "--format", "json")
      let uses = Provenance.uses(in: try JSONSerialization.jsonObject(with: Data(answer.out.utf8)))
      guard uses.contains(where: { $0.name == stem && $0.role != "previous" }) else { continue }
      let object = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: Any]
      let maker = (object?["provenance"] as? [String: Any])?["made_by"] as? [String: Any]
      guard let inputs = maker?["inputs"] as? [[String: Any]] else { continue }
      guard inputs.contains(where: { $0["name"] as? String == stem && $0["role"] as? String != "previous" })
      else { continue }
      return (row, inputs.filter { $0["role"] as? String == "previous" }.compactMap { $0["name"] as? String })
    }
    throw CommandFailed(description: "no rate of \(stem)")
  }

  @Test func exposuresOfTheSameDetectorWithinTheWindowAreGivenAndRecorded() async throws {
    let archive = try await TestArchive(stem: "afterimage")
    // Beyond the window, within it twice, another detector's, and the one that is told.
    let old = try await ramp(1, minute: 0)
    let near = [try await ramp(2, minute: 12), try await ramp(3, minute: 14)]
    let other = try await ramp(1, minute: 15, "IMG2")
    let last = try await ramp(4, minute: 16)
    for path in [last, other, old] + near { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)

    let found = try await rate(archive, of: last)
    let expected = [
      try await rate(archive, of: near[0]).row.name, try await rate(archive, of: near[1]).row.name,
    ]
    #expect(found.previous == expected)
    #expect(try await rate(archive, of: old).previous == [])
    #expect(try await rate(archive, of: other).previous == [])
    let header = try await archive.irisarchive("header", found.row.path ?? "", "--keys", "S_PERSIS")
    #expect(header.out.contains("COMPLETE"), "\(header.talk)")

    // What only came before is nothing that it was made of.
    let name = (near[0] as NSString).lastPathComponent
    #expect(try await archive.irisarchive("flag", name, "--quality", "BAD", "--reason", "test").exit == 0)
    let stale = try await archive.query("--state", "stale", "--level", "1").map(\.name)
    #expect(stale == [expected[0]])
  }

  @Test func withoutAWindowNoneIsGiven() async throws {
    let archive = try await TestArchive(["associations": ["persistence_window": "0"]], stem: "no-afterimage")
    let (first, second) = (try await ramp(1, minute: 1), try await ramp(2, minute: 2))
    for path in [first, second] { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await rate(archive, of: second).previous == [])
  }

  /// Both are begun at once: the second knows nothing of the light that the first left.
  @Test func aRampThatBeginsWithoutTheOneBeforeIsDegradedAndSaysSo() async throws {
    let archive = try await TestArchive(
      ["associations": ["calibration_wait": "0 s"], "jobs": ["max_jobs": "2"]], stem: "no-wait")
    let (first, second) = (try await ramp(1, minute: 1), try await ramp(2, minute: 2))
    for path in [first, second] { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    let (early, late) = (try await rate(archive, of: first), try await rate(archive, of: second))
    #expect(late.previous == [] && early.row.degraded?.contains("afterimages") != true)
    let reason = try #require(late.row.degraded)
    #expect(
      reason.contains("afterimages of the exposure before are not flagged: level1-ramp_ramp1"), "\(reason)")
    #expect(reason.contains("was not reduced when this one began"))
  }
}

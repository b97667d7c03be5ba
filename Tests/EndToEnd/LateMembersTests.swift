import CatalogStore
import Foundation
import Testing

/// Frames that come after their set was closed, and verdicts that come after the product was made.
@Suite struct LateMembersTests {
  private static let frames = Task { try await Frames.darks(5, seed: 21) }

  private func masters(_ archive: TestArchive) async throws -> [Row] {
    try await archive.query("--all", "--kind", "dark").sorted { ($0.version ?? 0) < ($1.version ?? 0) }
  }

  private func waitForMasters(_ archive: TestArchive, _ states: [String], files: Int) async throws -> [Row] {
    try await Eventually.holds("masters \(states)", every: 0.2, context: archive.summary) {
      try await masters(archive).map(\.state) == states
    }
    try await archive.waitForRest(files: files)
    return try await masters(archive)
  }

  private func refusals(_ archive: TestArchive) throws -> Int {
    try CatalogReader(path: archive.root + "/catalog/catalog.sqlite").associations(state: "refused").count
  }

  @Test func aLateDarkOpensItsSequenceAgain() async throws {
    let darks = try await Self.frames.value
    let archive = try await TestArchive(["associations": ["wait_scale": "0.01"]])
    let daemon = try await Daemon(archive)
    for dark in darks.prefix(4) { try archive.drop(dark) }
    let early = try await waitForMasters(archive, ["current"], files: 4)
    #expect(early.first?.degraded?.contains("4/5 frames") == true)

    try archive.drop(darks[4])
    let all = try await waitForMasters(archive, ["superseded", "current"], files: 5)
    #expect(Set(all.map(\.association)).count == 1)
    #expect(all.last?.degraded == nil && all.last?.version == 2)
    #expect(try await daemon.stop() == 0)
  }

  @Test func framesOfARefusedSequenceStillMakeAMaster() async throws {
    let darks = try await Self.frames.value
    let archive = try await TestArchive(["associations": ["wait_scale": "0.01"]])
    let daemon = try await Daemon(archive)
    for dark in darks.prefix(2) { try archive.drop(dark) }
    try await Eventually.holds("the set is refused", every: 0.2, context: archive.summary) {
      try refusals(archive) == 1
    }
    for dark in darks.dropFirst(2) { try archive.drop(dark) }
    let made = try await waitForMasters(archive, ["current"], files: 5)
    #expect(made.first?.degraded == nil)
    #expect(try await daemon.stop() == 0)
  }

  @Test func aVerdictMakesStaleReprocessingMendsAndAnotherVerdictBringsTheFrameBack() async throws {
    let darks = try await Self.frames.value
    let archive = try await TestArchive(["associations": ["wait_scale": "0.01"]])
    let daemon = try await Daemon(archive)
    for dark in darks { try archive.drop(dark) }
    _ = try await waitForMasters(archive, ["current"], files: 5)
    let bad = (darks[2] as NSString).lastPathComponent
    func flag(_ quality: String) async throws {
      let run = try await archive.irisarchive("flag", bad, "--quality", quality, "--reason", "light leak")
      #expect(run.exit == 0, "\(run.talk)")
    }

    try await flag("BAD")
    let stale = try await archive.irisarchive("stale")
    #expect(stale.exit == 0 && stale.out.contains("light leak") && stale.lines.count == 2, "\(stale.out)")
    // A verdict taken back leaves everything as it was.
    try await flag("GOOD")
    #expect(try await archive.irisarchive("stale").exit == 3)
    try await archive.waitForRest(files: 5)
    #expect(try await masters(archive).map(\.state) == ["current"])

    try await flag("BAD")
    let plan = try await archive.irisarchive("reprocess", "--stale", "--dry-run")
    #expect(plan.exit == 0 && plan.out.contains("new version"), "\(plan.out)\(plan.talk)")
    #expect(try await archive.irisarchive("reprocess", "--stale").exit == 64)
    let done = try await archive.irisarchive("reprocess", "--stale", "--yes")
    #expect(done.exit == 0, "\(done.talk)")
    let four = try await waitForMasters(archive, ["superseded", "current"], files: 5)
    #expect(four.last?.degraded?.contains("4/5 frames") == true)
    let again = try await archive.irisarchive("reprocess", four.last?.name ?? "", "--yes")
    #expect(again.exit == 0 && again.out.contains("same as J"), "\(again.out)\(again.talk)")
    try await archive.waitForRest(files: 5)
    #expect(try await masters(archive).count == 2)

    try await flag("GOOD")
    let five = try await waitForMasters(archive, ["superseded", "superseded", "current"], files: 5)
    #expect(five.last?.degraded == nil && five.last?.version == 3)
    #expect(try await daemon.stop() == 0)
  }

  @Test func aLateSkyMakesStaleAndThatOfItsOwnObservationMakesTheScienceAgain() async throws {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(["associations": ["wait_scale": "0.001"]], stem: "sky")
    let daemon = try await Daemon(archive)
    func science() async throws -> [Row] {
      try await archive.query("--all", "--obsname", "IMG1-SCI", "--level", "2").sorted {
        ($0.version ?? 0) < ($1.version ?? 0)
      }
    }
    let frame = try #require(night.files("IMG1-SCI").first { $0.level == 1 })
    try archive.drop(night.path(frame), as: "science.fits")
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    try await Eventually.holds("the wait for a sky is over", every: 0.2, context: archive.summary) {
      try await science().map(\.state) == ["current"] && reader.associations(state: "open").isEmpty
    }
    try await archive.waitForRest(files: 1)
    #expect(try await science().map(\.state) == ["current"])

    let skies = night.files("IMG1-SKY").filter { $0.level == 1 }
    var other = try FITSEditor(night.path(skies[0]))
    other.set("OBSERVTN", "'099     '")
    try archive.drop(other.data, as: "other.fits")
    try await Eventually.holds("the product is stale", every: 0.2, context: archive.summary) {
      try await science().map(\.state) == ["stale"]
    }
    #expect(try await science().first?.reason == "the rules now choose the sky other.fits")

    let last = try #require(skies.last)
    try archive.drop(night.path(last), as: "own.fits")
    try await Eventually.holds("it is made again", every: 0.2, context: archive.summary) {
      try await science().map(\.state) == ["superseded", "current"]
    }
    try await archive.waitForRest(files: 3)
    let made = try await science()
    #expect(made.count == 2 && made.last?.degraded?.contains("no sky") == false)
    #expect(try await daemon.stop() == 0)
  }
}

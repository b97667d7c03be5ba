import CatalogStore
import Foundation
import Testing

/// What would come out differently, told before it is done and done when it is asked for.
@Suite struct StaleTests {
  private func science(_ archive: TestArchive) async throws -> [Row] {
    try await archive.query("--all", "--obsname", "IMG1-SCI", "--level", "2").sorted {
      ($0.version ?? 0) < ($1.version ?? 0)
    }
  }

  @Test func aNewContextsProductsAreToldAndMadeAgain() async throws {
    let archive = try await TestArchive(stem: "contexts")
    for path in try await Frames.shortDarks(from: 1) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    try archive.drop(
      try await Frames.make(
        "science", "IMG1-SCI",
        ["--exptime", "10", "--readmode", "CDS", "--expnum", "20", "--start", Frames.start(20)]))
    #expect(try await archive.watchOnce().exit == 0)
    let before = try #require(try await science(archive).last)
    for path in try await Frames.shortDarks(from: 22) { try archive.drop(path) }
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await science(archive).last?.state == "stale")

    let range = "tmt_0002.pmap..tmt_0003.pmap"
    let told = try await archive.irisarchive("stale", "--context", range)
    #expect(
      told.exit == 0 && told.lines.count == 2 && told.out.contains(before.name), "\(told.out)\(told.talk)")
    #expect(told.out.contains("tmt_0003.pmap chooses tmt_iris_dark_0002.fits for dark"), "\(told.out)")
    #expect(try await archive.irisarchive("stale", "--context", "tmt_0002.pmap..tmt_0002.pmap").exit == 3)
    #expect(try await archive.irisarchive("stale", "--context", "tmt_0002.pmap..tmt_0009.pmap").exit == 78)

    let plan = try await archive.irisarchive("reprocess", "--affected-by", range, "--dry-run")
    #expect(
      plan.exit == 0 && plan.lines.count == 2 && plan.out.contains("new version"), "\(plan.out)\(plan.talk)")
    #expect(try await science(archive).count == 1, "a plan does nothing")
    #expect(try await archive.irisarchive("reprocess", "--affected-by", range, "--yes").exit == 0)
    #expect(try await archive.watchOnce().exit == 0)
    let made = try await science(archive)
    #expect(made.map(\.state) == ["superseded", "current"] && made.map(\.version) == [1, 2])
    let shown = try await archive.irisarchive(
      "show", made.last?.name ?? "", "--provenance", "--format", "json")
    #expect(shown.out.contains("tmt_iris_dark_0002.fits") && !shown.out.contains("tmt_iris_dark_0001.fits"))

    // Asked for once more it is recognised: nothing is run twice.
    let jobs = try await archive.jobs().count
    let again = try await archive.irisarchive("reprocess", "--affected-by", range, "--yes")
    #expect(again.out.contains("recognised"), "\(again.out)\(again.talk)")
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.jobs().count == jobs)
  }

  /// The rules said that no flat applies; later they choose one.
  @Test func whatTheRulesCalledNotApplicableTurnsStaleWhenTheyChooseAFile() async throws {
    let archive = try await TestArchive(stem: "applicable")
    let rules = archive.root + "/crds/mappings/tmt/tmt_iris_flat_0001.rmap"
    let text = try String(contentsOfFile: rules, encoding: .utf8)
    try text.replacingOccurrences(
      of: "selector = Match({\n",
      with: "selector = Match({\n    ('IMG1', 'K', 'N/A', 'UNDEFINED', '0.004', 'IMG') : 'N/A',\n"
    ).write(toFile: rules, atomically: true, encoding: .utf8)
    let summed = try await archive.irisarchive("refs", "checksum", rules, "--update")
    #expect(summed.exit == 0, "\(summed.talk)")
    try archive.drop(
      try await Frames.make(
        "science", "IMG1-SCI",
        ["--exptime", "10", "--readmode", "CDS", "--filter", "K", "--start", Frames.start(1)]))
    #expect(try await archive.watchOnce().exit == 0)
    let product = try #require(try await science(archive).first)
    #expect(product.state == "current" && product.degraded?.contains("flat") == false, "\(product)")

    let flat = archive.root + "/flat_of_a_test.fits"
    try ReferenceFile.write(flat, ["PUPIL": .string("CIRCULAR")], size: 64)
    let inserted = try await archive.irisarchive("refs", "insert", flat)
    #expect(inserted.exit == 0, "\(inserted.talk)")
    #expect(try await archive.watchOnce().exit == 0)
    let stale = try #require(try await science(archive).first)
    #expect(
      stale.state == "stale" && stale.reason?.contains("now choose flat_of_a_test.fits for flat") == true)
    #expect(try await archive.irisarchive("reprocess", "--stale", "--yes").exit == 0)
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await science(archive).map(\.state) == ["superseded", "current"])
  }

  /// A better sky comes while the job with the first one runs: the product still says what it was made of.
  @Test func aProductNamesTheSkyItWasMadeOf() async throws {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(["associations": ["wait_scale": "0.001"]], stem: "rechosen")
    try archive.useProgram(
      """
      if grep -q '"background"' "$JOB"; then
        touch "$ROOT/sky-job"
        while [ ! -e "$ROOT/gate" ]; do sleep 0.05; done
      fi
      """)
    let daemon = try await Daemon(archive)
    let frame = try #require(night.files("IMG1-SCI").first { $0.level == 1 })
    try archive.drop(night.path(frame), as: "science.fits")
    try await archive.waitForRest(files: 1)
    let skies = night.files("IMG1-SKY").filter { $0.level == 1 }
    var other = try FITSEditor(night.path(try #require(skies.first)))
    other.set("OBSERVTN", "'099     '")
    let first = try archive.drop(other.data, as: "first.fits")
    #expect(FileManager.default.fileExists(atPath: first))
    try await Eventually.holds("the product is stale", every: 0.2, context: archive.summary) {
      try await science(archive).last?.state == "stale"
    }
    #expect(try await archive.irisarchive("reprocess", "--stale", "--yes").exit == 0)
    try await Eventually.holds("the job with the first sky runs", every: 0.1, context: archive.summary) {
      FileManager.default.fileExists(atPath: archive.root + "/sky-job")
    }
    try archive.drop(night.path(try #require(skies.last)), as: "own.fits")
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    let association = try #require(try await science(archive).last?.association)
    try await Eventually.holds("the sky is chosen anew", every: 0.1, context: archive.summary) {
      let id = try reader.association(named: association)?.id ?? 0
      return try reader.members(ofAssociation: id).contains { $0.frame.name == "own.fits" }
    }
    archive.openGate()
    try await archive.waitForRest(files: 3)
    #expect(try await daemon.stop() == 0)
    let made = try await science(archive)
    #expect(made.count == 3 && made.last?.state == "current", "\(made)")
    var names: [Set<String>] = []
    for row in made {
      let shown = try await archive.irisarchive("show", row.name, "--provenance", "--format", "json").out
      let object = try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any]
      let maker = (object?["provenance"] as? [String: Any])?["made_by"] as? [String: Any]
      names.append(Set((maker?["inputs"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }))
    }
    #expect(names == [["science.fits"], ["science.fits", "first.fits"], ["science.fits", "own.fits"]])
  }
}

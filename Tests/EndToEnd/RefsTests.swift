import FITSStructure
import Foundation
import Testing

/// A cache of rules in a folder of its own, asked through `tmtrun refs`.
final class RulesFolder: Sendable {
  let path: String

  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Copies a cache of the checkout: the project's own rules, or the published ones.
  init(_ source: String = "crds") throws {
    path = Workspace.name("rules")
    try FileManager.default.copyItem(
      at: Self.package.appendingPathComponent(source), to: URL(fileURLWithPath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func refs(_ words: String..., context: String? = nil) async throws -> CommandResult {
    var environment = ["CRDS_PATH": path]
    if let context { environment["CRDS_CONTEXT"] = context }
    return try await Command.run(Programs.tmtrun, ["refs"] + words, environment: environment)
  }

  func rows(_ words: String..., context: String? = nil) async throws -> [[String: String?]] {
    var environment = ["CRDS_PATH": path]
    if let context { environment["CRDS_CONTEXT"] = context }
    let result = try await Command.run(
      Programs.tmtrun, ["refs"] + words + ["--format", "json"], environment: environment)
    let rows = try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [[String: Any]]
    return (rows ?? []).map { $0.mapValues { $0 is NSNull ? nil : "\($0)" } }
  }

  func edit(_ mapping: String, _ change: (String) -> String) throws {
    let file = "\(path)/mappings/tmt/\(mapping)"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try change(text).write(toFile: file, atomically: true, encoding: .utf8)
  }

  /// Every file with its size and time of change.
  func state() throws -> [String] {
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return try names.sorted().map { name in
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
      return "\(name) \(attributes[.size] ?? 0) \(attributes[.modificationDate] ?? Date.distantPast)"
    }
  }
}

@Suite struct RefsTests {
  private let folder = Workspace.name("references")

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  @Test func aReferenceGoesInAndIsChosen() async throws {
    let rules = try RulesFolder()
    let flat = "\(folder)/good_flat.fits"
    try ReferenceFile.write(flat)
    let certified = try await rules.refs("certify", flat)
    #expect(certified.exit == 0, "\(certified.out)\(certified.talk)")
    #expect(try await rules.refs("best", flat).exit == 3, "no references yet")
    let inserted = try await rules.rows("insert", flat)
    #expect(inserted.first?["context"] == "tmt_0002.pmap")
    #expect(inserted.first?["row"] == "('IMG1', 'K', 'CLEAR', 'UNDEFINED', '0.004', 'IMG')")
    let best = try await rules.rows("best", flat, "--type", "FLAT")
    #expect(best.first?["state"] == "found")
    #expect(best.first?["file"] == "good_flat.fits")
    #expect(best.first?["useafter"] == "2026-07-01 00:00:00")
    #expect(best.first?["path"] == "\(rules.path)/references/tmt/iris/good_flat.fits")
    let contexts = try await rules.rows("contexts")
    #expect(contexts.map { $0["context"] } == ["tmt_0001.pmap", "tmt_0002.pmap"])
    #expect(contexts.map { ($0["derived_from"] ?? nil) ?? "" } == ["", "tmt_0001.pmap"])
    #expect(contexts.map { ["1", "true"].contains($0["current"]) } == [false, true])
    let changes = try await rules.rows("diff", "tmt_0001.pmap", "tmt_0002.pmap")
    #expect(changes.map { $0["change"] } == ["added"])
    let affected = try await rules.rows("affected", "tmt_0001.pmap", "tmt_0002.pmap", flat)
    #expect(affected.map { $0["new"] } == ["good_flat.fits"])
    #expect(try await rules.refs("affected", "tmt_0002.pmap", "tmt_0002.pmap", flat).exit == 3)
    #expect(try await rules.refs("checksum").exit == 0)
    let again = try await rules.refs("insert", flat)
    #expect(again.exit == 0 && again.talk.contains("nothing was changed"), "\(again.talk)")
    #expect(try await rules.rows("contexts").count == 2)
    #expect(try await rules.refs("best", flat, context: "tmt_0001.pmap").exit == 3, "the old context stays")
  }

  @Test func badReferencesAreRefusedAndNothingChanges() async throws {
    let rules = try RulesFolder()
    let good = "\(folder)/good.fits"
    try ReferenceFile.write(good)
    let cases: [(name: String, word: String, make: (String) throws -> Void)] = [
      ("pedigree", "PEDIGREE", { try ReferenceFile.write($0, ["PEDIGREE": .string("INFLIGHT")]) }),
      ("useafter", "USEAFTER", { try ReferenceFile.write($0, ["USEAFTER": .string("2026-02-30")]) }),
      ("author", "AUTHOR", { try ReferenceFile.write($0, without: ["AUTHOR"]) }),
      ("reftype", "REFTYPE", { try ReferenceFile.write($0, without: ["REFTYPE"]) }),
      ("other", "rules for sky", { try ReferenceFile.write($0, ["REFTYPE": .string("SKY")], unit: "adu") }),
      ("detector", "DETECTOR", { try ReferenceFile.write($0, without: ["DETECTOR"]) }),
      ("window", "window", { try ReferenceFile.write($0, ["SUBSIZE1": .integer(4)]) }),
      ("unit", "BUNIT", { try ReferenceFile.write($0, unit: "Jy") }),
      ("nan", "not a number", { try ReferenceFile.write($0, science: [3: .nan]) }),
      ("zero", "above 0", { try ReferenceFile.write($0, science: [3: 0]) }),
      ("instrument", "INSTRUME", { try ReferenceFile.write($0, ["INSTRUME": .string("NIRC2")]) }),
    ]
    let before = try rules.state()
    for bad in cases {
      let path = "\(folder)/\(bad.name).fits"
      try bad.make(path)
      let said = try await rules.refs("certify", path)
      #expect(said.exit == 4 && said.out.contains(bad.word), "\(bad.name): \(said.out)\(said.talk)")
      let refused = try await rules.refs("insert", good, path)
      #expect([64, 65].contains(refused.exit ?? 0), "\(bad.name): \(refused.talk)")
      #expect(refused.talk.contains("error: ") && refused.talk.contains(path), "\(refused.talk)")
      #expect(refused.talk.contains("hint: "), "\(refused.talk)")
    }
    let twins = "\(folder)/twin.fits"
    try ReferenceFile.write(twins)
    #expect(try await rules.refs("insert", good, twins).talk.contains("USEAFTER of good.fits"))
    #expect(try rules.state() == before)
  }

  @Test func aMaskMayHoldWhatLastsOnly() async throws {
    let rules = try RulesFolder()
    let mask = "\(folder)/mask.fits"
    try ReferenceFile.write(mask, ["REFTYPE": .string("MASK")], flags: [0: 1 << 10, 1: 1 << 11])
    #expect(try await rules.refs("certify", mask).exit == 0)
    try ReferenceFile.write(mask, ["REFTYPE": .string("MASK")], flags: [0: 1 << 2])
    let said = try await rules.refs("certify", mask)
    #expect(said.exit == 4 && said.out.contains("JUMP_DET"), "\(said.out)")
  }

  @Test func faultsOfMappingsAreToldInASentence() async throws {
    let flat = "\(folder)/frame.fits"
    try ReferenceFile.write(flat)
    func said(
      _ change: (RulesFolder) throws -> Void, context: String? = nil, file: String? = nil
    ) async throws -> CommandResult {
      let rules = try RulesFolder()
      try change(rules)
      return try await rules.refs("best", file ?? flat, context: context)
    }
    let missing = try await said {
      try FileManager.default.removeItem(atPath: "\($0.path)/mappings/tmt/tmt_iris_flat_0001.rmap")
    }
    #expect(missing.exit == 78 && missing.talk.contains("tmt_iris_flat_0001.rmap"), "\(missing.talk)")
    let cycle = try await said {
      try $0.edit("tmt_iris_0001.imap") {
        $0.replacingOccurrences(of: "tmt_iris_flat_0001.rmap", with: "tmt_iris_0001.imap")
      }
    }
    #expect(cycle.exit == 78 && cycle.talk.contains("has already"), "\(cycle.talk)")
    let broken = try await said { try $0.edit("tmt_iris_flat_0001.rmap") { $0 + "]" } }
    #expect(broken.exit == 78 && broken.talk.contains("tmt_iris_flat_0001.rmap:"), "\(broken.talk)")
    let imap = try await said({ _ in }, context: "tmt_iris_0001.imap")
    #expect(imap.exit == 78 && imap.talk.contains("hint: it belongs to tmt_0001.pmap"), "\(imap.talk)")
    let absent = try await said({ _ in }, context: "tmt_0009.pmap")
    #expect(absent.exit == 78 && absent.talk.contains("hint: "), "\(absent.talk)")
    let noFile = try await said({ _ in }, file: "\(folder)/absent.fits")
    #expect(noFile.exit == 66 && noFile.talk.contains("hint: "), "\(noFile.talk)")
    let text = "\(folder)/text.fits"
    try Data("hello".utf8).write(to: URL(fileURLWithPath: text))
    let notFITS = try await said({ _ in }, file: text)
    #expect(notFITS.exit == 65 && notFITS.talk.contains("not FITS"), "\(notFITS.talk)")
    let sum = try await said {
      try $0.edit("tmt_iris_flat_0001.rmap") { $0.replacingOccurrences(of: "master flats", with: "flats") }
    }
    #expect(sum.talk.contains("the sha1sum says"), "\(sum.talk)")
  }

  @Test func wrongChecksumsAreFoundAndWritten() async throws {
    let rules = try RulesFolder()
    try rules.edit("tmt_iris_flat_0001.rmap") { $0.replacingOccurrences(of: "master flats", with: "flats") }
    let found = try await rules.refs("checksum")
    #expect(found.exit == 4 && found.out.contains("\twrong\t"), "\(found.out)")
    let written = try await rules.refs("checksum", "--update", "tmt_iris_flat_0001.rmap")
    #expect(written.exit == 0 && written.out.contains("\tupdated\t"), "\(written.out)\(written.talk)")
    #expect(try await rules.refs("checksum").exit == 0)
    #expect(try await rules.refs("checksum", "absent.rmap").exit == 66)
  }

  @Test func framesThatTheRulesCannotServeSayWhy() async throws {
    let rules = try RulesFolder("Tests/Golden/crds/cache")
    let early = "\(folder)/early.fits"
    try ReferenceFile.write(early, ["DATE-OBS": .string("1850-01-01"), "DETECTOR": .string("IRIS1")])
    let tooEarly = try await rules.rows("best", early, "--type", "mask")
    #expect(tooEarly.first?["reason"]??.contains("the first reference is used after") == true, "\(tooEarly)")
    let bare = "\(folder)/bare.fits"
    try ReferenceFile.write(bare, without: ["FILTER"])
    let noFilter = try await rules.rows("best", bare, "--type", "flat")
    #expect(noFilter.first?["reason"]??.contains("META.INSTRUMENT.FILTER='UNDEFINED'") == true, "\(noFilter)")
    #expect(try await rules.refs("best", bare, "--type", "flat").exit == 3)
    #expect(try await rules.refs("best", bare, "--type", "nonsense").exit == 64)
  }

  @Test func looksWriteNothing() async throws {
    let rules = try RulesFolder("Tests/Golden/crds/cache")
    let frame = "\(folder)/look.fits"
    try ReferenceFile.write(frame, ["DETECTOR": .string("IRIS1")])
    let before = try rules.state()
    for words in [
      ["best", frame], ["contexts"], ["diff", "tmt_0001.pmap", "latest"], ["checksum"], ["certify", frame],
      ["affected", "tmt_0001.pmap", "operational", frame],
    ] {
      let result = try await Command.run(
        Programs.tmtrun, ["refs"] + words, environment: ["CRDS_PATH": rules.path])
      #expect([0, 3].contains(result.exit ?? -1), "\(words): \(result.talk)")
    }
    #expect(try rules.state() == before)
  }
}

/// `irisarchive refs`: the archive's own rules change under it.
@Suite struct ArchiveRefsTests {
  private func rows(_ archive: TestArchive, _ words: String...) async throws -> [[String: Any]] {
    let result = try await Command.run(
      Programs.irisarchive, ["refs"] + words + ["--format", "json"],
      environment: ["IRISARCHIVE_ROOT": archive.root])
    let rows = try JSONSerialization.jsonObject(with: Data(result.out.utf8)) as? [[String: Any]]
    return rows ?? []
  }

  @Test func aPersonsReferenceIsUsedAndMakesProductsStale() async throws {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(stem: "refs")
    try archive.logEvents("reference-updated")
    let daemon = try await Daemon(archive)
    let science = try #require(night.files("IMG1-SCI").first { $0.level == 1 })
    let files =
      night.files("IMG1-SKY") + night.files("IMG1-DRK").suffix(5) + night.files("IMG1-NFF") + [science]
    for file in files { try archive.drop(night.path(file), as: file.file) }
    try await archive.waitForRest(files: files.count)
    func products(_ state: String) async throws -> [Row] {
      try await archive.query("--obsname", "IMG1-SCI", "--level", "2", "--state", state)
    }
    let product = try #require(try await products("current").first)
    let old = try #require(try await current(archive))

    let flat = "\(archive.root)/person_flat.fits"
    let keys = try await Command.succeed(
      Programs.irisarchive,
      [
        "header", night.path(science), "--keys", "FILTER,PUPIL,GRATING,SCALE,INSTMODE,DETECTOR,SUBSIZE1",
        "--format", "json",
      ])
    let header = try #require(
      (try JSONSerialization.jsonObject(with: Data(keys.out.utf8)) as? [[String: Any]])?.first)
    var missing: Set<String> = []
    var changes: [String: Card.Value] = ["USEAFTER": .string("2026-07-01 00:00:00")]
    for key in ["FILTER", "PUPIL", "GRATING", "SCALE", "INSTMODE", "DETECTOR"] {
      switch header[key] {
      case let text as String: changes[key] = .string(text)
      case let number as NSNumber: changes[key] = .real(number.doubleValue)
      default: missing.insert(key)
      }
    }
    try ReferenceFile.write(flat, changes, without: missing, size: 64)
    let certified = try await Command.run(
      Programs.irisarchive, ["refs", "certify", flat], environment: ["IRISARCHIVE_ROOT": archive.root])
    #expect(certified.exit == 0, "\(certified.out)\(certified.talk)")

    let inserted = try await rows(archive, "insert", flat)
    let new = try #require(inserted.first?["context"] as? String)
    #expect(new != old)
    #expect(try await current(archive) == new)
    try await Eventually.holds("the product is stale") {
      try await products("stale").contains { $0.name == product.name }
    }
    let affected = try await rows(archive, "affected", old, new)
    #expect(
      affected.contains {
        $0["name"] as? String == product.name && $0["new"] as? String == "person_flat.fits"
      })
    let best = try await rows(archive, "best", night.path(science), "--type", "flat")
    #expect(best.first?["file"] as? String == "person_flat.fits")
    let changesMade = try await rows(archive, "diff", old, new)
    #expect(changesMade.count == 1 && changesMade.first?["type"] as? String == "flat")

    let again = try await rows(archive, "insert", flat)
    #expect(again.first?["context"] as? String == new, "nothing changes")
    try Data("no reference".utf8).write(to: URL(fileURLWithPath: flat))
    let bad = try await Command.run(
      Programs.irisarchive, ["refs", "insert", flat], environment: ["IRISARCHIVE_ROOT": archive.root])
    #expect(bad.exit == 65 && bad.talk.contains("not FITS"), "\(bad.talk)")
    #expect(try await current(archive) == new)
    #expect(try await daemon.stop() == 0)
    #expect(archive.text("logs/events.log").contains("person_flat.fits"))
    let verified = try await Command.run(
      Programs.irisarchive, ["verify"], environment: ["IRISARCHIVE_ROOT": archive.root])
    #expect(verified.exit == 0, "\(verified.out)")
  }

  private func current(_ archive: TestArchive) async throws -> String? {
    try await rows(archive, "contexts").first { $0["current"] as? Bool == true }?["context"] as? String
  }

  @Test func insertionsAtTheSameTimeLoseNothing() async throws {
    let archive = try await TestArchive(stem: "refs-together")
    let files = try (0..<4).map { index in
      let path = "\(archive.root)/mask_\(index).fits"
      try ReferenceFile.write(
        path, ["REFTYPE": .string("MASK"), "USEAFTER": .string("2026-07-0\(index + 1) 00:00:00")])
      return path
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for file in files {
        group.addTask {
          try await Command.succeed(
            Programs.irisarchive, ["refs", "insert", file], environment: ["IRISARCHIVE_ROOT": archive.root])
        }
      }
      try await group.waitForAll()
    }
    let changes = try await rows(archive, "diff", "tmt_0001.pmap", try #require(try await current(archive)))
    #expect(
      Set(changes.compactMap { $0["new"] as? String }) == Set((0..<4).map { "mask_\($0).fits" }))
  }
}

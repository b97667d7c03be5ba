import Foundation
import Testing

/// A whole simulated night, through `watch --once` and through a daemon that watches while the files come in any order
/// into folders that appear as they come.
@Suite struct NightTests {
  @Test(arguments: PlayedNight.Way.allCases)
  func everyRawFileIsClassified(way: PlayedNight.Way) async throws {
    let played = try await PlayedNight.of(way)
    let raw = played.rows.filter { $0.origin == "raw" }
    #expect(raw.count == played.night.files.count)
    #expect(
      raw.filter { $0.state != "classified" }.map { "\($0.name): \($0.state) \($0.reason ?? "")" } == [])
    let declared = Dictionary(grouping: played.night.files, by: \.obsname).mapValues(\.count)
    #expect(Dictionary(grouping: raw, by: { $0.obsname ?? "" }).mapValues(\.count) == declared)
  }

  @Test(arguments: PlayedNight.Way.allCases)
  func mastersAndScienceAreMade(way: PlayedNight.Way) async throws {
    let played = try await PlayedNight.of(way)
    let current = played.current
    #expect(current.filter { $0.kind == "dark" }.count == 4)
    #expect(current.filter { $0.kind == "flat" }.count == 2)
    #expect(current.filter { $0.kind == "rate" && $0.level == 1 }.count == 3)
    for (obsname, count) in ["IMG1-SCI": 5, "LEN-SCI": 3, "SLI-SCI": 3] {
      #expect(current.filter { $0.obsname == obsname && $0.level == 2 }.count == count, "\(obsname)")
    }
    for kind in ["i2d", "cat"] {
      #expect(current.filter { $0.kind == kind && $0.level == 3 }.count == 1, "\(kind)")
    }
    #expect(current.count == 22)
    #expect(current.compactMap { row in row.degraded.map { "\(row.name): \($0)" } } == [])
  }

  @Test(arguments: PlayedNight.Way.allCases)
  func noJobFailed(way: PlayedNight.Way) async throws {
    let played = try await PlayedNight.of(way)
    let bad = try await played.archive.jobs().filter { $0.state != "done" && $0.state != "cancelled" }
    #expect(bad.map { "\($0.name) \($0.state): \($0.reason ?? "")" } == [])
    #expect(played.exit == 0)
  }

  @Test(.enabled(if: Programs.tool("fitsverify") != nil, "fitsverify is not installed"))
  func productsPassFitsverify() async throws {
    let program = try #require(Programs.tool("fitsverify"))
    for product in try await PlayedNight.of(.once).products {
      let verdict = try await Command.run(program, [try #require(product.path)])
      #expect(verdict.out.contains("0 warning(s) and 0 error(s)"), "\(product.name): \(verdict.out)")
    }
  }

  @Test(.enabled(if: Programs.astropy != nil, "no python3 with astropy"))
  func productsOpenInAstropyWithTheirChecksums() async throws {
    let program = """
      import sys, warnings
      from astropy.io import fits
      warnings.simplefilter("error")
      for path in sys.argv[1:]:
          with fits.open(path, checksum=True) as file:
              for hdu in file:
                  assert "CHECKSUM" in hdu.header and "DATASUM" in hdu.header, (path, hdu.name)
                  hdu.data
      """
    let paths = try await PlayedNight.of(.once).products.compactMap(\.path)
    #expect(paths.count >= 20)
    let result = try await Command.run(try #require(Programs.astropy), ["-c", program] + paths)
    #expect(result.exit == 0, "\(result.talk)")
  }

  @Test(arguments: PlayedNight.Way.allCases)
  func provenanceIsClosed(way: PlayedNight.Way) async throws {
    let played = try await PlayedNight.of(way)
    let known = Set(played.rows.compactMap(\.sha256))
    for product in played.current {
      let answer = try await played.archive.irisarchive(
        "show", product.name, "--provenance", "--format", "json")
      let uses = Provenance.uses(in: try JSONSerialization.jsonObject(with: Data(answer.out.utf8)))
      #expect(uses.contains { !$0.isReference }, "\(product.name) was made of nothing")
      let strangers = uses.filter { $0.sha256 == nil || !known.contains($0.sha256 ?? "") }
      #expect(strangers.map(\.name) == [], "\(product.name)")
    }
  }

  @Test func everyKindOfExposureIsAskedForAndAnsweredInJSON() async throws {
    let played = try await PlayedNight.of(.once)
    let python = try #require(Programs.tool("python3"))
    let names = Set(played.night.files.map(\.obsname))
    #expect(names.count == 17)
    for name in names.sorted() {
      let file = Workspace.name("answer")
      let query = try await played.archive.irisarchive(
        "query", "--obsname", name, "--format", "json", "-o", file)
      #expect(query.exit == 0)
      let parsed = try await Command.run(python, ["-m", "json.tool", file])
      #expect(parsed.exit == 0 && parsed.out.contains("\"obsname\": \"\(name)\""), "\(name): \(parsed.talk)")
    }
  }

  @Test(arguments: PlayedNight.Way.allCases)
  func theHookIsToldOncePerProduct(way: PlayedNight.Way) async throws {
    let played = try await PlayedNight.of(way)
    let told = played.archive.text("logs/events.log").split(separator: "\n").map { line in
      String(line.split(separator: " ", maxSplits: 3)[2])
    }
    #expect(told.sorted() == played.products.map(\.name).sorted())
  }

  @Test(arguments: PlayedNight.Way.allCases)
  func verifyFindsNothing(way: PlayedNight.Way) async throws {
    let result = try await PlayedNight.of(way).archive.irisarchive("verify", "--all")
    #expect(result.exit == 0, "\(result.out)\n\(result.talk)")
  }

  @Test(arguments: PlayedNight.Way.allCases)
  func nothingRawIsChanged(way: PlayedNight.Way) async throws {
    let played = try await PlayedNight.of(way)
    for file in played.night.files {
      let given = FileManager.default.contents(atPath: played.night.path(file))
      #expect(FileManager.default.contents(atPath: "\(played.archive.incoming)/\(file.file)") == given)
    }
    let left = try FileManager.default.subpathsOfDirectory(atPath: played.archive.root + "/work")
    #expect(left == [])
  }
}

/// The night, played once in each way and looked at by many tests.
struct PlayedNight: Sendable {
  enum Way: CaseIterable, Sendable { case once, live }

  let night: SimulatedNight
  let archive: TestArchive
  /// Every row, superseded ones too.
  let rows: [Row]
  /// Of `watch --once`, or of the daemon after SIGTERM.
  let exit: Int32?

  var products: [Row] { rows.filter { $0.origin == "product" } }
  var current: [Row] { products.filter { $0.state == "current" } }

  private static let once = Task { try await playOnce() }
  private static let live = Task { try await playLive() }

  static func of(_ way: Way) async throws -> PlayedNight {
    switch way {
    case .once: try await once.value
    case .live: try await live.value
    }
  }

  private static func playOnce() async throws -> PlayedNight {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(stem: "once")
    try archive.logEvents("product-ready")
    for file in night.files { try archive.drop(night.path(file), as: file.file) }
    let result = try await archive.watchOnce()
    return PlayedNight(
      night: night, archive: archive, rows: try await archive.query("--all"), exit: result.exit)
  }

  private static func playLive() async throws -> PlayedNight {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(stem: "live")
    try archive.logEvents("product-ready")
    let daemon = try await Daemon(archive)
    var dice = Dice(11)
    for file in night.files.shuffled(using: &dice) { try archive.drop(night.path(file), as: file.file) }
    try await archive.waitForRest(files: night.files.count)
    let exit = try await daemon.stop()
    return PlayedNight(night: night, archive: archive, rows: try await archive.query("--all"), exit: exit)
  }
}

/// `show --provenance --format json`, walked.
enum Provenance {
  struct Use: Sendable {
    var isReference: Bool
    /// Role of a member, or type of a reference.
    var role: String
    var name: String
    var sha256: String?
  }

  /// Every member and every reference that was used, at any depth.
  static func uses(in value: Any) -> [Use] {
    guard let object = value as? [String: Any] else {
      return (value as? [Any])?.flatMap { uses(in: $0) } ?? []
    }
    var found: [Use] = []
    for case let input as [String: Any] in object["inputs"] as? [Any] ?? [] {
      found.append(use(input, isReference: false, role: "role"))
    }
    for case let reference as [String: Any] in object["references"] as? [Any] ?? [] {
      let origin = reference["origin"] as? String
      if origin != "none" && origin != "notApplicable" {
        found.append(use(reference, isReference: true, role: "type"))
      }
    }
    return found + object.filter { $0.key != "used_for" }.values.flatMap { uses(in: $0) }
  }

  private static func use(_ object: [String: Any], isReference: Bool, role: String) -> Use {
    Use(
      isReference: isReference, role: object[role] as? String ?? "",
      name: (object["name"] ?? object["file"]) as? String ?? "", sha256: object["sha256"] as? String)
  }
}

import Foundation
import Glibc
import Testing

/// A daemon that is killed again and again during a night ends where an undisturbed one does.
@Suite struct KillTests {
  /// The short form is one night and 2 x 10 kills, the long one five nights (330 files) and 200 kills.
  private static let seeds = Torture.isLong ? [Torture.seed] : [Torture.seed, Torture.seed + 1]
  private static let kills = Torture.count("KILLS", short: 10, long: 200)
  private static let nights = Torture.count("NIGHTS", short: 1, long: 5)

  @Test(arguments: seeds)
  func aKilledDaemonEndsWhereAnUndisturbedOneDoes(seed: UInt64) async throws {
    let files = try await Self.files.value
    let undisturbed = try await Self.undisturbed.value
    let archive = try await TestArchive(stem: "killed")
    try archive.logEvents("product-ready")
    var storm = KillStorm(archive, files, seed: seed)
    try await storm.rage(kills: Self.kills, longest: Torture.isLong ? 2 : 0.8)
    let again = Torture.again(seed, "IRISARCHIVE_TORTURE_KILLS=\(Self.kills)")
    try await Self.settle(archive, files.count)

    let killed = try await ArchiveContent(archive)
    #expect(killed.raw == undisturbed.raw, again)
    #expect(Set(killed.products.keys) == Set(undisturbed.products.keys), again)
    for (made, product) in undisturbed.products { #expect(killed.products[made] == product, again) }
    try await Self.nothingIsDoneTwice(archive, again)
    #expect(try await archive.irisarchive("verify", "--all").exit == 0, again)
    Torture.report(
      "kills",
      "\(storm.daemonsKilled) of the daemon, \(storm.childrenKilled) of jobs; \(files.count) files, "
        + "\(killed.products.count) current products, seed \(seed): as undisturbed")
  }

  private static let files = Task {
    var files: [KillStorm.File] = []
    for night in 0..<nights {
      let start = night == 0 ? [] : ["--start", "2026-07-\(16 + night)"]
      let simulated =
        night == 0
        ? try await SimulatedNight.seed7.value
        : try await SimulatedNight(seed: 7, size: 64, options: start)
      files += simulated.files.map { KillStorm.File(path: simulated.path($0), name: $0.file) }
    }
    return files
  }

  private static let undisturbed = Task {
    let files = try await Self.files.value
    let archive = try await TestArchive(stem: "undisturbed")
    for file in files { try archive.drop(file.path, as: file.name) }
    try await settle(archive, files.count)
    return try await ArchiveContent(archive)
  }

  /// Lets a daemon finish, and brings up to date what came out of order until nothing is stale.
  private static func settle(_ archive: TestArchive, _ count: Int) async throws {
    let daemon = try await Daemon(archive)
    try await archive.waitForRest(files: count, within: Torture.isLong ? 900 : 180)
    for _ in 0..<10 {
      let answer = try await archive.irisarchive("reprocess", "--stale", "--yes")
      if answer.exit == 3 { break }
      #expect(answer.exit == 0, "\(answer.talk)")
      try await archive.waitForRest(files: count, within: Torture.isLong ? 900 : 180)
    }
    #expect(try await archive.irisarchive("stale").exit == 3, "something is stale still")
    #expect(try await daemon.stop() == 0)
    #expect(try Processes.of(archive.root) == [])
  }

  /// Each finished job finished once, each version of each product exists once, each product was told.
  private static func nothingIsDoneTwice(_ archive: TestArchive, _ again: Comment) async throws {
    for job in try await archive.jobs() {
      #expect(job.state == "done" || job.state == "cancelled", "\(job) \(again)")
      let finished = try await archive.job(job.name).runs.filter { $0.state == "succeeded" }.count
      #expect(finished == (job.state == "done" ? 1 : 0), "\(job.name) \(again)")
    }
    let products = try await archive.query("--all").filter { $0.origin == "product" }
    let versions = products.map { "\($0.association ?? "") \($0.kind ?? "") \($0.version ?? 0)" }
    #expect(Set(versions).count == versions.count, again)
    let files = try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/products")
      .map { archive.root + "/products/" + $0 }
    let paths = products.compactMap(\.path)
    #expect(Set(files.filter { $0.hasSuffix(".fits") }) == Set(paths), again)
    let pictures = paths.filter { !$0.contains("_cat") }.map {
      $0.replacingOccurrences(of: ".fits", with: ".png")
    }
    #expect(Set(files.filter { $0.hasSuffix(".png") }) == Set(pictures), again)
    let told = archive.text("logs/events.log").split(separator: "\n").map { line in
      String(line.split(separator: " ", maxSplits: 3)[2])
    }
    #expect(Set(told) == Set(products.map(\.name)), again)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/work") == [], again)
  }
}

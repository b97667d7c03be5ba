import Foundation
import Glibc
import Testing

/// A daemon that is killed again and again during a night ends where an undisturbed one does.
@Suite(.serialized) struct KillTests {
  /// Seeds of the moments at which the daemon is killed; IRISARCHIVE_TEST_KILLS says how many, for the long form.
  private static let seeds: [UInt64] = {
    let count = ProcessInfo.processInfo.environment["IRISARCHIVE_TEST_KILLS"].flatMap { UInt64($0) } ?? 2
    return Array(1...max(1, count))
  }()

  @Test(arguments: seeds)
  func aKilledDaemonEndsWhereAnUndisturbedOneDoes(seed: UInt64) async throws {
    let night = try await SimulatedNight.seed7.value
    let undisturbed = try await Self.undisturbed.value
    let archive = try await TestArchive(stem: "killed")
    try archive.logEvents("product-ready")
    var dice = Dice(seed)
    var moments = Set((0..<2).map { _ in Int.random(in: 0..<night.files.count, using: &dice) })
    moments.insert(night.files.count - 1)
    var daemon = try await Daemon(archive)
    for (index, file) in night.files.enumerated() {
      try archive.drop(night.path(file), as: file.file)
      guard moments.contains(index) else { continue }
      try await Self.waitForWork(archive, Int.random(in: 0..<3, using: &dice))
      #expect(try await daemon.stop(SIGKILL) == -SIGKILL)
      try await Eventually.holds("no job outlives its daemon", within: 15, every: 0.02) {
        try Processes.of(archive.root).filter { $0.contains("tmtrun") }.isEmpty
      }
      daemon = try await Daemon(archive)
    }
    try await archive.waitForRest(files: night.files.count)
    #expect(try await daemon.stop() == 0)

    let killed = try await ArchiveContent(archive)
    #expect(killed.raw == undisturbed.raw)
    #expect(Set(killed.products.keys) == Set(undisturbed.products.keys))
    for (made, product) in undisturbed.products { #expect(killed.products[made] == product) }
    try await Self.nothingIsDoneTwice(archive)
    #expect(try await archive.irisarchive("verify", "--all").exit == 0)
  }

  private static let undisturbed = Task {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(stem: "undisturbed")
    let daemon = try await Daemon(archive)
    for file in night.files { try archive.drop(night.path(file), as: file.file) }
    try await archive.waitForRest(files: night.files.count)
    #expect(try await daemon.stop() == 0)
    return try await ArchiveContent(archive)
  }

  /// Returns at once, or when a job runs, or when some are done, so that kills fall into every kind of moment. A short
  /// night may be over before; then the kill falls there.
  private static func waitForWork(_ archive: TestArchive, _ kind: Int) async throws {
    guard kind > 0 else { return }
    let state = kind == 1 ? "running" : "done"
    do {
      try await Eventually.holds("a job is \(state)", within: 2, every: 0.005) {
        try await archive.jobs().contains { $0.state == state }
      }
    } catch is Eventually {
      return
    }
  }

  /// Each finished job finished once, each version of each product exists once, each product was told.
  private static func nothingIsDoneTwice(_ archive: TestArchive) async throws {
    for job in try await archive.jobs() {
      #expect(job.state == "done" || job.state == "cancelled", "\(job)")
      let finished = try await archive.job(job.name).runs.filter { $0.state == "succeeded" }.count
      #expect(finished == (job.state == "done" ? 1 : 0), "\(job.name)")
    }
    let products = try await archive.query("--all").filter { $0.origin == "product" }
    let versions = products.map { "\($0.association ?? "") \($0.kind ?? "") \($0.version ?? 0)" }
    #expect(Set(versions).count == versions.count)
    let files = try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/products")
      .map { archive.root + "/products/" + $0 }
    let paths = products.compactMap(\.path)
    #expect(Set(files.filter { $0.hasSuffix(".fits") }) == Set(paths))
    let pictures = paths.map { $0.replacingOccurrences(of: ".fits", with: ".png") }
    #expect(Set(files.filter { $0.hasSuffix(".png") }) == Set(pictures))
    let told = archive.text("logs/events.log").split(separator: "\n").map { line in
      String(line.split(separator: " ", maxSplits: 3)[2])
    }
    #expect(Set(told) == Set(products.map(\.name)))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/work") == [])
  }
}

/// What an archive holds, apart from names, times and numbers that a run gives out.
struct ArchiveContent: Sendable {
  /// Raw content -> state.
  var raw: [String: String] = [:]
  /// A current product: what else it was made of, and what it holds.
  struct Product: Sendable, Equatable {
    var name: String
    var degraded: String?
    /// `type=content` of each reference.
    var references: [String]
    var pixels: String

    static func == (a: Product, b: Product) -> Bool {
      a.degraded == b.degraded && a.references == b.references && a.pixels == b.pixels
    }
  }
  /// Pipeline, kind and members, by content -> the current product.
  var products: [String: Product] = [:]

  init(_ archive: TestArchive) async throws {
    let rows = try await archive.query("--all")
    var contents: [String: String] = [:]
    for row in rows {
      let sum = try #require(row.sha256)
      if row.origin == "raw" {
        raw[sum] = row.state
        contents[sum] = sum
      } else {
        contents[sum] = try PixelSums.of(try #require(row.path))
      }
    }
    for row in rows where row.origin == "product" && row.state == "current" {
      let answer = try await archive.irisarchive("show", row.name, "--provenance", "--format", "json")
      let (made, product) = try Self.product(row, answer.out, contents)
      #expect(products[made] == nil, "made twice: \(row.name)")
      products[made] = product
    }
  }

  private static func product(
    _ row: Row, _ json: String, _ contents: [String: String]
  ) throws -> (made: String, product: Product) {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let maker = (object?["provenance"] as? [String: Any])?["made_by"] as? [String: Any]
    func list(_ key: String, _ role: String) -> [String] {
      (maker?[key] as? [[String: Any]] ?? []).map { use in
        let sum = use["sha256"] as? String ?? ""
        return "\(use[role] as? String ?? "")=\(contents[sum] ?? use["origin"] as? String ?? "?")"
      }.sorted()
    }
    let inputs = list("inputs", "role")
    #expect(!inputs.isEmpty, "\(row.name) was made of nothing")
    let product = Product(
      name: row.name, degraded: row.degraded, references: list("references", "type"),
      pixels: contents[row.sha256 ?? ""] ?? "")
    return (([row.pipeline ?? "", row.kind ?? ""] + inputs).joined(separator: " "), product)
  }
}

import Crypto
import Foundation
import Glibc
import Testing

/// Whatever lands in the watched folder, the daemon lives, stays small, and says of each file what became of it.
@Suite struct MutationTests {
  private static let count = Torture.count("MUTANTS", short: 500, long: 10_000)
  /// What the daemon may need at most.
  private static let memoryLimit = 512 << 20

  @Test func mutantsNeitherEndNorFillTheDaemon() async throws {
    let mutator = FITSMutator(seeds: try await MutationSeeds.make(), seed: Torture.seed)
    let archive = try await TestArchive(
      [
        "intake": ["truncated_after": "1 s", "reconcile_interval": "5 s"],
        "associations": ["wait_scale": "0.001"],
        "jobs": ["attempts": "1", "timeout": "30 s", "memory": "512 MiB", "preview": "false"],
      ], stem: "mutants")
    let daemon = try await Daemon(archive)
    let again = Torture.again(Torture.seed, "IRISARCHIVE_TORTURE_MUTANTS=\(Self.count)")
    var stories: [String: String] = [:]
    var contents: [String: Data] = [:]
    for index in 0..<Self.count {
      let mutant = mutator.mutant(index)
      let path = try archive.drop(Data(mutant.bytes), as: "\(index / 500)/\(mutant.name)")
      try Torture.keep(mutant.bytes, as: mutant.name)
      stories[path] = mutant.story
      contents[path] = Data(SHA256.hash(data: mutant.bytes))
      #expect(daemon.process.isRunning, "the daemon ended near \(mutant.story) \(again)")
      if index % 1000 == 999 { Torture.progress("\(index + 1) of \(Self.count) mutants are there") }
    }
    try await archive.waitForRest(files: Self.count, within: Torture.isLong ? 3000 : 180)
    #expect(daemon.process.isRunning, again)
    let peak = try #require(Processes.peakBytes(of: daemon.pid))
    #expect(peak < Self.memoryLimit, "\(peak >> 20) MiB; \(again)")

    let raw = try await archive.query("--all").filter { $0.origin == "raw" }
    #expect(Set(raw.compactMap(\.path)) == Set(stories.keys), again)
    #expect(raw.count == Self.count, again)
    for row in raw {
      let story = "\(row.state), \(row.reason ?? "no reason"): \(stories[row.path ?? ""] ?? "?"); \(again)"
      #expect(["classified", "received", "held", "quarantined", "duplicate"].contains(row.state), "\(story)")
      #expect(row.state == "classified" || row.reason?.isEmpty == false, "\(story)")
    }
    for (path, sum) in contents {
      let now = Data(SHA256.hash(data: try Data(contentsOf: URL(fileURLWithPath: path))))
      #expect(now == sum, "a raw file was changed: \(stories[path] ?? path); \(again)")
    }
    let jobs = try await archive.jobs()
    for job in jobs where job.state != "done" {
      #expect(["failed", "dead", "cancelled"].contains(job.state), "\(job); \(again)")
      #expect(job.reason?.isEmpty == false, "\(job); \(again)")
    }
    #expect(try await archive.irisarchive("status").exit == 0)
    #expect(try await daemon.stop() == 0)
    try Self.damageWentDeep(raw, jobs)
    let states = Dictionary(grouping: raw, by: \.state).mapValues(\.count).sorted { $0.key < $1.key }
    let ends = Dictionary(grouping: jobs, by: \.state).mapValues(\.count).sorted { $0.key < $1.key }
    Torture.report(
      "mutants",
      "\(states.map { "\($0.value) \($0.key)" }.joined(separator: ", ")); jobs: "
        + "\(ends.map { "\($0.value) \($0.key)" }.joined(separator: ", ")); daemon's peak \(peak >> 20) MiB")
  }

  /// The mutants are not all turned away at the door, nor all let in.
  private static func damageWentDeep(_ raw: [Row], _ jobs: [JobRow]) throws {
    let quarantined = raw.filter { $0.state == "quarantined" }
    #expect(quarantined.count > count / 10 && raw.count - quarantined.count > count / 10)
    for words in ["truncated", "not FITS", "checksum", "EXPTIME"] {
      #expect(quarantined.contains { $0.reason?.contains(words) == true }, "none is quarantined for \(words)")
    }
    #expect(jobs.contains { $0.state == "done" } && jobs.contains { $0.state != "done" })
  }
}

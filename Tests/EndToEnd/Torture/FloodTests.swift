import CatalogStore
import Foundation
import Glibc
import Testing

/// More files at once than the kernel's queue of events holds: none is lost, none is taken twice.
///
/// The queue (16,384 events by default, left as it is) overflows because the daemon is stopped while they come.
@Suite(.serialized) struct FloodTests {
  private static let count = Torture.count("FILES", short: 2000, long: 50_000)

  @Test func aFloodThatOverflowsTheQueueIsTakenInOnce() async throws {
    let archive = try await TestArchive(["intake": ["reconcile_interval": "1 h"]], stem: "flood")
    let names = try await Self.prepare(archive)
    try archive.makeFolder(archive.incoming + "/flood")
    let daemon = try await Daemon(archive)
    #expect(!daemon.log.contains("overflowed"))

    kill(daemon.pid, SIGSTOP)
    try Self.overflow(archive)
    for (index, name) in names.enumerated() {
      // Half come one by one into a folder that is watched, half as whole folders.
      if index % 2 == 0 {
        #expect(rename("\(archive.root)/staged/\(name)", "\(archive.incoming)/flood/\(name)") == 0)
      }
    }
    #expect(rename(archive.root + "/staged", archive.incoming + "/moved") == 0)
    let start = ContinuousClock.now
    kill(daemon.pid, SIGCONT)

    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    try await Eventually.holds(
      "\(names.count) files", within: Torture.isLong ? 900 : 120, every: 0.2, context: archive.summary
    ) { try reader.count(under: archive.incoming) >= names.count }
    let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    try await archive.waitForRest(files: names.count, within: Torture.isLong ? 900 : 120)
    let rows = try await archive.query("--all")
    #expect(rows.count == names.count)
    #expect(Set(rows.map(\.name)) == Set(names))
    #expect(Set(rows.map(\.sha256)).count == names.count)
    #expect(rows.filter { $0.state != "classified" } == [])
    #expect(daemon.log.contains("the kernel's event queue overflowed"))
    let peak = Processes.peakBytes(of: daemon.pid) ?? 0
    #expect(try await daemon.stop() == 0)
    Torture.report(
      "flood",
      "\(names.count) files at once, queue overflowed: all in after \(String(format: "%.1f", seconds)) s, "
        + "\(Int(Double(names.count) / seconds)) files/s, daemon's peak \(peak >> 20) MiB")
  }

  /// Distinct small good frames beside the watched folder: their own OBJECT each, no data.
  private static func prepare(_ archive: TestArchive) async throws -> [String] {
    let frame = try await Frames.make("flood", "LEN-TEL", ["--exptime", "10", "--detector-size", "16"])
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: frame)))
    FITSRecords.forgetChecksums(&bytes)
    let object = try #require(FITSRecords.offsets(of: "OBJECT", in: bytes).first)
    try archive.makeFolder(archive.root + "/staged")
    return try (0..<count).map { index in
      FITSRecords.write("'object \(index)'", at: object, in: &bytes)
      let name = "f\(index).fits"
      try Data(bytes).write(to: URL(fileURLWithPath: "\(archive.root)/staged/\(name)"))
      return name
    }
  }

  /// Fills the queue of the stopped daemon with events about a name that it does not take.
  private static func overflow(_ archive: TestArchive) throws {
    let limit = try String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
    let queue = try #require(Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)))
    let names = [archive.incoming + "/a.part", archive.incoming + "/b.part"]
    #expect(FileManager.default.createFile(atPath: names[0], contents: nil))
    for turn in 0...queue { #expect(rename(names[turn % 2], names[(turn + 1) % 2]) == 0) }
    unlink(names[0])
    unlink(names[1])
  }
}

extension CatalogReader {
  /// How many files at or below a folder are in the catalog.
  fileprivate func count(under folder: String) throws -> Int {
    var count = 0
    try eachPlace(under: folder) { _ in count += 1 }
    return count
  }
}

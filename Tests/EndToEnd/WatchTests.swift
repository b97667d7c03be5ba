import Foundation
import Glibc
import Testing

/// Files come in every way that files come, and none is lost or taken twice.
@Suite struct WatchTests {
  private static let frames = Task { try await Frames.darks(8, seed: 3) }

  /// Distinct good frames that join no association with one another: their own OBJECT each.
  private static func contents(_ count: Int) async throws -> [Data] {
    let frame = try await Frames.make("telluric", "LEN-TEL", ["--exptime", "10", "--readmode", "CDS"])
    return try (0..<count).map { index in
      var editor = try FITSEditor(frame)
      editor.set("OBJECT", "'object \(index)'")
      return editor.data
    }
  }

  private func all(_ archive: TestArchive, _ count: Int) async throws {
    try await archive.waitForRest(files: count)
    let rows = try await archive.query("--all")
    #expect(rows.count == count)
    #expect(rows.filter { $0.state != "classified" } == [])
    #expect(Set(rows.map(\.sha256)).count == count)
  }

  @Test(arguments: [[], ["--poll", "0.3"]])
  func filesInNewNestedFoldersAndFoldersMovedIn(options: [String]) async throws {
    let archive = try await TestArchive()
    let daemon = try await Daemon(archive, options)
    let contents = try await Self.contents(60)
    for index in 0..<30 {
      try archive.drop(contents[index], as: "2026071\(index % 7)/a\(index)/b/c/f\(index).fits")
    }
    let staged = archive.root + "/staged"
    for index in 30..<60 {
      let folder = "\(staged)/n\(index % 5)/raw"
      try archive.makeFolder(folder)
      try contents[index].write(to: URL(fileURLWithPath: "\(folder)/f\(index).fits"))
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: staged) {
      #expect(rename("\(staged)/\(name)", "\(archive.incoming)/\(name)") == 0)
    }
    try await all(archive, 60)
    let source = (try await archive.status()["daemon"] as? [String: any Sendable])?["source"] as? String
    #expect(source == (options.isEmpty ? "inotify" : "polling every 0.3 s"))
    #expect(try await daemon.stop() == 0)
  }

  @Test func renamedFilesKeepTheirRecord() async throws {
    let archive = try await TestArchive()
    let daemon = try await Daemon(archive)
    let contents = try await Self.contents(2)
    let old = try archive.drop(contents[0], as: "a/old.fits")
    let part = try archive.drop(contents[1], as: "b/new.fits.part")
    try await all(archive, 1)
    let before = try await archive.query()
    try archive.makeFolder(archive.incoming + "/c")
    #expect(rename(old, archive.incoming + "/c/renamed.fits") == 0)
    #expect(rename(part, archive.incoming + "/b/new.fits") == 0)
    try await Eventually.holds("both under their new names", context: archive.summary) {
      try await Set(archive.query("--all").map(\.name)) == ["renamed.fits", "new.fits"]
    }
    try await all(archive, 2)
    let moved = try #require(try await archive.query("renamed.fits").first)
    #expect(moved.sha256 == before.first?.sha256 && moved.path == archive.incoming + "/c/renamed.fits")
    #expect(try await daemon.stop() == 0)
  }

  @Test func whatCameWhileTheDaemonWasDownIsPickedUp() async throws {
    let archive = try await TestArchive()
    let contents = try await Self.contents(9)
    for index in 0..<3 { try archive.drop(contents[index], as: "a/f\(index).fits") }
    let first = try await Daemon(archive)
    try await all(archive, 3)
    #expect(try await first.stop() == 0)
    for index in 3..<9 { try archive.drop(contents[index], as: "b/c/f\(index).fits") }
    #expect(try await archive.query().count == 3)
    let second = try await Daemon(archive)
    try await all(archive, 9)
    #expect(try await second.stop() == 0)
  }

  @Test func aSecondDaemonEndsWith75() async throws {
    let archive = try await TestArchive()
    let daemon = try await Daemon(archive)
    for options in [["watch"], ["watch", "--once"]] {
      let second = try await Command.run(
        Programs.irisarchive, options, environment: ["IRISARCHIVE_ROOT": archive.root])
      #expect(second.exit == 75)
      #expect(second.talk.contains("error: another daemon"), "\(second.talk)")
    }
    #expect(daemon.process.isRunning)
    #expect(try await daemon.stop() == 0)
  }

  @Test func terminationPutsJobsBackUncounted() async throws {
    let archive = try await TestArchive()
    let gate = archive.root + "/gate"
    let slow = archive.root + "/slow-tmtrun"
    let script = """
      #!/bin/sh
      case "$1" in
      --job) while [ ! -e "\(gate)" ]; do /bin/sleep 0.05; done ;;
      esac
      exec "\(Programs.tmtrun)" "$@"

      """
    try script.write(toFile: slow, atomically: true, encoding: .utf8)
    chmod(slow, 0o755)
    try archive.configure(["jobs": ["tmtrun": slow]])
    for dark in try await Self.frames.value.prefix(8) { try archive.drop(dark) }
    let first = try await Daemon(archive)
    try await Eventually.holds("a job runs", context: archive.summary) {
      try await archive.jobs().contains { $0.state == "running" }
    }
    #expect(try await first.stop() == 0)
    let stopped = try await archive.jobs()
    #expect(stopped.map(\.state) == ["queued"] && stopped.map(\.attempts) == [0])
    #expect(try Processes.of(archive.root).isEmpty)

    #expect(FileManager.default.createFile(atPath: gate, contents: nil))
    let second = try await Daemon(archive)
    try await archive.waitForRest(files: 8)
    let done = try await archive.jobs()
    #expect(done.map(\.state) == ["done"] && done.map(\.attempts) == [1])
    #expect(try await second.stop() == 0)
  }
}

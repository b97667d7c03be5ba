import CatalogStore
import Foundation
import Glibc
import Testing

/// A catalog that is locked, read-only or damaged: said with the next command, and nothing is lost.
@Suite struct CatalogTroubleTests {
  private static let sqlite = Programs.tool("sqlite3")

  private func troubles(_ archive: TestArchive) async throws -> [[String: String]] {
    try await archive.status()["catalog_troubles"] as? [[String: String]] ?? []
  }

  /// Another process that holds the catalog until it is told `ROLLBACK`.
  private func hold(_ archive: TestArchive) throws -> (process: Process, input: Pipe) {
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: try #require(Self.sqlite))
    // Patient, for the daemon may be writing; without the lock it says nothing.
    holder.arguments = [
      "-batch", "-bail", "-cmd", ".timeout 60000", archive.root + "/catalog/catalog.sqlite",
    ]
    let (input, output) = (Pipe(), Pipe())
    holder.standardInput = input
    holder.standardOutput = output
    try holder.run()
    input.fileHandleForWriting.write(Data("BEGIN IMMEDIATE; SELECT 'held';\n".utf8))
    #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
    return (holder, input)
  }

  /// That the catalog cannot take down how a hook ended is no reason to call it again and again.
  @Test(.enabled(if: sqlite != nil, "needs sqlite3"))
  func aHookThatEndedIsNotCalledAgainWhileTheCatalogIsHeld() async throws {
    let archive = try await TestArchive(["intake": ["reconcile_interval": "1 h"]])
    let (calls, gate) = (archive.root + "/calls", archive.root + "/gate")
    try archive.addHook(
      "exposure-received", "10-count",
      "#!/bin/sh\ncat >/dev/null\necho call >>\(calls)\nwhile [ ! -e \(gate) ]; do /bin/sleep 0.05; done\n")
    let daemon = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    try await Eventually.holds("it is called", every: 0.05, context: archive.summary) {
      FileManager.default.fileExists(atPath: calls)
    }
    let (holder, input) = try hold(archive)
    #expect(FileManager.default.createFile(atPath: gate, contents: nil))
    try await Eventually.holds("its end cannot be taken down", every: 0.1, context: archive.summary) {
      daemon.log.contains("the catalog cannot be written; trying again")
    }
    input.fileHandleForWriting.write(Data("ROLLBACK;\n.quit\n".utf8))
    try await Eventually.holds("it is delivered", every: 0.1, context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["delivered"]
    }
    holder.waitUntilExit()
    #expect(archive.text("calls") == "call\n")
    #expect(try await archive.deliveries().map(\.attempts) == [1])
    #expect(try await daemon.stop() == 0)
  }

  /// The disk of the log is full.
  @Test func aLogThatCannotBeWrittenEndsNothing() async throws {
    let archive = try await TestArchive()
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    let run = try await Command.run(
      "/bin/sh", ["-c", "exec \"$0\" watch --once 2>/dev/full", Programs.irisarchive],
      environment: ["IRISARCHIVE_ROOT": archive.root])
    #expect(run.exit == 0)
    #expect(try await archive.query().map(\.name) == ["a.fits"])
  }

  @Test(.enabled(if: sqlite != nil, "needs sqlite3"))
  func aCatalogThatAnotherProcessHoldsIsToldAndTheDaemonGoesOn() async throws {
    let archive = try await TestArchive(["intake": ["reconcile_interval": "1 h"]])
    let daemon = try await Daemon(archive)
    let (holder, input) = try hold(archive)
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    try await Eventually.holds("status tells who holds it", every: 0.1, context: archive.summary) {
      try await troubles(archive).contains {
        $0["state"] == "locked"
          && $0["reason"]?.contains("process \(holder.processIdentifier) (sqlite3)") == true
      }
    }
    let doctor = try await archive.irisarchive("doctor")
    #expect(doctor.exit == 4 && doctor.out.contains("process \(holder.processIdentifier)"), "\(doctor.out)")
    try await Eventually.holds("the daemon could not record it", every: 0.1, context: archive.summary) {
      daemon.log.contains("could not be recorded")
    }
    #expect(try await archive.query() == [])
    input.fileHandleForWriting.write(Data("ROLLBACK;\n.quit\n".utf8))
    try await Eventually.holds("it is recorded without another scan", every: 0.1, context: archive.summary) {
      try await archive.query().map(\.name) == ["a.fits"]
    }
    #expect(try await troubles(archive).isEmpty)
    holder.waitUntilExit()
    #expect(try await daemon.stop() == 0)
  }

  @Test(.enabled(if: Programs.canBecomeNobody, "needs root and setpriv"))
  func aReadOnlyCatalogIsSaidAndNothingIsLost() async throws {
    let archive = try await TestArchive()
    try await Command.succeed("/bin/chown", ["-R", "65534:65534", archive.root])
    let catalog = archive.root + "/catalog/catalog.sqlite"
    for end in ["", "-wal", "-shm"] { chmod(catalog + end, 0o444) }
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    let nobody = [
      try #require(Programs.tool("setpriv")), "--reuid=65534", "--regid=65534", "--clear-groups",
    ]
    func once() async throws -> CommandResult {
      try await Command.run(
        nobody[0], Array(nobody.dropFirst()) + [Programs.irisarchive, "watch", "--once"],
        environment: ["IRISARCHIVE_ROOT": archive.root])
    }
    let refused = try await once()
    #expect(refused.exit == 69 && refused.talk.contains("may not be written"), "\(refused.talk)")
    #expect(refused.talk.contains("hint: make catalog/"), "\(refused.talk)")
    let told = try await troubles(archive)
    #expect(told.first?["state"] == "read-only" && told.first?["next"]?.hasPrefix("chmod u+w ") == true)
    #expect(try await archive.irisarchive("status").out.contains("nothing can be recorded"))
    #expect(try await archive.irisarchive("doctor").out.contains("may not be written by its owner"))
    for end in ["", "-wal", "-shm"] { chmod(catalog + end, 0o644) }
    #expect(try await once().exit == 0)
    #expect(try await archive.query().map(\.name) == ["a.fits"])
  }

  /// What a clock that was set back by three years leaves: a catalog whose times are all ahead. (No clock is changed.)
  @Test(.enabled(if: sqlite != nil, "needs sqlite3"))
  func aClockThatWasSetBackIsToldAndFreezesNothing() async throws {
    let archive = try await TestArchive()
    let first = try await Daemon(archive)
    for dark in try await Frames.darks(5).prefix(4) { try archive.drop(dark) }
    try await Eventually.holds("a set waits for its fifth frame", every: 0.05, context: archive.summary) {
      guard try await archive.query().count == 4 else { return false }
      return try await (archive.status()["waiting"] as? [any Sendable])?.isEmpty == false
    }
    #expect(try await first.stop() == 0)
    #expect(try await archive.jobs() == [])
    try await Command.succeed(
      try #require(Self.sqlite),
      [
        archive.root + "/catalog/catalog.sqlite",
        """
        UPDATE association SET opened_at = opened_at + 1e8, touched_at = touched_at + 1e8;
        UPDATE association SET due_at = touched_at + 2;
        UPDATE frame SET recorded_at = recorded_at + 1e8, arrived_at = arrived_at + 1e8;
        UPDATE night SET touched_at = touched_at + 1e8;
        """,
      ])
    #expect(try await troubles(archive).first?["state"] == "clock")
    #expect(try await archive.irisarchive("doctor").out.contains("clock\tproblem"))
    let second = try await Daemon(archive)
    try await Eventually.holds("the set was closed and reduced", every: 0.2, context: archive.summary) {
      try await archive.jobs().map(\.state) == ["done"]
    }
    #expect(try await archive.irisarchive("status").out.contains("the clock was set back"))
    #expect(try await second.stop() == 0)
  }

  /// Writes over the middle of the file.
  private func damage(_ path: String) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    let end = try handle.seekToEnd()
    try handle.seek(toOffset: 4096)
    try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(end) - 4096))
    try handle.close()
  }

  @Test(.enabled(if: sqlite != nil, "needs sqlite3"))
  func aDamagedCatalogIsFoundAtTheStart() async throws {
    let archive = try await TestArchive()
    try archive.drop(try await Frames.darks(1)[0], as: "a.fits")
    #expect(try await archive.watchOnce().exit == 0)
    let catalog = archive.root + "/catalog/catalog.sqlite"
    // Its log alone would hold everything.
    try await Command.succeed(try #require(Self.sqlite), [catalog, "PRAGMA wal_checkpoint(TRUNCATE)"])
    for end in ["-wal", "-shm"] { unlink(catalog + end) }
    try damage(catalog)
    for command in [["watch", "--once"], ["watch"]] {
      let run = try await Command.run(
        Programs.irisarchive, command, environment: ["IRISARCHIVE_ROOT": archive.root])
      #expect(run.exit == 69 && run.talk.contains("the catalog is damaged"), "\(run.talk)")
      #expect(run.talk.contains("restore the newest backup"), "\(run.talk)")
    }
    let doctor = try await archive.irisarchive("doctor")
    #expect(doctor.exit == 4 && doctor.out.contains("catalog\tproblem"), "\(doctor.out)")
  }

  @Test func aCatalogThatIsDamagedMeanwhileEndsTheDaemon() async throws {
    let archive = try await TestArchive(["intake": ["reconcile_interval": "1 s"]])
    let daemon = try await Daemon(archive)
    let catalog = archive.root + "/catalog/catalog.sqlite"
    for end in ["", "-wal"] {
      try Data(repeating: 0xA5, count: 1 << 20).write(to: URL(fileURLWithPath: catalog + end), options: [])
    }
    for dark in try await Frames.darks(3) { try archive.drop(dark) }
    try await Eventually.holds("the daemon ends") { !daemon.process.isRunning }
    #expect(
      daemon.process.terminationStatus == 69 && daemon.log.contains("the catalog is damaged"), "\(daemon.log)"
    )
  }
}

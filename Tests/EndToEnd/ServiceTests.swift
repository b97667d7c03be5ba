import Foundation
import Glibc
import Testing

/// The daemon as a service: what it tells its manager, how it takes a new configuration, its log and its numbers.
@Suite struct ServiceTests {
  static let hasJournal = FileManager.default.fileExists(atPath: "/run/systemd/journal/socket")

  @Test(arguments: [true, false])
  func theServiceManagerIsToldOfReadinessLifeReloadAndEnd(abstract: Bool) async throws {
    let archive = try await TestArchive()
    let name = "iris-notify-\(UUID().uuidString.prefix(8))"
    let manager = try DatagramReceiver(abstract ? "@\(name)" : "\(Workspace.root)/\(name)")
    let daemon = try await Daemon(
      archive, environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "4000000"])
    try await Eventually.holds("ready") { manager.lines.contains("READY=1") }
    #expect(manager.lines.contains("STATUS=watching \(archive.incoming)"))
    #expect(
      manager.lines.first?.hasPrefix("EXTEND_TIMEOUT_USEC=") == true || manager.lines.first == "READY=1")
    try await Eventually.holds("signs of life") { manager.lines.filter { $0 == "WATCHDOG=1" }.count >= 2 }
    #expect(manager.lines.contains { $0.hasPrefix("STATUS=watching; 0 jobs running") })

    _ = try await daemon.reload()
    try await Eventually.holds("ready again") { manager.lines.filter { $0 == "READY=1" }.count == 2 }
    let reloading = try #require(manager.messages.firstIndex { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
    let ready = try #require(manager.messages.lastIndex { $0.hasPrefix("READY=1\n") })
    #expect(reloading < ready)
    #expect(!manager.lines.contains("STOPPING=1"))
    #expect(try await daemon.stop() == 0)
    #expect(manager.lines.contains("STOPPING=1"))
    let end = try #require(manager.messages.firstIndex { $0.hasPrefix("STOPPING=1") })
    #expect(!manager.messages[end...].contains { $0.contains("WATCHDOG=1") })
  }

  /// The scheduler is made to wait for a program that does not answer; events are read all the while.
  @Test func aLoopThatHangsGivesNoSignOfLife() async throws {
    let archive = try await TestArchive()
    let manager = try DatagramReceiver("@iris-hang-\(UUID().uuidString.prefix(8))")
    let hang = archive.root + "/hang"
    try archive.wrapTmtrun("while [ -e \"\(hang)\" ]; do /bin/sleep 0.05; done")
    let daemon = try await Daemon(
      archive, environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "10000000"])
    try await Eventually.holds("signs of life") { manager.lines.contains("WATCHDOG=1") }
    #expect(FileManager.default.createFile(atPath: hang, contents: nil))
    try archive.wrapTmtrun("# changed\nwhile [ -e \"\(hang)\" ]; do /bin/sleep 0.05; done")
    let hung = manager.lines.count
    func isStalled(_ line: String) -> Bool { line.hasPrefix("STATUS=the scheduler has not turned for") }
    try await Eventually.holds("it is noticed") { manager.lines[hung...].filter(isStalled).count >= 2 }
    let first = try #require(manager.lines[hung...].firstIndex(where: isStalled))
    #expect(!manager.lines[first...].contains("WATCHDOG=1"))
    #expect(daemon.log.contains("no sign of life is given"))
    try FileManager.default.removeItem(atPath: hang)
    try await Eventually.holds("life again") { manager.lines[first...].contains("WATCHDOG=1") }
    #expect(try await daemon.stop() == 0)
  }

  @Test func aNewConfigurationIsTakenWhileItRunsAndABrokenOneIsRefused() async throws {
    let archive = try await TestArchive(["intake": ["ignore": "'*.fits'"]])
    let daemon = try await Daemon(archive)
    let darks = try await Frames.darks(3, seed: 41)
    try archive.drop(darks[0], as: "a.fits")
    func reload() async throws -> (accepted: Bool?, sentence: String) {
      let state = try await daemon.reload()
      return (state["accepted"] as? Bool, state["sentence"] as? String ?? "")
    }

    try archive.configure([
      "intake": ["ignore": "'.*'"], "log": ["level": "debug"], "folders": ["products": "elsewhere"],
    ])
    let taken = try await reload()
    #expect(taken.accepted == true)
    #expect(taken.sentence == "intake.ignore, log.level; needs a restart: folders.products")
    try await Eventually.holds("what was ignored comes in", context: archive.summary) {
      try await archive.query("a.fits").count == 1
    }
    try archive.configure(["folders": ["products": "products"]])

    let cfg = archive.text("config/irisarchive.cfg")
    try archive.configure(["hooks": ["timeout": "soon"]])
    let lines = archive.text("config/irisarchive.cfg").split(
      separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex(of: "timeout = soon")) + 1
    let refused = try await reload()
    #expect(refused.accepted == false)
    #expect(refused.sentence.hasPrefix("\(archive.root)/config/irisarchive.cfg:\(line): 'soon' will not do"))
    #expect(daemon.log.contains("irisarchive.cfg:\(line): 'soon' will not do"))
    #expect(try await archive.irisarchive("status").out.contains("the old configuration is in force"))
    try archive.drop(darks[1], as: "b.fits")
    try await Eventually.holds("the old one works on", context: archive.summary) {
      try await archive.query("b.fits").count == 1
    }
    try cfg.write(toFile: archive.root + "/config/irisarchive.cfg", atomically: true, encoding: .utf8)

    for (file, text, place) in [
      ("config/associations/broken.yaml", "rules:\n  - name: [\n", "broken.yaml"),
      ("config/classification.yaml", "version: [1\n", "classification.yaml"),
      ("crds/mappings/tmt/tmt_iris_dark_0001.rmap", "header = {\n", "tmt_iris_dark_0001.rmap"),
    ] {
      let before = FileManager.default.contents(atPath: archive.root + "/" + file)
      try text.write(toFile: archive.root + "/" + file, atomically: true, encoding: .utf8)
      let broken = try await reload()
      #expect(broken.accepted == false && broken.sentence.contains(place), "\(broken)")
      #expect(broken.sentence.contains(/:\d+/), "no line: \(broken.sentence)")
      if let before {
        try before.write(to: URL(fileURLWithPath: archive.root + "/" + file))
      } else {
        try FileManager.default.removeItem(atPath: archive.root + "/" + file)
      }
    }
    #expect(try await reload().accepted == true)
    #expect(daemon.process.isRunning)
    #expect(try await daemon.stop() == 0)
  }

  @Test func aReloadLosesNoJobAndNoEvent() async throws {
    let archive = try await TestArchive(["hooks": ["timeout": "10 min"]])
    let gate = archive.root + "/gate"
    try archive.wrapTmtrun(
      "[ \"$1\" = --job ] && while [ ! -e \"\(gate)\" ]; do /bin/sleep 0.05; done")
    try archive.addHook(
      "exposure-received", "10-slow",
      "#!/bin/sh\ncat >/dev/null\nwhile [ ! -e \"\(gate)\" ]; do /bin/sleep 0.05; done\n")
    let daemon = try await Daemon(archive)
    for dark in try await Frames.darks(8, seed: 42) { try archive.drop(dark) }
    try await Eventually.holds("a job runs", context: archive.summary) {
      try await archive.jobs().contains { $0.state == "running" }
    }
    try archive.configure(["jobs": ["timeout": "2 h"], "hooks": ["concurrency": "8"]])
    #expect(try await daemon.reload()["accepted"] as? Bool == true)
    #expect(try await archive.jobs().map(\.state) == ["running"])
    #expect(FileManager.default.createFile(atPath: gate, contents: nil))
    try await archive.waitForRest(files: 8)
    let jobs = try await archive.jobs()
    #expect(jobs.map(\.state) == ["done"] && jobs.map(\.attempts) == [1])
    let deliveries = try await archive.deliveries()
    #expect(deliveries.count == 8 && deliveries.allSatisfy { $0.state == "delivered" && $0.attempts == 1 })
    #expect(try await daemon.stop() == 0)
  }

  @Test(.enabled(if: !hasJournal, "a journal of the machine's own would take the lines"))
  func linesForTheJournalHaveTheirPriority() async throws {
    let archive = try await TestArchive()
    let log = archive.root + "/logs/daemon.log"
    #expect(FileManager.default.createFile(atPath: log, contents: nil))
    var status = stat()
    #expect(stat(log, &status) == 0)
    let daemon = try await Daemon(
      archive, environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"])
    try archive.drop(Data(repeating: 0x41, count: 5760), as: "junk.fits")
    try await Eventually.holds("it is logged") { daemon.log.contains("junk.fits") }
    #expect(try await daemon.stop() == 0)
    let lines = daemon.log.split(separator: "\n")
    #expect(lines.allSatisfy { $0.contains(/^<[0-7]>/) }, "\(daemon.log)")
    #expect(lines.contains { $0.hasPrefix("<6>in the catalog") })
  }

  @Test func theMetricsAreWhatPrometheusReads() async throws {
    let archive = try await TestArchive(["metrics": ["interval": "0.1 s"]])
    let file = archive.root + "/logs/irisarchive.prom"
    try archive.configure(["metrics": ["textfile": file]])
    try archive.addHook("exposure-received", "10-fails", "#!/bin/sh\nexit 3\n")
    let daemon = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0], as: "dark.fits")
    func samples() throws -> [String: Double] {
      try Metrics.samples(of: archive.text("logs/irisarchive.prom"))
    }
    try await Eventually.holds("the file is counted", context: archive.summary) {
      try samples()[#"irisarchive_hook_deliveries{state="failed"}"#] == 1
    }
    let found = try samples()
    #expect(found[#"irisarchive_files{state="classified"}"#] == 1)
    #expect(found[#"irisarchive_files{state="held"}"#] == 0)
    #expect(found[#"irisarchive_jobs{state="dead"}"#] == 0)
    #expect(found[#"irisarchive_close_to_catalog_seconds{percentile="99"}"#] ?? 100 < 60)
    #expect(found[#"irisarchive_disk_free_bytes{folder="products"}"#] ?? 0 > 1e6)
    #expect(found["irisarchive_configuration_accepted"] == 1)
    let now = Date().timeIntervalSince1970
    for name in ["start_time", "metrics_time", "last_reconcile_time"] {
      #expect(abs((found["irisarchive_\(name)_seconds"] ?? 0) - now) < 120, "\(name)")
    }
    let status = try await archive.status()
    #expect((status["last_reconcile"] as? String)?.hasPrefix("20") == true)
    #expect((status["hooks"] as? [String: Int])?["failed"] == 1)
    #expect(try await daemon.stop() == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: archive.root + "/logs").filter {
        $0.contains(".tmp")
      }
        == [])
  }
}

/// The text form of Prometheus, read as strictly as its parser does.
private enum Metrics {
  static func samples(of text: String) throws -> [String: Double] {
    var samples: [String: Double] = [:]
    var (helped, typed): (Set<Substring>, Set<Substring>) = ([], [])
    var families: [Substring] = []
    guard text.isEmpty || text.hasSuffix("\n") else { throw CommandFailed(description: "a cut line") }
    for line in text.split(separator: "\n") {
      if let help = line.firstMatch(of: /^# HELP ([a-z_]+) \S.*$/) {
        guard helped.insert(help.1).inserted else { throw CommandFailed(description: "twice: \(line)") }
      } else if let type = line.firstMatch(of: /^# TYPE ([a-z_]+) (gauge|counter)$/) {
        guard typed.insert(type.1).inserted else { throw CommandFailed(description: "twice: \(line)") }
        families.append(type.1)
      } else if let sample = line.firstMatch(
        of: /^([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"\})? (-?[0-9.]+(?:e[-+]?[0-9]+)?)$/)
      {
        guard families.last == sample.1, helped.contains(sample.1), let value = Double(sample.3) else {
          throw CommandFailed(description: "a sample outside its family: \(line)")
        }
        guard samples.updateValue(value, forKey: "\(sample.1)\(sample.2 ?? "")") == nil else {
          throw CommandFailed(description: "twice: \(line)")
        }
      } else {
        throw CommandFailed(description: "no line of Prometheus: \(line)")
      }
    }
    return samples
  }
}

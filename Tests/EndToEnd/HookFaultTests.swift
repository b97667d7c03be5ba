import Foundation
import Glibc
import Testing

/// Hooks that misbehave, are changed or are broken while an event waits: the daemon neither hangs, nor leaks, nor
/// forgets.
@Suite struct HookFaultTests {
  private func descriptors(_ pid: Int32) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
  }

  /// Command lines of what still runs with this word in it.
  private func running(_ word: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
      guard Int32(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
      else { return nil }
      let line = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
      return line.contains(word) ? line : nil
    }
  }

  @Test func aHookThatForksAwayAndNeverReturnsIsEndedWithAllItBegan() async throws {
    let archive = try await TestArchive(["hooks": ["retry_scale": "0.01"]])
    // Numbers that no other process sleeps for.
    let nap = "86\(getpid()).\(Int.random(in: 1000...9999))"
    try archive.addHook(
      "exposure-received", "10-forks",
      """
      #!/bin/bash
      trap '' TERM
      (setsid /bin/sh -c '(/bin/sleep \(nap)1 &) ; exec /bin/sleep \(nap)2' &)
      /bin/sleep \(nap)3 &
      : >"$IRISARCHIVE_ROOT/called"
      exec /bin/sleep \(nap)4

      """)
    try archive.addHook("exposure-received", "20-works", "#!/bin/sh\ncat >/dev/null\n")
    // Long enough for the other one, and for the first to begin, on a busy machine.
    try "timeout = 2 s\nretries = 1\n".write(
      toFile: archive.root + "/hooks/exposure-received.cfg", atomically: true, encoding: .utf8)
    let daemon = try await Daemon(archive)
    let before = try descriptors(daemon.pid)
    try archive.drop(try await Frames.darks(1)[0])
    try await Eventually.holds("dead", context: archive.summary) {
      try await archive.deliveries().map(\.state).sorted() == ["dead", "delivered"]
    }
    #expect(FileManager.default.fileExists(atPath: archive.root + "/called"))
    let dead = try #require(try await archive.deliveries().first { $0.state == "dead" })
    #expect(dead.attempts == 2 && dead.reason?.contains("took too long") == true)
    #expect(try running(nap) == [])
    try await archive.waitForRest(files: 1)
    try await Eventually.holds("no descriptor is left open") { try descriptors(daemon.pid) <= before + 2 }
    #expect(try await daemon.stop() == 0)
  }

  @Test func outputIsCappedAndUnreadInputDoesNoHarm() async throws {
    let archive = try await TestArchive()
    // 300 MB on standard output, then an exit code that keeps what it said.
    try archive.addHook(
      "exposure-received", "10-talks", "#!/bin/sh\n/usr/bin/head -c 300000000 /dev/zero\nexit 3\n")
    try archive.drop(try await Frames.darks(1)[0])
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.deliveries().map(\.state) == ["failed"])
    let outputs = try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/logs/hooks")
      .filter { $0.hasSuffix("/output") }
    #expect(outputs.count == 1)
    let kept = try #require(FileManager.default.contents(atPath: "\(archive.root)/logs/hooks/\(outputs[0])"))
    #expect(kept.count >= 1 << 20 && kept.count < (1 << 20) + 100)
    #expect(String(decoding: kept.suffix(60), as: UTF8.self).contains("size limit"))
  }

  @Test func whatAHookIsWhenItIsCalledCounts() async throws {
    let archive = try await TestArchive(["hooks": ["retry_scale": "0.01"]])
    let again = "#!/bin/sh\ncat >/dev/null\n[ -e \"$IRISARCHIVE_ROOT/go\" ] || exit 75\n"
    let edited = try archive.addHook("exposure-received", "10-edited", again)
    let removed = try archive.addHook("exposure-received", "20-removed", again)
    let opened = try archive.addHook("exposure-received", "30-opened", again)
    try "retries = 100\n".write(
      toFile: archive.root + "/hooks/exposure-received.cfg", atomically: true, encoding: .utf8)
    let daemon = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0])
    try await Eventually.holds("all were called", context: archive.summary) {
      try await archive.deliveries().filter { $0.attempts ?? 0 > 0 }.count == 3
    }
    try archive.addHook(
      "exposure-received", "10-edited", "#!/bin/sh\ncat >/dev/null\n: >\"$IRISARCHIVE_ROOT/new\"\n")
    try FileManager.default.removeItem(atPath: removed)
    chmod(opened, 0o775)
    try await Eventually.holds("each as it is now", context: archive.summary) {
      try await archive.deliveries().allSatisfy { $0.state != "pending" }
    }
    let ends = Dictionary(
      uniqueKeysWithValues: try await archive.deliveries().map {
        ($0.hook ?? "", "\($0.state): \($0.reason ?? "")")
      })
    #expect(ends[edited] == "delivered: " && FileManager.default.fileExists(atPath: archive.root + "/new"))
    // Removed between the look at it and its start, its shell has said so, too.
    #expect(ends[removed]?.hasPrefix("failed: the hook is no longer there") == true, "\(ends)")
    #expect(
      ends[opened]?.hasPrefix("failed: refused: ") == true && ends[opened]?.contains("chmod go-w") == true)
    #expect(FileManager.default.createFile(atPath: archive.root + "/go", contents: nil))

    // Mended, it is told what it missed.
    chmod(opened, 0o755)
    #expect(try await archive.irisarchive("hooks", "retry", "30-opened").exit == 0)
    try await Eventually.holds("told after all", context: archive.summary) {
      try await archive.deliveries().first { $0.hook == opened }?.state == "delivered"
    }
    #expect(try await daemon.stop() == 0)
  }

  /// A hook that goes between the daemon's look at it and its start is reported by its interpreter, in its own way;
  /// this one does itself what an operator may do at that moment.
  @Test func aHookThatGoesAsItIsCalledIsNoLongerThere() async throws {
    let archive = try await TestArchive()
    try archive.addHook("exposure-received", "10-goes", "#!/bin/sh\nrm \"$0\"\nexit 127\n")
    try archive.addHook("exposure-received", "20-fails", "#!/bin/sh\nexit 127\n")
    try archive.drop(try await Frames.darks(1)[0])
    #expect(try await archive.watchOnce().exit == 0)
    let ends = try await archive.deliveries().map { "\($0.state): \($0.reason ?? "")" }
    #expect(
      ends.sorted() == ["failed: exit code 127", "failed: the hook is no longer there (exit code 127)"])
  }

  @Test func aDaemonThatDiesBetweenAHooksEndAndItsRecordTellsAgain() async throws {
    let archive = try await TestArchive()
    // The hook itself kills the daemon as its last deed, and then ends well: nobody is left to write that down.
    try archive.addHook(
      "exposure-received", "10-kills",
      """
      #!/bin/sh
      cat >>"$IRISARCHIVE_ROOT/events"
      printf '%s %s\\n' "$IRISARCHIVE_EVENT_ID" "$IRISARCHIVE_ATTEMPT" >>"$IRISARCHIVE_ROOT/told"
      [ -e "$IRISARCHIVE_ROOT/once" ] && exit 0
      : >"$IRISARCHIVE_ROOT/once"
      kill -9 "$PPID"

      """)
    let first = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0])
    try await Eventually.holds("the daemon is killed") { !first.process.isRunning }
    #expect(archive.text("told").split(separator: "\n").count == 1)
    #expect(try await archive.deliveries().map(\.state) == ["pending"])
    let second = try await Daemon(archive)
    try await Eventually.holds("delivered", context: archive.summary) {
      try await archive.deliveries().map(\.state) == ["delivered"]
    }
    let lines = archive.text("told").split(separator: "\n")
    #expect(lines.count == 2 && lines[0] == lines[1] && lines[0].hasSuffix(" 1"))
    let events = archive.text("events").split(separator: "\n")
    #expect(events.count == 2 && events[0] == events[1])
    #expect(try await second.stop() == 0)
  }

  @Test func aStopCostsNoAttempt() async throws {
    let archive = try await TestArchive()
    try archive.addHook(
      "exposure-received", "10-slow", "#!/bin/sh\n: >\"$IRISARCHIVE_ROOT/called\"\nexec /bin/sleep 1000\n")
    let daemon = try await Daemon(archive)
    try archive.drop(try await Frames.darks(1)[0])
    try await Eventually.holds("the hook runs", context: archive.summary) {
      FileManager.default.fileExists(atPath: archive.root + "/called")
    }
    #expect(try await daemon.stop() == 0)
    let delivery = try #require(try await archive.deliveries().first)
    #expect(delivery.state == "pending" && delivery.attempts == 0)
    #expect(delivery.reason == "stopped with the daemon; it is told again")
  }

  @Test func anIncapableHookDelaysNoOther() async throws {
    let archive = try await TestArchive(["hooks": ["timeout": "10 min"]])
    try archive.addHook(
      "exposure-received", "10-hangs",
      "#!/bin/sh\nprintf x >>\"$IRISARCHIVE_ROOT/hanging\"\nexec /bin/sleep 1000\n")
    try archive.addHook("exposure-received", "20-works", "#!/bin/sh\ncat >/dev/null\n")
    let daemon = try await Daemon(archive)
    for (index, frame) in try await Frames.darks(6).enumerated() {
      try archive.drop(frame, as: "dark\(index).fits")
    }
    try await Eventually.holds("the other has them all", context: archive.summary) {
      try await archive.deliveries().filter { $0.state == "delivered" }.count == 6
    }
    // One place of four is kept for a hook that has no call under way.
    try await Eventually.holds("three hang") { archive.text("hanging").count == 3 }
    #expect(try await daemon.stop() == 0)
  }

  @Test func settingsThatCannotBeReadAreFaultsAndTheEventIsToldAllTheSame() async throws {
    let archive = try await TestArchive()
    try archive.addHook("exposure-received", "10-works", "#!/bin/sh\ncat >/dev/null\n")
    let sidecar = archive.root + "/hooks/exposure-received.cfg"
    try "timeout = soon\nretrys = 3\nconcurrency = 0\nretries = 2\n".write(
      toFile: sidecar, atomically: true, encoding: .utf8)
    try "".write(toFile: archive.root + "/hooks/exposure-recieved.cfg", atomically: true, encoding: .utf8)
    let faults = try await archive.hooks().filter { $0.state == "faulty" }
    #expect(
      faults.map { $0.reason ?? "" } == [
        "\(sidecar):1: 'soon' will not do for timeout: a time such as '30 s', '2 min'",
        "\(sidecar):2: there is no setting 'retrys'; known: match timeout retries concurrency",
        "\(sidecar):3: '0' will not do for concurrency: a whole number from 1 to 256",
        "there is no event 'exposure-recieved', so nothing here is ever called",
      ])
    let doctor = try await archive.irisarchive("doctor")
    #expect(doctor.exit == 4 && doctor.out.contains("\(sidecar):1:"), "\(doctor.out)")
    let problems = try await archive.status()["hook_problems"] as? [[String: any Sendable]]
    #expect(problems?.map { $0["state"] as? String } == ["faulty", "faulty", "faulty", "faulty"])
    let log = try await {
      try archive.drop(try await Frames.darks(1)[0])
      return try await archive.watchOnce()
    }()
    #expect(log.exit == 0 && log.talk.contains("'soon' will not do for timeout"))
    #expect(try await archive.deliveries().map(\.state) == ["delivered"])

    chmod(sidecar, 0o666)
    let open = try await archive.hooks().filter { $0.state == "faulty" }
    #expect(open.first?.reason?.contains("is not read") == true && open.count == 2)
  }

  @Test func theCommandsNameWhatIsNotThere() async throws {
    let archive = try await TestArchive()
    try archive.addHook("product-ready", "10-slow", "#!/bin/sh\necho hello\nexec /bin/sleep 1000\n")
    let unknown = try await archive.irisarchive("hooks", "log", "nosuch")
    #expect(unknown.exit == 3 && unknown.talk.contains("nosuch") && unknown.talk.contains("hint: "))
    #expect(try await archive.irisarchive("hooks", "log", "10-slow").exit != 64)
    #expect(try await archive.irisarchive("hooks", "retry", "nosuch").exit == 3)
    let state = try await archive.irisarchive("hooks", "log", "--state", "lost")
    #expect(state.exit == 64 && state.talk.contains("dead"))

    // The trial keeps to the time that the hook has: here the sidecar's, not a minute.
    try "timeout = 2 s\n".write(
      toFile: archive.root + "/hooks/product-ready.cfg", atomically: true, encoding: .utf8)
    let trial = try await archive.irisarchive("hooks", "test", "product-ready", timeout: 50)
    #expect(trial.exit == 1 && trial.out == "10-slow\ttimed out\n" && trial.talk.contains("hello"))
    let nowhere = try await Command.run(
      Programs.irisarchive, ["hooks", "test", "product-ready"],
      environment: ["IRISARCHIVE_ROOT": archive.root, "TMPDIR": archive.root + "/nowhere"])
    #expect(nowhere.exit == 1 && nowhere.talk.contains(archive.root + "/nowhere"), "\(nowhere.talk)")
  }
}

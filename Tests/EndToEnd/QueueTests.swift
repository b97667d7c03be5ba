import CatalogStore
import Foundation
import Glibc
import Testing

/// The queue: what ends a job, what comes again, and what an operator can do about it. The program that reduces is a
/// script of the test's own where its manner of ending matters.
@Suite struct QueueTests {
  private static let hang = "trap '' TERM HUP; while [ ! -e \"$ROOT/gate\" ]; do sleep 0.05; done"

  /// Science frames that have nothing to do with one another: each makes one job.
  private static let science = Task {
    var paths: [String] = []
    for (index, filter) in ["J", "H", "K"].enumerated() {
      paths.append(
        try await Frames.make(
          "science", "IMG1-SCI",
          [
            "--exptime", "10", "--readmode", "CDS", "--filter", filter, "--expnum", "\(index + 1)", "--start",
            Frames.start(index * 5),
          ]))
    }
    return paths
  }

  private func waitUntilRunning(_ archive: TestArchive) async throws {
    try await Eventually.holds("a job runs", context: archive.summary) {
      try await archive.jobs().contains { $0.state == "running" }
    }
  }

  // MARK: stopping, crashing, cancelling

  @Test func aJobThatIgnoresTERMIsKilledAfterTheGraceAndRunsAgainUncounted() async throws {
    let archive = try await TestArchive(["jobs": ["grace": "0.5 s"]], stem: "stubborn")
    try archive.useProgram(Self.hang)
    try archive.drop(try await Self.science.value[0])
    let daemon = try await Daemon(archive)
    try await waitUntilRunning(archive)
    #expect(try await daemon.stop() == 0)
    #expect(try Processes.of(archive.root) == [])
    let stopped = try await archive.jobs()
    #expect(stopped.map(\.state) == ["queued"] && stopped.map(\.attempts) == [0])
    let attempt = try #require(try await archive.job("J000001").runs.first)
    #expect(attempt.state == "lost" && attempt.endedBy == "cancelled")
    archive.openGate()
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.jobs().map(\.attempts) == [1])
  }

  /// A disk that is away for a moment when the job starts: the job fails with the reason, and is tried again by itself
  /// when its input is back.
  @Test func aJobWhoseInputWasAwayRunsWhenItIsBack() async throws {
    let archive = try await TestArchive(stem: "away")
    let (place, away) = (archive.incoming + "/a.fits", archive.root + "/away.fits")
    try archive.wrapTmtrun("[ \"$1\" = --job ] && [ ! -e \"\(away)\" ] && mv \"\(place)\" \"\(away)\"")
    let daemon = try await Daemon(archive)
    try archive.drop(try await Self.science.value[0], as: "a.fits")
    try await Eventually.holds("it fails", context: archive.summary) {
      try await archive.jobs().map(\.state) == ["failed"]
    }
    #expect(try await archive.job("J000001").runs.first?.endedBy == "input missing")
    // A copy stays behind, so that the wrapper does not take it away again.
    try FileManager.default.copyItem(atPath: away, toPath: archive.incoming + "/.a.fits")
    try FileManager.default.moveItem(atPath: archive.incoming + "/.a.fits", toPath: place)
    try await Eventually.holds("it is done", context: archive.summary) {
      try await archive.jobs().map(\.state) == ["done"]
    }
    #expect(daemon.log.contains("its input is back"))
    #expect(try await daemon.stop() == 0)
  }

  /// The lease is the dead instance's; its job, which ignores the end of its lifeline, is ended by the next daemon.
  @Test func aKilledDaemonsJobIsEndedAndTakenUpUncounted() async throws {
    let archive = try await TestArchive(stem: "orphan")
    try archive.useProgram(
      "if mkdir \"$ROOT/first\"; then trap '' TERM HUP; while :; do sleep 0.05; done; fi")
    try archive.drop(try await Self.science.value[0])
    let first = try await Daemon(archive)
    try await waitUntilRunning(archive)
    try await Eventually.holds("its program is there") {
      FileManager.default.fileExists(atPath: archive.root + "/first")
    }
    #expect(try await first.stop(SIGKILL) == -SIGKILL)
    #expect(try await archive.jobs().map(\.state) == ["running"])
    #expect(try Processes.of(archive.root).isEmpty == false, "it ignores the end of its lifeline")
    let second = try await Daemon(archive)
    try await archive.waitForRest(files: 1)
    #expect(try await second.stop() == 0)
    #expect(try Processes.of(archive.root) == [])
    let job = try await archive.job("J000001")
    #expect(job.state == "done" && job.runs.map(\.state) == ["lost", "succeeded"])
    #expect(job.runs.map(\.endedBy) == ["lost", "reported"])
    #expect(try await archive.jobs().map(\.attempts) == [1])
    #expect(archive.text("logs/daemon.log").contains("a job that outlived its daemon was ended"))
  }

  /// The run was done and nobody had taken its report: it is adopted, not done again.
  @Test func aFinishedRunOfADeadDaemonIsAdopted() async throws {
    let archive = try await TestArchive(stem: "adopted")
    try archive.useProgram(
      "\"$REAL\" \"$@\" && touch \"$ROOT/done\"; trap '' TERM HUP; while :; do sleep 0.05; done")
    try archive.drop(try await Self.science.value[0])
    let first = try await Daemon(archive)
    try await Eventually.holds("the run is done", context: archive.summary) {
      FileManager.default.fileExists(atPath: archive.root + "/done")
    }
    #expect(try await archive.query("--level", "2") == [])
    #expect(try await first.stop(SIGKILL) == -SIGKILL)
    try archive.useProgram("exit 1")
    #expect(try await archive.watchOnce().exit == 0)
    let job = try await archive.job("J000001")
    #expect(job.state == "done" && job.runs.map(\.state) == ["succeeded"])
    #expect(try await archive.query("--level", "2").map(\.state) == ["current"])
    #expect(try Processes.of(archive.root) == [])
    #expect(try FileManager.default.subpathsOfDirectory(atPath: archive.root + "/work") == [])
    #expect(try await archive.irisarchive("verify", "--all").exit == 0)
  }

  @Test func aRunningJobIsCancelledFollowedAndRetried() async throws {
    let archive = try await TestArchive(["jobs": ["grace": "0.5 s"]], stem: "cancel")
    try archive.useProgram("echo begun; touch \"$ROOT/begun\"; " + Self.hang)
    try archive.drop(try await Self.science.value[0])
    let daemon = try await Daemon(archive)
    try await waitUntilRunning(archive)
    try await Eventually.holds("its program has said so") {
      FileManager.default.fileExists(atPath: archive.root + "/begun")
    }
    async let followed = archive.irisarchive("log", "J000001", "-f")
    let cancelled = try await archive.irisarchive("jobs", "cancel", "J000001")
    #expect(cancelled.exit == 0 && cancelled.out == "J000001 cancelled\n", "\(cancelled.talk)")
    let log = try await followed
    #expect(log.exit == 0 && log.out.contains("begun"), "it ends with the job: \(log.talk)")
    let job = try await archive.job("J000001")
    #expect(job.state == "cancelled")
    #expect(job.reason?.hasPrefix("cancelled by ") == true && job.reason?.contains(" at 2") == true)
    #expect(try Processes.of(archive.root).filter { $0.contains("--job") } == [])
    #expect(try await archive.irisarchive("jobs", "cancel", "J000001").exit == 1)

    // What a person took out comes back by a person only.
    archive.openGate()
    #expect(try await daemon.stop() == 0)
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.jobs().map(\.state) == ["cancelled"])
    let retried = try await archive.irisarchive("jobs", "retry", "J000001", "J000009")
    #expect(retried.exit == 5 && retried.out == "J000001 retried\n", "\(retried.talk)")
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await archive.jobs().map(\.state) == ["done"])
    #expect(try await archive.irisarchive("jobs", "retry", "J000001").exit == 1)
    let list = try await archive.irisarchive("jobs", "list", "--state", "done", "--limit", "1", "--names")
    #expect(list.out == "J000001\n" && list.exit == 0)
    #expect(try await archive.irisarchive("jobs", "list", "--state", "dead").exit == 3)
  }

  // MARK: failing

  @Test func aPoisonFileStopsNothingAndWhatFailedStaysUntilSomethingChanges() async throws {
    let archive = try await TestArchive(["jobs": ["max_jobs": "1", "retry_wait": "0.3 s"]], stem: "poison")
    try archive.useProgram(
      """
      grep -q poison.fits "$JOB" && { echo "$JOB" >>"$ROOT/order"; kill -KILL $$; }
      grep -q bad.fits "$JOB" && { echo "no good" >&2; exit 65; }
      echo "$JOB" >>"$ROOT/order"
      """,
      manifest: """
        "$REAL" manifest | sed "s/\\"software\\" : \\"/&$(cat "$ROOT/version" 2>/dev/null)/"; exit
        """)
    let files = try await Self.science.value
    try archive.drop(files[0], as: "poison.fits")
    try archive.drop(files[1], as: "bad.fits")
    try archive.drop(files[2], as: "good.fits")
    #expect(try await archive.watchOnce().exit == 5)
    func summary() async throws -> [String] {
      try await archive.jobs().map { "\($0.association) \($0.state) \($0.attempts)" }.sorted()
    }
    let first = [
      "imager-level2_bad failed 1", "imager-level2_good done 1", "imager-level2_poison dead 3",
    ]
    #expect(try await summary() == first)
    // The one slot was the good file's while the poison waited for its next try.
    let order = archive.text("order").split(separator: "\n")
    let names = try await archive.jobs().reduce(into: [String: String]()) { $0[$1.association] = $1.name }
    let (poison, good) = (names["imager-level2_poison"] ?? "", names["imager-level2_good"] ?? "")
    let place = try #require(order.firstIndex { $0.contains(good) })
    #expect(order.count == 4 && order[(place + 1)...].contains { $0.contains(poison) }, "\(order)")

    let concerns = try await archive.concerns()
    #expect(concerns.first { $0.state == "dead" }?.next == "irisarchive jobs retry \(poison)")
    #expect(concerns.first { $0.state == "failed" }?.reason.contains("no good") == true)
    let attempt = try #require(try await archive.job(poison).runs.last)
    #expect(attempt.endedBy == "signalled" && attempt.signal == 9, "a plain kill is no lack of memory")
    #expect(attempt.seconds != nil && attempt.memoryBytes == 4 << 30)
    #expect(attempt.reason?.contains("memory") == false)

    // A restart is no reason to try again; another cfg is, or another program.
    #expect(try await archive.watchOnce().exit == 0)
    #expect(try await summary() == first)
    let cfg = archive.root + "/config/pipelines/imager_level2.cfg"
    try (String(contentsOfFile: cfg, encoding: .utf8) + "\n# changed\n").write(
      toFile: cfg, atomically: true, encoding: .utf8)
    #expect(try await archive.watchOnce().exit == 5)
    let second = first + ["imager-level2_bad failed 1", "imager-level2_poison dead 3"]
    #expect(try await summary() == second.sorted())
    try "9.".write(toFile: archive.root + "/version", atomically: true, encoding: .utf8)
    #expect(try await archive.watchOnce().exit == 5)
    #expect(try await summary().count == 7)
  }

  @Test func everyLimitHoldsAndTellsWhatToRaise() async throws {
    let frame = try await Frames.make(
      "large", "IMG1-SCI", ["--detector-size", "1024", "--exptime", "10", "--readmode", "CDS"])
    func only(
      _ settings: [String: String], _ body: String? = nil
    ) async throws -> (job: JobDetail, archive: TestArchive) {
      let archive = try await TestArchive(
        ["jobs": settings.merging(["attempts": "1"]) { own, _ in own }], stem: "limits")
      if let body { try archive.useProgram(body) }
      try archive.drop(frame)
      #expect(try await archive.watchOnce().exit == 5)
      return (try await archive.job("J000001"), archive)
    }
    let disk = try await only(["disk": "8 MiB"], "head -c 30000000 /dev/zero >big; sleep 20").job
    #expect(disk.state == "dead" && disk.runs.map(\.endedBy) == ["disk"])
    #expect(disk.reason?.contains("more than 8 MiB ([jobs] disk)") == true, "\(disk.reason ?? "")")

    let slow = try await only(
      ["timeout": "1 s", "grace": "0.2 s"], "trap '' TERM; while :; do sleep 0.05; done"
    ).job
    #expect(slow.state == "dead" && slow.runs.map(\.endedBy) == ["timed out"])
    #expect(slow.reason?.contains("[jobs] timeout is 1 s") == true, "\(slow.reason ?? "")")

    let file = try await only(["file_size": "1 MiB"]).job
    #expect(file.state == "failed" && file.reason?.contains("File too large") == true, "\(file.reason ?? "")")

    let busy = try await only(["cpu_time": "1 s"], "ulimit -St 1; while :; do :; done").job
    #expect(busy.state == "dead" && busy.runs.map(\.endedBy) == ["processor time"])
    #expect(busy.reason?.contains("more than 1 s ([jobs] cpu_time)") == true, "\(busy.reason ?? "")")
  }

  /// The limits are the run's own: a hook of a step looks at those of the process that started it.
  @Test func tmtrunLimitsItself() async throws {
    let archive = try await TestArchive(
      ["jobs": ["memory": "1 GiB", "cpu_time": "77 s", "file_size": "8 MiB"]], stem: "limits")
    let hook = archive.root + "/config/pipelines/tell"
    let script =
      "#!/bin/sh\nset -- $(grep -E '^Max (cpu|file size|data)' /proc/$PPID/limits)\necho limits $*\n"
    try script.write(toFile: hook, atomically: true, encoding: .utf8)
    chmod(hook, 0o755)
    let cfg = archive.root + "/config/pipelines/imager_level2.cfg"
    try """
    name = "imager_level2"
    [steps]
    [[dq_init]]
    pre_hooks = tell,

    """.write(toFile: cfg, atomically: true, encoding: .utf8)
    try archive.drop(try await Self.science.value[0])
    #expect(try await archive.watchOnce().exit == 0)
    let log = try await archive.irisarchive("log", "J000001").out
    let told = try #require(log.split(separator: "\n").first { $0.contains("limits Max") }).description
    for words in ["cpu time 77 82", "file size 8388608 8388608", "data size 1073741824 1073741824"] {
      #expect(told.contains(words), "\(told)")
    }
  }

  /// The real program with a real lack of memory: told from other deaths, tried once more with more, and no further.
  @Test func outOfMemoryIsTriedOnceMoreWithMore() async throws {
    let frame = try await Frames.make(
      "huge", "IMG1-SCI", ["--detector-size", "2048", "--exptime", "10", "--readmode", "CDS"])
    let archive = try await TestArchive(
      ["jobs": ["memory": "80 MiB", "memory_max": "88 MiB", "attempts": "5"]], stem: "memory")
    try archive.drop(frame)
    #expect(try await archive.watchOnce().exit == 5)
    let dead = try await archive.job("J000001")
    #expect(dead.state == "dead" && dead.runs.map(\.endedBy) == ["out of memory", "out of memory"])
    #expect(dead.runs.map(\.memoryBytes) == [80 << 20, 88 << 20])
    #expect(dead.reason?.contains("out of memory with 88 MiB ([jobs] memory and memory_max)") == true)
    #expect(dead.runs.first?.reason?.contains("once more with 88 MiB") == true)

    // What the sentence says to do helps.
    try archive.configure(["jobs": ["memory_max": "4 GiB", "memory": "100 MiB"]])
    #expect(try await archive.irisarchive("jobs", "retry", "J000001").exit == 0)
    #expect(try await archive.watchOnce().exit == 0)
    let done = try await archive.job("J000001")
    #expect(done.runs.map(\.endedBy).suffix(2) == ["out of memory", "reported"])
    #expect(done.runs.map(\.memoryBytes).suffix(2) == [100 << 20, 200 << 20])
    let text = try await archive.irisarchive("jobs", "show", "J000001", "--format", "table")
    #expect(text.out.contains("MiB of 200"), "\(text.out)")
  }
}

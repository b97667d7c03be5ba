import ChildProcess
import Foundation
import Glibc
import Synchronization
import Testing

/// A run of `sh -c script` with an empty environment and captured output.
private func shell(_ script: String, _ change: (inout ProgramRun) -> Void = { _ in }) -> ProgramRun {
  var run = ProgramRun(
    executable: "/bin/sh", arguments: ["-c", script], output: .captured(limit: 1 << 20),
    timeout: .seconds(60),
    grace: .milliseconds(300))
  change(&run)
  return run
}

private func text(_ end: ProgramEnd) -> String { String(decoding: end.output, as: UTF8.self) }

/// True as soon as `condition` is; false when it was not within ten seconds.
private func soon(_ condition: () -> Bool) -> Bool {
  let limit = SuspendingClock.now + .seconds(10)
  while SuspendingClock.now < limit {
    if condition() { return true }
    sched_yield()
  }
  return false
}

/// True when no such process runs (it may still be a zombie that nobody has waited for).
private func isGone(_ pid: Int32) -> Bool {
  guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
  return stat.split(separator: ")").last.map { $0.hasPrefix(" Z") || $0.hasPrefix(" X") } ?? true
}

/// A suite with a folder of its own, which goes with the test.
class FolderSuite {
  let folder = "/dev/shm/childprocess-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}

@Suite final class ProgramRunTests: FolderSuite {
  @Test func exitCodesAndSignalsAreTold() async throws {
    #expect(try await shell("exit 0").run().succeeded)
    #expect(try await shell("exit 75").run().cause == .exited(75))
    #expect(try await shell("kill -SEGV $$").run().cause == .signalled(SIGSEGV))
  }

  @Test func processesAreFoundByTheirWordsAndEndedWithTheirGroups() async throws {
    let mark = folder + "/mark"
    // Told, not looked for with a deadline: beside a thousand tests the run may begin half a minute after it was asked
    // for.
    let (starts, told) = AsyncStream.makeStream(of: Int32.self)
    var run = shell("trap '' TERM HUP; sleep 600 & wait; wait") { $0.timeout = .seconds(600) }
    run.arguments += ["--job", mark]
    run.started = { told.yield($0) }
    let program = run
    let running = Task {
      defer { told.finish() }
      return try await program.run()
    }
    let pid = try #require(await starts.first { _ in true })
    #expect(ProcessFacts.running(with: ["--job", mark]) == [pid])
    #expect(ProcessFacts.running(with: ["--job", mark + "x"]) == [] && ProcessFacts.running(with: []) == [])
    #expect(try #require(ProcessFacts.peakMemoryBytes(of: pid)) > 100_000)
    ProcessFacts.end(ProcessFacts.running(with: ["--job", mark]))
    #expect(try await running.value.cause == .signalled(SIGKILL))
    #expect(ProcessFacts.peakMemoryBytes(of: pid) == nil)
  }

  @Test func theEnvironmentIsExactlyTheGivenOne() async throws {
    let run = ProgramRun(
      executable: "/usr/bin/env", environment: ["PATH": "/usr/bin", "A": "b c"],
      output: .captured(limit: 9999))
    let lines = Set(text(try await run.run()).split(separator: "\n").map(String.init))
    #expect(lines == ["PATH=/usr/bin", "A=b c"])
  }

  @Test func argumentsPassThroughNoShell() async throws {
    let words = ["a b", "$HOME", "'; rm -rf", "*", ""]
    let run = ProgramRun(
      executable: "/usr/bin/printf", arguments: ["%s|"] + words, output: .captured(limit: 9999))
    #expect(text(try await run.run()) == words.map { $0 + "|" }.joined())
  }

  @Test func onlyTheThreeStandardDescriptorsReachTheChild() async throws {
    let end = try await shell("ls /proc/self/fd") { $0.standardInput = .lifeline }.run()
    #expect(text(end).split(separator: "\n").map(String.init) == ["0", "1", "2", "3"])  // 3 is ls's own
  }

  @Test func inputLargerThanAPipeIsReadBack() async throws {
    let data = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
    let end = try await shell("cat") { $0.standardInput = .data(data) }.run()
    #expect(end.output == data)
    #expect(!end.outputWasCut)
  }

  @Test func inputMayBeLeftUnread() async throws {
    let end = try await shell("exit 3") { $0.standardInput = .data(Data(count: 1_000_000)) }.run()
    #expect(end.cause == .exited(3))
  }

  @Test func capturedOutputIsBounded() async throws {
    let end = try await shell("yes | head -c 300000; exit 4") { $0.output = .captured(limit: 1000) }.run()
    #expect(end.output.count == 1000)
    #expect(end.outputWasCut)
    #expect(end.cause == .exited(4))
  }

  @Test func errorOutputIsKeptApartOrTogether() async throws {
    let apart = try await shell("echo out; echo err >&2") { $0.errorOutput = .captured(limit: 99) }.run()
    #expect(text(apart) == "out\n")
    #expect(apart.errorOutput == Data("err\n".utf8))
    let together = try await shell("echo out; echo err >&2").run()
    #expect(text(together) == "out\nerr\n")
    let without = try await shell("echo out; echo err >&2") { $0.errorOutput = .discarded }.run()
    #expect(text(without) == "out\n")
  }

  @Test func aLogFileIsAppendedToAndCapped() async throws {
    let log = folder + "/log"
    for word in ["one", "two"] {
      _ = try await shell("echo \(word)") { $0.output = .file(path: log, append: true, capBytes: 1000) }.run()
    }
    #expect(try String(contentsOfFile: log, encoding: .utf8) == "one\ntwo\n")
    let end = try await shell("yes | head -c 300000") {
      $0.output = .file(path: log, append: true, capBytes: 1000)
    }.run()
    let written = try String(contentsOfFile: log, encoding: .utf8)
    #expect(end.outputWasCut && end.succeeded)
    #expect(written.hasSuffix("\n[cut: this log reached its size limit]\n"))
    #expect(written.utf8.count == 1000 + "\n[cut: this log reached its size limit]\n".utf8.count)
  }

  @Test func aLogIsNotWrittenThroughALink() async throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/log", withDestinationPath: folder + "/other")
    let run = shell("echo x") { $0.output = .file(path: folder + "/log", append: true, capBytes: 10) }
    await #expect { try await run.run() } throws: { ($0 as? ChildProcessError)?.code == "output-file" }
  }

  @Test func workingDirectoryAndLimitsHold() async throws {
    let end = try await shell("pwd; ulimit -d; ulimit -t; ulimit -f") {
      $0.workingDirectory = folder
      $0.limits = ResourceLimits(dataBytes: 1 << 30, cpuSeconds: 7, fileBytes: 1 << 20)
    }.run()
    #expect(text(end) == "\(folder)\n\(1 << 20)\n7\n2048\n")  // kB, seconds, blocks of 512 bytes
  }

  @Test func fiftyRunsAtOnceEachGetTheirOwnEnd() async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for code in 0..<50 {
        group.addTask {
          let end = try await shell("echo \(code); exit \(code)").run()
          return end.cause == .exited(Int32(code)) && text(end) == "\(code)\n"
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}

@Suite final class ProgramEndingTests: FolderSuite {
  @Test func aTimeOutEndsTheWholeGroupEvenWhenItIgnoresTERM() async throws {
    let script = "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $!; wait; wait; wait"
    // Time enough to set the traps on a busy machine.
    let end = try await shell(script) { $0.timeout = .seconds(3) }.run()
    let grandchild = try #require(Int32(text(end).trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(end.cause == .timedOut)
    #expect(end.seconds >= 3.25)  // time-out and grace
    #expect(soon { isGone(grandchild) && isGone(end.pid) })
  }

  @Test func termIsEnoughForAProgramThatListens() async throws {
    let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    let end = try await shell(script) {
      $0.timeout = .seconds(3)
      $0.grace = .seconds(50)
    }.run()
    #expect(end.cause == .timedOut)
    #expect(text(end).hasPrefix("ready\n") && text(end).hasSuffix("bye\n"))
    #expect(end.seconds < 40)
  }

  @Test func cancellingEndsTheGroup() async throws {
    let task = Task { try await shell("trap '' TERM; while :; do sleep 1; done").run() }
    task.cancel()
    let end = try await task.value
    #expect(end.cause == .cancelled)
    #expect(soon { isGone(end.pid) })
  }

  @Test func whatAProgramLeavesBehindIsKilled() async throws {
    let end = try await shell("sleep 1000 & echo $!").run()
    let left = try #require(Int32(text(end).trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(end.cause == .exited(0))
    #expect(soon { isGone(left) })
  }

  @Test func aProcessThatLeftTheGroupDoesNotHoldTheRun() async throws {
    let end = try await shell("setsid sleep 30 & echo started").run()
    #expect(end.cause == .exited(0))
    #expect(text(end) == "started\n")
    #expect(end.seconds < 20)
  }

  @Test func theLifelineEndsWithTheRunAndNotBefore() async throws {
    let mark = folder + "/mark"
    // `timeout` reports 124 when cat was still waiting; the second reader outlives the run in a session of its own, where
    // it is once it says so.
    let script = """
      exec 3<&0  # the shell gives what runs in the background another standard input
      timeout 0.2 cat; echo $?
      setsid sh -c 'echo >\(folder)/begun; cat; echo eof >\(mark)' <&3 >/dev/null &
      while [ ! -e \(folder)/begun ]; do sleep 0.05; done
      [ ! -e \(mark) ]
      """
    let end = try await shell(script) {
      $0.standardInput = .lifeline
      $0.environment = ["PATH": "/usr/bin:/bin"]
    }.run()
    #expect(text(end) == "124\n" && end.succeeded)
    #expect(soon { FileManager.default.fileExists(atPath: mark) })
  }
}

@Suite final class ProgramRefusalTests: FolderSuite {
  private func code(_ run: ProgramRun) async -> String? {
    do {
      _ = try await run.run()
      return nil
    } catch {
      return error.code
    }
  }

  @Test func programsThatCannotRunAreRefusedByCode() async throws {
    try Data("#!/bin/sh\n".utf8).write(to: URL(fileURLWithPath: folder + "/plain"))
    #expect(await code(ProgramRun(executable: "sh")) == "executable-not-absolute")
    #expect(await code(ProgramRun(executable: folder + "/none")) == "executable-not-found")
    #expect(await code(ProgramRun(executable: folder)) == "executable-not-runnable")
    #expect(await code(ProgramRun(executable: folder + "/plain")) == "executable-not-runnable")
  }

  @Test func folderEnvironmentAndLogAreCheckedFirst() async throws {
    #expect(await code(shell("") { $0.workingDirectory = "/nowhere" }) == "working-directory")
    for name in ["A=B", "1A", ""] {
      #expect(await code(shell("") { $0.environment = [name: "x"] }) == "environment-invalid")
    }
    let log = ProgramRun.Output.file(path: "/nowhere/log", append: true, capBytes: 1)
    #expect(await code(shell("") { $0.output = log }) == "output-file")
  }

  @Test func aFileThatIsNoProgramFailsToSpawn() async throws {
    let path = folder + "/garbage"
    try Data([0x7f, 0x45, 0x4c, 0x46, 0]).write(to: URL(fileURLWithPath: path))
    chmod(path, 0o755)
    #expect(await code(ProgramRun(executable: path)) == "spawn-failed")
  }
}

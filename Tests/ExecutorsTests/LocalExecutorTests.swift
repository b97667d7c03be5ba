import Executors
import Foundation
import Glibc
import JobContract
import Logging
import Testing

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Attempts whose `tmtrun` is a shell script of the test's own: what matters here is the handing over.
@Suite final class LocalExecutorTests: Sendable {
  private let folder: String

  init() throws {
    folder = "/dev/shm/executor-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder + "/1", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var spec: JobSpec {
    JobSpec(
      job: "J000001", attempt: 1, token: "secret", pipeline: "imager_level2", association: "a",
      associationRule: "imager-level2", inputs: [], outputDirectory: folder + "/1")
  }

  private func report(_ change: (inout RunReport) -> Void = { _ in }) -> RunReport {
    var report = RunReport(
      job: "J000001", attempt: 1, token: "secret", pipeline: "imager_level2", status: .succeeded, exitCode: 0,
      started: "2026-07-14T00:00:00.000Z", ended: "2026-07-14T00:00:01.000Z", seconds: 1, peakMemoryBytes: 1)
    change(&report)
    return report
  }

  /// Runs an attempt whose program is `script`, with `report.json` ready in `$REPORT` to be moved into place.
  private func run(
    _ script: String, report: RunReport? = nil, timeout: Duration? = .seconds(60)
  ) async throws -> ExecutionEnd {
    let program = folder + "/tmtrun"
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: program))
    chmod(program, 0o755)
    if let report {
      try JSONEncoder().encode(report).write(to: URL(fileURLWithPath: folder + "/prepared"))
    }
    let executor = LocalExecutor(
      program: program, environment: ["PATH": "/usr/bin:/bin", "REPORT": folder + "/prepared"],
      logCapBytes: 1000, grace: .milliseconds(200), logger: quiet)
    return await executor.run(spec, timeout: timeout)
  }

  private func death(_ end: ExecutionEnd) throws -> JobDeath {
    guard case .died(let death) = end else { throw ReportedInstead() }
    return death
  }

  private struct ReportedInstead: Error {}

  @Test func aReportOfThisAttemptIsBelieved() async throws {
    let script = "printf abc >out.fits; mv $REPORT report.json"
    let expected = report {
      $0.products = [
        ProductReport(kind: "cal", fileName: "out.fits", sha256: "x", bytes: 3, level: 2, headers: [])
      ]
    }
    #expect(try await run(script, report: expected) == .reported(expected))
  }

  @Test func aReportWhoseProductsAreOnTheirWayIsBelievedOnlyByWhoTakesItUpAgain() throws {
    let expected = report {
      $0.products = [
        ProductReport(kind: "cal", fileName: "out.fits", sha256: "x", bytes: 3, level: 2, headers: [])
      ]
    }
    let attempt = AttemptFolder(path: folder + "/1")
    try JSONEncoder().encode(expected).write(to: URL(fileURLWithPath: attempt.reportPath))
    #expect(throws: ExecutorError.self) { try attempt.report(for: spec) }
    #expect(try attempt.report(for: spec, partlyTaken: true) == expected)
    try Data("abcd".utf8).write(to: URL(fileURLWithPath: attempt.path + "/out.fits"))
    #expect(throws: ExecutorError.self) { try attempt.report(for: spec, partlyTaken: true) }
  }

  @Test func theJobIsHandedOverWholeAndTheCallIsTheMachineForm() async throws {
    _ = try await run("echo \"$@\"; pwd")
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/1/job.json"))
    #expect(try JSONDecoder().decode(JobSpec.self, from: data) == spec)
    #expect(!FileManager.default.fileExists(atPath: folder + "/1/job.json.tmp"))
    let log = try String(contentsOfFile: folder + "/1/job.log", encoding: .utf8)
    #expect(log == "--job \(folder)/1/job.json --lifeline\n\(folder)/1\n")
  }

  @Test func aFailureReportIsAReportAndSoIsOneOfAKilledProcess() async throws {
    let failed = report {
      $0.status = .failed
      $0.exitCode = 65
    }
    #expect(try await run("mv $REPORT report.json; exit 65", report: failed) == .reported(failed))
    let done = report()
    #expect(try await run("mv $REPORT report.json; kill -KILL $$", report: done) == .reported(done))
  }

  @Test(arguments: ["job", "attempt", "token", "pipeline", "version"])
  func aReportOfAnotherAttemptIsNotBelieved(field: String) async throws {
    let foreign = report {
      switch field {
      case "job": $0.job = "J000002"
      case "attempt": $0.attempt = 2
      case "token": $0.token = "other"
      case "pipeline": $0.pipeline = "readout"
      default: $0.version = 99
      }
    }
    let death = try death(await run("mv $REPORT report.json", report: foreign))
    #expect(death.cause == .exited(0))
    #expect(death.reason.contains("different \(field)"))
  }

  @Test(arguments: ["../out.fits", ".hidden", "", "absent.fits", "link.fits", "short.fits"])
  func productsMustLieInTheFolderAsReported(name: String) async throws {
    let lying = report {
      $0.products = [ProductReport(kind: "cal", fileName: name, sha256: "", bytes: 3, level: 2, headers: [])]
    }
    let script =
      "printf ab >short.fits; printf abc >../out.fits; ln -s ../out.fits link.fits; mv $REPORT report.json"
    #expect(try death(await run(script, report: lying)).cause == .exited(0))
  }

  @Test func aReportThatContradictsItselfOrIsNoneIsNotBelieved() async throws {
    let odd = report { $0.exitCode = 1 }
    #expect(try death(await run("mv $REPORT report.json", report: odd)).reason.contains("exit code 1"))
    #expect(try death(await run("echo '{' >report.json")).reason.contains("not one this program can read"))
    let folderInstead = "rm report.json; mkdir report.json"
    #expect(try death(await run(folderInstead)).reason.contains("plain file"))
  }

  @Test func deathsAreToldApart() async throws {
    let exit = try death(await run("echo some words; exit 70"))
    #expect(exit.cause == .exited(70) && exit.reason.contains("some words") && !exit.outOfMemory)
    let crash = try death(await run("kill -SEGV $$"))
    #expect(crash.cause == .signalled(SIGSEGV) && crash.reason.contains("signal 11") && !crash.outOfMemory)
    let refused = try death(await run("echo 'Fatal error: Could not allocate memory.'; kill -ABRT $$"))
    #expect(refused.outOfMemory && refused.reason.contains("out of memory"))
    let slow = try death(await run("sleep 60", timeout: .milliseconds(100)))
    #expect(slow.cause == .timedOut && slow.reason.contains("0.1 seconds"))
  }

  @Test func cancellingEndsTheJob() async throws {
    let task = Task { try await run("trap '' TERM; while :; do sleep 1; done") }
    task.cancel()
    #expect(try death(await task.value).cause == .cancelled)
  }

  @Test func whatCannotStartIsToldAsSuch() async throws {
    let executor = LocalExecutor(program: folder + "/none", logger: quiet)
    let missing = try death(await executor.run(spec, timeout: nil))
    #expect(missing.cause == .notStarted && missing.reason.contains(folder + "/none"))
    try FileManager.default.removeItem(atPath: folder + "/1")
    #expect(try death(await run("exit 0")).cause == .notStarted)
  }

  @Test func theLogIsCapped() async throws {
    _ = try await run("yes | head -c 100000")
    let size = try FileManager.default.attributesOfItem(atPath: folder + "/1/job.log")[.size] as? Int
    #expect(try #require(size) < 1100)
  }
}

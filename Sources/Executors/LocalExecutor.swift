import ChildProcess
import Foundation
import Glibc
import JobContract
import Logging

/// Runs jobs as child processes of this one: `tmtrun --job <attempt>/job.json --lifeline`.
///
/// Standard input is a lifeline: the job ends itself when this process dies. Standard output and error go to
/// `<attempt>/job.log`. Memory, processor time and file size are limited by `tmtrun` itself, from the job; what all
/// its files take on the disk is watched here.
public struct LocalExecutor: Executor {
  /// Absolute path of `tmtrun`.
  public let program: String
  /// The job's whole environment.
  public let environment: [String: String]
  /// `job.log` grows to this and no further.
  public let logCapBytes: Int
  /// Time between TERM and KILL.
  public let grace: Duration
  private let logger: Logger

  /// Enough for a program that reads nothing but its job.
  public static let minimalEnvironment = [
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent",
    // Where LAPACK is OpenBLAS it would take memory for threads of its own as it is loaded; ours are busy already.
    "OPENBLAS_NUM_THREADS": "1",
  ]

  public init(
    program: String, environment: [String: String] = LocalExecutor.minimalEnvironment,
    logCapBytes: Int = 16 << 20, grace: Duration = .seconds(10), logger: Logger
  ) {
    self.program = program
    self.environment = environment
    self.logCapBytes = logCapBytes
    self.grace = grace
    self.logger = logger
  }

  /// Runs one attempt to its end, or to `timeout`; a cancelled task ends it with its whole group.
  public func run(_ spec: JobSpec, timeout: Duration?) async -> ExecutionEnd {
    let folder = AttemptFolder(path: spec.outputDirectory)
    let killsBefore = MemoryEvidence.kernelKills()
    logger.info("job starts", metadata: ["job": "\(spec.job)", "attempt": "\(spec.attempt)"])
    let watch = AttemptWatch(folder: folder.path, diskBytes: spec.limits.diskBytes)
    let end: ProgramEnd
    do {
      try folder.write(spec)
      end = try await run(programRun(folder, timeout: timeout, watch), watch)
    } catch {
      return died(
        spec, .init(cause: .notStarted, reason: "not started: \(error)", outOfMemory: false, seconds: 0))
    }
    do {
      if let report = try folder.report(for: spec) {
        logger.info(
          "job reported",
          metadata: [
            "job": "\(spec.job)", "attempt": "\(spec.attempt)", "status": "\(report.status.rawValue)",
            "seconds": "\(end.seconds)",
          ])
        return .reported(report)
      }
      return died(spec, death(end, timeout: timeout, folder: folder, killsBefore: killsBefore, watch))
    } catch {
      return died(
        spec,
        JobDeath(
          cause: .init(end.cause), reason: "\(end.cause), and \(error)", outOfMemory: false,
          seconds: end.seconds, peakBytes: watch.peakBytes))
    }
  }

  /// Runs the program, and ends it when its files take too much of the disk.
  private func run(_ program: ProgramRun, _ watch: AttemptWatch) async throws(ChildProcessError) -> ProgramEnd
  {
    let running = Task { () async -> Result<ProgramEnd, ChildProcessError> in
      do throws(ChildProcessError) { return .success(try await program.run()) } catch {
        return .failure(error)
      }
    }
    let watching = Task {
      await watch.watch()
      if watch.overrun != nil { running.cancel() }
    }
    let result = await withTaskCancellationHandler {
      await running.value
    } onCancel: {
      running.cancel()
    }
    watching.cancel()
    return try result.get()
  }

  private func programRun(
    _ folder: AttemptFolder, timeout: Duration?, _ watch: AttemptWatch
  ) -> ProgramRun {
    ProgramRun(
      executable: program, arguments: ["--job", folder.jobPath, "--lifeline"], environment: environment,
      workingDirectory: folder.path, standardInput: .lifeline,
      output: .file(path: folder.logPath, append: true, capBytes: logCapBytes), timeout: timeout,
      grace: grace,
      started: { watch.began($0) })
  }

  private func death(
    _ end: ProgramEnd, timeout: Duration?, folder: AttemptFolder, killsBefore: UInt64?, _ watch: AttemptWatch
  ) -> JobDeath {
    // A backtrace may follow what tells of memory.
    let tail = folder.logTail(bytes: 64 << 10)
    let evidence = MemoryEvidence(
      killsBefore: killsBefore, killsAfter: MemoryEvidence.kernelKills(), logTail: tail)
    var cause = JobDeath.Cause(end.cause)
    var outOfMemory = evidence.explains(end.cause)
    // Nobody else asked for the end: a cancelled task has one owner, and this was not it.
    if let overrun = watch.overrun, end.cause == .cancelled, !Task.isCancelled {
      (cause, outOfMemory) = (.diskExceeded(bytes: overrun), false)
    }
    var reason =
      switch cause {
      case .timedOut: "ended after its time of \(timeout ?? .zero)"
      case .cancelled: "cancelled"
      case .diskExceeded(let bytes): "ended because its files took \(bytes) bytes of the disk"
      case .signalled(SIGXCPU): "used up its processor time"
      case .exited, .signalled, .notStarted: "ended without a report: \(end.cause)"
      }
    if outOfMemory { reason += ", out of memory" }
    let telling = outOfMemory ? evidence.telling : nil
    if let last = telling ?? tail.split(whereSeparator: \.isNewline).last.map(String.init) {
      reason += "; last words: \(last.prefix(300))"
    }
    return JobDeath(
      cause: cause, reason: reason, outOfMemory: outOfMemory, seconds: end.seconds, peakBytes: watch.peakBytes
    )
  }

  private func died(_ spec: JobSpec, _ death: JobDeath) -> ExecutionEnd {
    logger.info(
      "job died",
      metadata: ["job": "\(spec.job)", "attempt": "\(spec.attempt)", "reason": "\(death.reason)"])
    return .died(death)
  }
}

extension JobDeath.Cause {
  fileprivate init(_ cause: ProgramEnd.Cause) {
    self =
      switch cause {
      case .exited(let code): .exited(code)
      case .signalled(let signal): .signalled(signal)
      case .timedOut: .timedOut
      case .cancelled: .cancelled
      }
  }
}

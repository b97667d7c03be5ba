import CatalogStore
import ChildProcess
import Foundation

/// One call of one hook, as the contract has it: payload on stdin, scrubbed environment, no arguments, no shell, its
/// own process group and scratch folder. The daemon and `irisarchive hooks run|test` share it.
public struct HookProgram: Sendable {
  public let root: String
  /// The hook's home and working folder; it exists.
  public let scratch: String

  public init(root: String, scratch: String) {
    self.root = root
    self.scratch = scratch
  }

  /// Calls `delivery.hook` and waits for its end.
  ///
  /// After the time-out its process group gets TERM, then KILL: 10 s later, or sooner by as much as the time-out is
  /// shorter. What left the group (`setsid`) is killed when the hook has ended, found by its `HOME`, which no other
  /// call has.
  ///
  /// - Throws: ``ChildProcessError`` when it cannot be started.
  public func run(
    _ delivery: DueDelivery, output: ProgramRun.Output, timeoutSeconds: Double
  ) async throws -> ProgramEnd {
    defer { Stragglers.end(holding: "HOME=\(scratch)") }
    return try await ProgramRun(
      executable: delivery.hook,
      environment: [
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch, "LANG": "C.UTF-8",
        "IRISARCHIVE_EVENT": delivery.type, "IRISARCHIVE_EVENT_ID": delivery.eventID,
        "IRISARCHIVE_ATTEMPT": String(delivery.attempts + 1), "IRISARCHIVE_ROOT": root,
      ],
      workingDirectory: scratch, standardInput: .data(CloudEvent.line(delivery, root: root)), output: output,
      limits: ResourceLimits(fileBytes: 64 << 20), timeout: .seconds(timeoutSeconds),
      grace: .seconds(min(10, timeoutSeconds))
    ).run()
  }
}

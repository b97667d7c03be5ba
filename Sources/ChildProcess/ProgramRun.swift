import Foundation

/// One run of a program as a child in a process group of its own: exact arguments and environment, no shell,
/// limits, a time-out that ends the whole group, and its output in a bounded place.
///
/// The group is what is signalled, always: TERM first, KILL after ``grace``. When the program itself ends, whatever
/// it left behind in its group is killed at once, so a run never outlives ``run()``. (A process that makes a session
/// of its own leaves the group, and is out of reach.)
public struct ProgramRun: Sendable {
  /// What the child reads.
  public enum StandardInput: Sendable {
    /// `/dev/null`.
    case none
    /// These bytes, then end of file. The child may leave them unread.
    case data(Data)
    /// A pipe that never carries a byte and whose only writing end is held by this process, so the child sees end of
    /// file when the run is over or when this process dies, however it dies.
    case lifeline
  }

  /// Where standard output goes. Output beyond the bound is read and thrown away: it neither blocks nor ends the
  /// child, and ``ProgramEnd/outputWasCut`` tells.
  public enum Output: Sendable {
    case discarded
    /// The first `limit` bytes, in ``ProgramEnd/output``.
    case captured(limit: Int)
    /// A file of at most `capBytes` bytes (what it held before counts when appending), then one line that says so.
    case file(path: String, append: Bool, capBytes: Int)
  }

  /// Where standard error goes.
  public enum ErrorOutput: Sendable {
    /// Interleaved with standard output.
    case withOutput
    case discarded
    /// The first `limit` bytes, in ``ProgramEnd/errorOutput``.
    case captured(limit: Int)
  }

  /// Absolute path of the program.
  public var executable: String
  public var arguments: [String]
  /// The whole environment of the child: nothing is inherited.
  public var environment: [String: String]
  /// Absolute path to start in; nil for the folder of this process.
  public var workingDirectory: String?
  public var standardInput: StandardInput
  public var output: Output
  public var errorOutput: ErrorOutput
  public var limits: ResourceLimits
  /// Time the program may take; nil for as long as it likes.
  public var timeout: Duration?
  /// Time between TERM and KILL.
  public var grace: Duration
  /// Told the process id once, as soon as there is one; it is not reaped before ``run()`` returns.
  public var started: (@Sendable (Int32) -> Void)?

  public init(
    executable: String, arguments: [String] = [], environment: [String: String] = [:],
    workingDirectory: String? = nil, standardInput: StandardInput = .none, output: Output = .discarded,
    errorOutput: ErrorOutput = .withOutput, limits: ResourceLimits = ResourceLimits(),
    timeout: Duration? = nil, grace: Duration = .seconds(10), started: (@Sendable (Int32) -> Void)? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.standardInput = standardInput
    self.output = output
    self.errorOutput = errorOutput
    self.limits = limits
    self.timeout = timeout
    self.grace = grace
    self.started = started
  }

  /// Runs the program to its end.
  ///
  /// Cancelling the task ends the group as a time-out does (TERM, then KILL after ``grace``) and returns, when the
  /// program is gone, with ``ProgramEnd/Cause/cancelled``. A program that exits by itself before the signal keeps its
  /// exit code.
  ///
  /// - Returns: how it ended; a non-zero exit code is a result, not an error.
  /// - Throws: ``ChildProcessError`` when it could not be started; then nothing runs and nothing is left open.
  public func run() async throws(ChildProcessError) -> ProgramEnd {
    try validate()
    let channels = try Channels(for: self)
    let cancellation = try Descriptor.pipe()
    let result = await withTaskCancellationHandler {
      await launch(channels: channels, cancelled: cancellation.reader)
    } onCancel: {
      cancellation.writer.close()
    }
    return try result.get()
  }
}

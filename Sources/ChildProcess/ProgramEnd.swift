import Foundation

/// How a run ended, and what it left.
public struct ProgramEnd: Sendable, Equatable {
  /// The first thing that led to the end.
  public enum Cause: Sendable, Equatable {
    case exited(Int32)
    /// Ended by a signal that did not come from this run's own time-out or cancellation.
    case signalled(Int32)
    case timedOut
    case cancelled
  }

  public let cause: Cause
  /// Captured standard output; empty when it was not captured.
  public let output: Data
  /// Captured standard error; empty when it was not captured.
  public let errorOutput: Data
  /// True when output exceeded its bound, or the log file could not be written, and the rest was thrown away.
  public let outputWasCut: Bool
  /// Wall-clock seconds from start to end (monotonic).
  public let seconds: Double
  /// The child's process id, which was also its process group.
  public let pid: Int32

  public init(
    cause: Cause, output: Data = Data(), errorOutput: Data = Data(), outputWasCut: Bool = false,
    seconds: Double, pid: Int32
  ) {
    self.cause = cause
    self.output = output
    self.errorOutput = errorOutput
    self.outputWasCut = outputWasCut
    self.seconds = seconds
    self.pid = pid
  }

  /// True for exit code 0.
  public var succeeded: Bool { cause == .exited(0) }
}

extension ProgramEnd.Cause: CustomStringConvertible {
  /// The end in words: `exit code 1`, `signal 9 (Killed)`, `timed out`, `cancelled`.
  public var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let number): "signal \(number) (\(String(cString: strsignal(number))))"
    case .timedOut: "timed out"
    case .cancelled: "cancelled"
    }
  }
}

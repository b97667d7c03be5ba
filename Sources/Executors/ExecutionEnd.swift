import JobContract

/// What became of one attempt.
public enum ExecutionEnd: Sendable, Equatable {
  /// It wrote a report of its own, checked to be this attempt's. The report may tell of success or of failure.
  case reported(RunReport)
  /// It ended without a believable report.
  case died(JobDeath)
}

/// The end of an attempt that left no report.
public struct JobDeath: Sendable, Equatable {
  /// What ended it, as far as its executor can tell.
  public enum Cause: Sendable, Equatable {
    /// It never ran: program, folder or `job.json` stood in the way.
    case notStarted
    /// It left with this code and without a believable report.
    case exited(Int32)
    /// A signal that its executor did not send.
    case signalled(Int32)
    case timedOut
    /// The task that ran it was cancelled.
    case cancelled
    /// Its files took more of the disk than it may.
    case diskExceeded(bytes: UInt64)
  }

  public let cause: Cause
  /// A sentence for people, with the last words of the log where they help.
  public let reason: String
  /// True when memory was what it died of: more memory may help, another try with the same will not.
  public let outOfMemory: Bool
  /// Seconds from start to end; 0 when it never ran.
  public let seconds: Double
  /// Peak resident memory as it was seen last, bytes.
  public let peakBytes: UInt64?

  public init(
    cause: Cause, reason: String, outOfMemory: Bool, seconds: Double, peakBytes: UInt64? = nil
  ) {
    self.cause = cause
    self.reason = reason
    self.outOfMemory = outOfMemory
    self.seconds = seconds
    self.peakBytes = peakBytes
  }
}

import JobContract

/// A place where jobs run: this machine (``LocalExecutor``), or a batch system.
///
/// An executor hands one attempt over, waits for its end and says what became of it. It keeps no queue, decides no
/// retry and touches no catalog: that is the archive's.
public protocol Executor: Sendable {
  /// Runs one attempt of a job to its end.
  ///
  /// `spec.outputDirectory` exists, belongs to this attempt alone and lies where the job's machine can reach it.
  /// Cancelling the task ends the job (TERM, then KILL) and returns when it is gone.
  ///
  /// - Parameter timeout: wall-clock time the attempt may take; nil for no bound.
  /// - Returns: the job's own report where there is a believable one, however its process ended; otherwise a death.
  func run(_ spec: JobSpec, timeout: Duration?) async -> ExecutionEnd
}

import Glibc
import JobContract

/// Limits that a job process sets on itself before it touches a file.
public struct ResourceLimits: Sendable {
  let limits: JobLimits

  public init(_ limits: JobLimits) { self.limits = limits }

  /// Sets RLIMIT_DATA, RLIMIT_CPU and RLIMIT_FSIZE where they are given; they only ever go down.
  /// - Throws: `EngineError` `internal` when the system refuses.
  public func apply() throws(EngineError) {
    // A file that grows too big is then an error of the write, which the report can tell, not the end.
    signal(SIGXFSZ, SIG_IGN)
    try lower(__rlimit_resource_t(RLIMIT_DATA.rawValue), to: limits.memoryBytes, name: "memory")
    if let bytes = limits.memoryBytes { MemoryDeath.tell(limitBytes: bytes) }
    // At the soft limit comes SIGXCPU, which says what it is; at the hard one a SIGKILL like any other.
    try lower(
      __rlimit_resource_t(RLIMIT_CPU.rawValue), to: limits.cpuSeconds, slack: 5, name: "processor time")
    try lower(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), to: limits.fileBytes, name: "file size")
  }

  private func lower(
    _ resource: __rlimit_resource_t, to value: UInt64?, slack: UInt64 = 0, name: String
  ) throws(EngineError) {
    guard let value else { return }
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { throw refused(name) }
    let wanted = rlim_t(value)
    limit.rlim_cur = min(limit.rlim_cur, wanted)
    limit.rlim_max = min(limit.rlim_max, wanted + rlim_t(slack))
    guard setrlimit(resource, &limit) == 0 else { throw refused(name) }
  }

  private func refused(_ name: String) -> EngineError {
    EngineError(
      "internal", "cannot limit the \(name): \(String(cString: strerror(errno)))", subject: "limits")
  }
}

import Glibc

/// What the process has used so far, from `getrusage`.
public enum ProcessUsage {
  /// Peak resident memory, bytes.
  public static var peakMemoryBytes: UInt64 {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return UInt64(max(0, usage.ru_maxrss)) * 1024
  }

  /// Seconds on a clock that never jumps; only differences mean anything.
  public static var monotonicSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

import Glibc

/// What the process has used so far, from `getrusage`.
public enum ProcessUsage {
  /// Peak resident memory, bytes: of this program (`VmHWM`), or of the process where that cannot be read.
  public static var peakMemoryBytes: UInt64 { highWaterMark ?? peakOfProcess }

  /// `VmHWM` of `/proc/self/status`. Unlike `getrusage` it does not count who became this program by exec.
  private static var highWaterMark: UInt64? {
    let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    let line = bytes.prefix(max(0, count)).split(separator: UInt8(ascii: "\n"))
      .first { $0.starts(with: "VmHWM:".utf8) }
    let digits = line?.filter { (48...57).contains($0) } ?? []
    return UInt64(String(decoding: digits, as: UTF8.self)).map { $0 * 1024 }
  }

  private static var peakOfProcess: UInt64 {
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

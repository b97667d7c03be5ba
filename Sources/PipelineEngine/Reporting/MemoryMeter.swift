import Glibc
import JobContract

/// Peak resident memory of one part of a run after another.
///
/// Linux lets a process forget its peak (`5` into `/proc/self/clear_refs`), so that each part has its own. Where that
/// is refused, the peak of a part is that of the process up to its end. Both cost some microseconds.
struct MemoryMeter {
  /// What ``end()`` returns.
  private(set) var measures: RunReport.MemoryPeaks = .process
  /// The highest of all parts, bytes: forgetting a part's peak must not lose it.
  private var highest: UInt64 = 0

  /// The highest peak so far, bytes.
  var overall: UInt64 { max(highest, ProcessUsage.peakMemoryBytes) }

  /// Begins a part.
  mutating func begin() {
    highest = overall
    measures = ProcessUsage.forgetPeakMemory() ? .step : .process
  }

  /// Ends a part. Returns its peak in bytes.
  mutating func end() -> UInt64 {
    let peak = ProcessUsage.peakMemoryBytes
    highest = max(highest, peak)
    return peak
  }
}

extension ProcessUsage {
  /// Makes the present memory the peak. Returns false where the system refuses.
  static func forgetPeakMemory() -> Bool {
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, "5", 1) == 1
  }
}

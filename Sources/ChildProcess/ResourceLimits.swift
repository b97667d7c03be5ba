import Glibc

/// Limits on a program and all it starts, set by util-linux's `prlimit` before the program begins.
///
/// A program of ours that can set limits on itself does so; hooks and other people's programs need this.
public struct ResourceLimits: Sendable, Equatable {
  /// RLIMIT_DATA, bytes; nil for none.
  public var dataBytes: UInt64?
  /// RLIMIT_CPU, seconds of processor time: SIGXCPU then, SIGKILL five seconds later; nil for none.
  public var cpuSeconds: UInt64?
  /// RLIMIT_FSIZE, bytes of any file it writes; nil for none.
  public var fileBytes: UInt64?
  /// Absolute path of `prlimit`.
  public var prlimit: String

  public init(
    dataBytes: UInt64? = nil, cpuSeconds: UInt64? = nil, fileBytes: UInt64? = nil,
    prlimit: String = "/usr/bin/prlimit"
  ) {
    self.dataBytes = dataBytes
    self.cpuSeconds = cpuSeconds
    self.fileBytes = fileBytes
    self.prlimit = prlimit
  }

  /// The words to put before a command; none when there is no limit.
  ///
  /// No limit goes beyond this process's own hard one: nobody may raise that, and asking for it would end the program
  /// before it begins.
  package var commandPrefix: [String] {
    var words: [String] = []
    if let bytes = Self.within(RLIMIT_DATA, dataBytes) { words.append("--data=\(bytes)") }
    if let seconds = Self.within(RLIMIT_CPU, cpuSeconds), let last = Self.within(RLIMIT_CPU, seconds + 5) {
      words.append("--cpu=\(seconds):\(last)")
    }
    if let bytes = Self.within(RLIMIT_FSIZE, fileBytes) { words.append("--fsize=\(bytes)") }
    return words.isEmpty ? [] : [prlimit] + words + ["--"]
  }

  private static func within(_ resource: __rlimit_resource, _ wanted: UInt64?) -> UInt64? {
    guard let wanted else { return nil }
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return wanted }
    return min(wanted, UInt64(limit.rlim_max))
  }
}

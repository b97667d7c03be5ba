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
  package var commandPrefix: [String] {
    var words: [String] = []
    if let dataBytes { words.append("--data=\(dataBytes)") }
    if let cpuSeconds { words.append("--cpu=\(cpuSeconds):\(cpuSeconds + 5)") }
    if let fileBytes { words.append("--fsize=\(fileBytes)") }
    return words.isEmpty ? [] : [prlimit] + words + ["--"]
  }
}

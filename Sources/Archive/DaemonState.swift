import Foundation

/// What the daemon says of itself in the catalog (fact `daemon`), for `irisarchive status`.
public struct DaemonState: Codable, Sendable, Equatable {
  public var pid: Int32
  public var host: String
  /// Seconds since 1970 UTC.
  public var started: Double
  /// `starting`, `watching` or `stopped`.
  public var state: String
  /// `inotify`, or `polling every N s`.
  public var source: String

  public init(pid: Int32, host: String, started: Double, state: String, source: String) {
    self.pid = pid
    self.host = host
    self.started = started
    self.state = state
    self.source = source
  }

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // A struct of numbers and strings always encodes.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

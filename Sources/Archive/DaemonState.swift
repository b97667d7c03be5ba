import CatalogStore
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

  /// The state of one that came to its own end.
  static let stopped = "stopped"

  /// That of the daemon that runs, or ran last; nil when there was none.
  static func kept(in reader: CatalogReader) throws(CatalogError) -> DaemonState? {
    guard let text = try reader.fact("daemon") else { return nil }
    return try? JSONDecoder().decode(DaemonState.self, from: Data(text.utf8))
  }

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // A struct of numbers and strings always encodes.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

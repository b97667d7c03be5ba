import Foundation
import Logging

/// Prints log lines in exactly stpipe's form:
/// `2026-07-14 09:12:44,123 - stpipe.Image2Pipeline.dark_current - INFO - Using DARK reference file …`.
///
/// Times are UTC. Metadata follow the message as `key=value`.
public struct StpipeLogHandler: LogHandler {
  public var logLevel: Logger.Level = .info
  public var metadata: Logger.Metadata = [:]
  private let label: String
  private let now: @Sendable () -> Date
  private let write: @Sendable (String) -> Void

  /// - Parameters:
  ///   - label: the logger's name, e.g. `stpipe.Image2Pipeline.dark_current`.
  ///   - now: the clock, handed in by the executable.
  ///   - write: takes each finished line, newline included.
  public init(label: String, now: @escaping @Sendable () -> Date, write: @escaping @Sendable (String) -> Void)
  {
    self.label = label
    self.now = now
    self.write = write
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let merged = metadata.merging(event.metadata ?? [:]) { $1 }
    let tail = merged.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let time = UTCTime.stpipe(now())
    write("\(time) - \(label) - \(Self.name(of: event.level)) - \(event.message)\(tail)\n")
  }

  private static func name(of level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "DEBUG"
    case .info, .notice: "INFO"
    case .warning: "WARNING"
    case .error: "ERROR"
    case .critical: "CRITICAL"
    }
  }
}

import Foundation
import Logging

/// What only an executable may know: the clock, where the log goes, which software this is.
public struct RunServices: Sendable {
  public let now: @Sendable () -> Date
  /// Makes the logger of a label such as `stpipe.Image2Pipeline.dark_current`.
  public let logger: @Sendable (String) -> Logger
  /// Version of this software (`DRSVER`).
  public let version: String
  /// Other software whose version matters, `cfitsio` … -> version.
  public let software: [String: String]
  /// Draws quick-look pictures; nil for none.
  public let preview: PreviewMaker?
  /// Hooks of steps run here, so that an interrupted program can end them.
  public var hooks = RunningHooks()

  public init(
    now: @escaping @Sendable () -> Date, logger: @escaping @Sendable (String) -> Logger, version: String,
    software: [String: String] = [:], preview: PreviewMaker? = nil
  ) {
    self.now = now
    self.logger = logger
    self.version = version
    self.software = software
    self.preview = preview
  }

  /// Services that log through stpipe's line form.
  public static func stpipe(
    now: @escaping @Sendable () -> Date, write: @escaping @Sendable (String) -> Void,
    level: Logger.Level = .info, version: String, software: [String: String] = [:],
    preview: PreviewMaker? = nil
  ) -> RunServices {
    RunServices(
      now: now,
      logger: { label in
        var logger = Logger(label: label) { StpipeLogHandler(label: $0, now: now, write: write) }
        logger.logLevel = level
        return logger
      }, version: version, software: software, preview: preview)
  }
}

import Archive
import Foundation
import Logging
import Synchronization

/// The least severe messages of the log; a reload may change it.
final class LogLevel: Sendable {
  private let level: Mutex<Logger.Level>

  /// - Parameter name: of a swift-log level.
  init(_ name: String) {
    level = Mutex(Logger.Level(rawValue: name) ?? .info)
  }

  var value: Logger.Level { level.withLock { $0 } }

  func set(_ name: String) {
    if let new = Logger.Level(rawValue: name) { level.withLock { $0 = new } }
  }
}

/// Where the daemon's log goes: to the journal with its fields when standard error is the journal's, else to standard
/// error. No file is kept open, so there is none to rotate.
enum DaemonLog {
  static func start(level: LogLevel) {
    let isJournal = ServiceEnvironment.standardErrorIsTheJournal
    let journal = isJournal ? Journal() : nil
    LoggingSystem.bootstrap { _ in
      DaemonLogHandler(level: level, journal: journal, hasPriorities: isJournal)
    }
  }
}

/// The daemon's log, one line per message: time (UTC), level, message, then its facts as `name=value`.
///
/// Control characters of a value are escaped, so that a hostile file name cannot forge a line. The journal gets message
/// and facts as fields; a line that it does not take goes to standard error after `<priority>`, which it understands
/// there.
struct DaemonLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  private let level: LogLevel
  private let journal: Journal?
  private let hasPriorities: Bool
  /// Of one logger alone.
  private var ownLevel: Logger.Level?

  init(level: LogLevel, journal: Journal?, hasPriorities: Bool) {
    self.level = level
    self.journal = journal
    self.hasPriorities = hasPriorities
  }

  var logLevel: Logger.Level {
    get { ownLevel ?? level.value }
    set { ownLevel = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { _, new in new }
      .map { (name: $0.key, value: "\($0.value)") }
      .filter { !$0.value.isEmpty }
      .sorted { $0.name < $1.name }
    let words = facts.map { " \($0.name)=\(Self.quoted($0.value))" }.joined()
    let text = Self.printable("\(event.message)") + words
    let priority = Self.priority(event.level)
    if let journal, journal.write(JournalEntry(priority: priority, message: text, facts: facts)) { return }
    let time = Date().ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let line =
      hasPriorities ? "<\(priority)>\(text)\n" : "\(time) \(event.level.rawValue.uppercased()) \(text)\n"
    // A log on a full disk, or that nobody reads any more, must not end the archive (`write(_:)` would trap).
    try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
  }

  /// As syslog has it.
  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  private static func quoted(_ value: String) -> String {
    let plain = printable(value)
    return plain.contains(" ") ? "\"\(plain)\"" : plain
  }

  private static func printable(_ value: String) -> String {
    String(
      value.unicodeScalars.flatMap { scalar -> [Character] in
        scalar.value < 32 || scalar.value == 127
          ? Array("\\x\(String(scalar.value, radix: 16))") : [Character(scalar)]
      })
  }
}

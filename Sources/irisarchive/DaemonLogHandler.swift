import Foundation
import Logging

/// The daemon's log on stderr, one line per message: time (UTC), level, message, then its facts as `name=value`.
///
/// Control characters of a value are escaped, so that a hostile file name cannot forge a line.
struct DaemonLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(level: Logger.Level) {
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let facts = metadata.merging(event.metadata ?? [:]) { _, new in new }
      .filter { !"\($0.value)".isEmpty }
      .sorted { $0.key < $1.key }
      .map { " \($0.key)=\(Self.quoted("\($0.value)"))" }
      .joined()
    let time = Date().ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let line = "\(time) \(event.level.rawValue.uppercased()) \(Self.printable("\(event.message)"))\(facts)\n"
    FileHandle.standardError.write(Data(line.utf8))
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

/// One message for systemd's journal with its fields, in the journal's native form.
public struct JournalEntry: Sendable, Equatable {
  /// Where systemd's journal listens.
  public static let socket = "/run/systemd/journal/socket"

  /// 0 (emergency) to 7 (debug), as syslog has it.
  public var priority: Int
  public var message: String
  /// Names as the program has them: `job` becomes the field `IRIS_JOB`.
  public var facts: [(name: String, value: String)]
  /// `SYSLOG_IDENTIFIER`
  public var identifier = "irisarchive"

  public init(priority: Int, message: String, facts: [(name: String, value: String)]) {
    self.priority = priority
    self.message = message
    self.facts = facts
  }

  public static func == (a: JournalEntry, b: JournalEntry) -> Bool { a.bytes == b.bytes }

  /// `NAME=value` lines; a value of several lines is preceded by its length (little endian, 64 bit) instead.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    Self.add("MESSAGE", message, to: &bytes)
    Self.add("PRIORITY", String(priority), to: &bytes)
    Self.add("SYSLOG_IDENTIFIER", identifier, to: &bytes)
    for fact in facts { Self.add(Self.field(fact.name), fact.value, to: &bytes) }
    return bytes
  }

  /// The field of a fact: `IRIS_` and the name in capitals; what the journal does not allow becomes `_`, and it is cut
  /// at 64 characters.
  public static func field(_ name: String) -> String {
    let allowed = name.uppercased().unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        ? scalar : "_"
    }
    return String(("IRIS_" + String(String.UnicodeScalarView(allowed))).prefix(64))
  }

  private static func add(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    bytes += name.utf8
    if value.utf8.contains(UInt8(ascii: "\n")) {
      bytes.append(UInt8(ascii: "\n"))
      let count = UInt64(value.utf8.count).littleEndian
      withUnsafeBytes(of: count) { bytes += $0 }
    } else {
      bytes.append(UInt8(ascii: "="))
    }
    bytes += value.utf8
    bytes.append(UInt8(ascii: "\n"))
  }
}

/// Sends entries to the journal.
public struct Journal: Sendable {
  private let socket: DatagramSocket

  /// nil when there is no such socket to send to.
  public init?(socket name: String = JournalEntry.socket) {
    guard let socket = DatagramSocket(name) else { return nil }
    self.socket = socket
  }

  /// False when the journal did not take it: it is away, or the entry is too long for a datagram.
  public func write(_ entry: JournalEntry) -> Bool { socket.send(entry.bytes) }
}

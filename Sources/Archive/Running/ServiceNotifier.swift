import Glibc

/// What the daemon tells its service manager: the protocol of sd_notify(3), spoken without libsystemd.
public struct ServiceNotifier: Sendable {
  package enum Message: Sendable, Equatable {
    /// The first scan is in the catalog and new files are seen.
    case ready
    case stopping
    /// The time is the monotonic clock's, microseconds.
    case reloading(atMicroseconds: UInt64)
    /// One line for `systemctl status`.
    case status(String)
    /// A sign of life.
    case watchdog
    /// Starting takes this much longer from now.
    case extendTimeout(microseconds: UInt64)

    package var line: String {
      switch self {
      case .ready: "READY=1"
      case .stopping: "STOPPING=1"
      case .reloading(let time): "RELOADING=1\nMONOTONIC_USEC=\(time)"
      case .status(let text): "STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " ")
      case .watchdog: "WATCHDOG=1"
      case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(time)"
      }
    }
  }

  private let socket: DatagramSocket

  /// - Parameter socket: the value of `$NOTIFY_SOCKET`: a path, or `@name`. nil when it is neither.
  public init?(socket name: String) {
    guard let socket = DatagramSocket(name) else { return nil }
    self.socket = socket
  }

  /// Tells all of it in one datagram. A manager that does not listen is no concern of the archive.
  package func tell(_ messages: Message...) { tell(messages) }

  /// The same for a list.
  func tell(_ messages: [Message]) {
    socket.send(Array(messages.map(\.line).joined(separator: "\n").utf8))
  }

  /// Microseconds of the monotonic clock.
  static var monotonicMicroseconds: UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
  }
}

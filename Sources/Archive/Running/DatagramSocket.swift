import Glibc

/// Sends datagrams to one Unix socket: how systemd and its journal are talked to.
final class DatagramSocket: Sendable {
  private let descriptor: Int32
  private let address: sockaddr_un
  private let length: socklen_t

  /// - Parameter name: an absolute path, or `@name` for a socket of the abstract name space. nil is returned for
  ///   anything else, for a name that is too long, and when no socket can be had.
  init?(_ name: String) {
    var bytes = Array(name.utf8)
    guard let first = bytes.first, bytes.count > 1 else { return nil }
    guard first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
    var address = sockaddr_un()
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    // An abstract name begins with a zero byte and is as long as it is; a path ends with one.
    if first == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { return nil }
    self.address = address
    length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    // A receiver that does not read must not hold the archive up.
    var patience = timeval(tv_sec: 1, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Sends one datagram; false when nobody took it.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        while true {
          let sent = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), generic, length)
          if sent < 0 && errno == EINTR { continue }
          return sent == bytes.count
        }
      }
    }
  }
}

import Foundation
import Glibc
import Synchronization

/// A Unix datagram socket that keeps what it is sent, as systemd would.
final class DatagramReceiver: Sendable {
  /// As an environment variable names it: a path, or `@name` in the abstract name space.
  let name: String
  private let descriptor: Int32
  private let kept = Mutex<[String]>([])

  init(_ name: String) throws {
    self.name = name
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if name.hasPrefix("@") { bytes[0] = 0 } else { bytes.append(0) }
    guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
      throw CommandFailed(description: "too long for a socket: \(name)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
    }
    guard isBound else { throw CommandFailed(description: "\(name): \(String(cString: strerror(errno)))") }
    let receiving = descriptor
    Thread.detachNewThread { [weak self] in
      while true {
        var waiting = pollfd(fd: receiving, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, -1) > 0, let self, self.receive() else { return }
      }
    }
  }

  /// Takes what has come.
  ///
  /// - Returns: false when nothing can come any more.
  @discardableResult
  private func receive() -> Bool {
    kept.withLock { kept in
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return count < 0 && [EAGAIN, EINTR].contains(errno) }
        kept.append(String(decoding: buffer[..<count], as: UTF8.self))
      }
    }
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
    unlink(name)
  }

  /// Everything that was sent so far: also what the thread has not taken yet.
  var messages: [String] {
    receive()
    return kept.withLock { $0 }
  }

  /// Lines of all messages, in order.
  var lines: [String] { messages.flatMap { $0.split(separator: "\n").map(String.init) } }
}

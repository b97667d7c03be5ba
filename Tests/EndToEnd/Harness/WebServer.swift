import Crypto
import Foundation
import Glibc
import Synchronization

/// A small HTTP server on 127.0.0.1 that does as it is told: answers, hangs, or is not there.
final class WebServer: Sendable {
  enum Conduct: Sendable, Equatable {
    case answers(Int)
    /// Takes the request and says nothing.
    case hangs
  }

  struct Request: Sendable, Equatable {
    var method: String
    /// Names in small letters.
    var headers: [String: String]
    var body: String
    var conduct: Conduct
  }

  private struct State {
    var conduct = Conduct.answers(200)
    var requests: [Request] = []
    var listener: Int32 = -1
    /// Connections that are left without an answer.
    var hanging: [Int32] = []
  }

  let port: UInt16
  private let state = Mutex(State())
  var url: String { "http://127.0.0.1:\(port)/events" }
  var requests: [Request] { state.withLock { $0.requests } }

  init() throws {
    let (listener, port) = try Self.listen(on: 0)
    self.port = port
    serve(listener)
  }

  deinit { close() }

  func behave(_ conduct: Conduct) { state.withLock { $0.conduct = conduct } }

  /// From now on connections are refused.
  func close() {
    let descriptors = state.withLock { state in
      defer {
        state.listener = -1
        state.hanging = []
      }
      return [state.listener] + state.hanging
    }
    for descriptor in descriptors where descriptor >= 0 {
      shutdown(descriptor, Int32(SHUT_RDWR))
      Glibc.close(descriptor)
    }
  }

  /// There again, at the same port.
  func open() throws { serve(try Self.listen(on: port).0) }

  /// The signature that a sender who knows `secret` gives.
  static func signature(of body: String, secret: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(body.utf8), using: SymmetricKey(data: Data(secret.utf8)))
    return "sha256=" + code.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
  }

  private static func listen(on port: UInt16) throws -> (Int32, UInt16) {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let listener = socket(AF_INET, type, 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(listener, generic, length) == 0 && Glibc.listen(listener, 64) == 0
          && getsockname(listener, generic, &length) == 0
      }
    }
    guard isOpen else { throw CommandFailed(description: "no port: \(String(cString: strerror(errno)))") }
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  private func serve(_ listener: Int32) {
    state.withLock { $0.listener = listener }
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        Thread.detachNewThread { self.answer(connection) }
      }
    }
  }

  private func answer(_ connection: Int32) {
    guard let request = Self.read(connection) else {
      Glibc.close(connection)
      return
    }
    let conduct = state.withLock { state in
      var request = request
      request.conduct = state.conduct
      state.requests.append(request)
      if state.conduct == .hangs { state.hanging.append(connection) }
      return state.conduct
    }
    guard case .answers(let code) = conduct else { return }
    let text = "HTTP/1.1 \(code) Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    _ = text.withCString { write(connection, $0, strlen($0)) }
    Glibc.close(connection)
  }

  private static func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let body = String(text[end.upperBound...])
        if body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 {
          return Request(
            method: String(lines[0].prefix { $0 != " " }), headers: headers, body: body,
            conduct: .answers(0))
        }
      }
      let count = Glibc.read(connection, &buffer, buffer.count)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }
}

import Crypto
import Foundation
import Glibc

/// sha256 of a file or of bytes as they pass, as lower-case hexadecimal.
public struct ContentHash: Sendable {
  private var hasher = SHA256()
  /// Bytes seen.
  public private(set) var bytes: UInt64 = 0

  public init() {}

  /// Takes in further bytes.
  public mutating func update(_ buffer: UnsafeRawBufferPointer) {
    hasher.update(bufferPointer: buffer)
    bytes += UInt64(buffer.count)
  }

  public var hexadecimal: String {
    hasher.finalize().map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }

  /// Reads a file once, in 1 MiB pieces.
  /// - Throws: `EngineError` `input-missing` when it cannot be opened or read.
  public static func ofFile(_ path: String) throws(EngineError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var hash = ContentHash()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count == 0 { return hash.hexadecimal }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw unreadable(path)
      }
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  private static func unreadable(_ path: String) -> EngineError {
    EngineError("input-missing", "cannot read the file: \(String(cString: strerror(errno)))", subject: path)
  }
}

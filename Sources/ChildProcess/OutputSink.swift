import Foundation
import Glibc

/// One stream of a child: the pipe it comes out of and the bounded place it goes to.
///
/// Used by one thread at a time (the one that watches the run).
struct OutputSink {
  private enum Place {
    case memory(Data, limit: Int)
    case file(Descriptor, room: Int)
  }

  private let pipe: Descriptor
  private var place: Place
  private(set) var wasCut = false

  /// Keeps the first `limit` bytes.
  init(capturing pipe: Descriptor, limit: Int) {
    self.pipe = pipe
    self.place = .memory(Data(), limit: limit)
  }

  /// Writes to `file` until it holds `capBytes`.
  init(pipe: Descriptor, file: Descriptor, capBytes: Int) {
    var status = stat()
    let held = fstat(file.rawValue, &status) == 0 ? Int(status.st_size) : 0
    self.pipe = pipe
    self.place = .file(file, room: max(0, capBytes - held))
  }

  /// The pipe to wait on; -1 at its end, which `poll` passes over.
  var pollable: Int32 { pipe.rawValue }

  var captured: Data {
    if case .memory(let data, _) = place { data } else { Data() }
  }

  /// Takes what the pipe holds now; closes it at end of file.
  mutating func drain(using buffer: UnsafeMutableRawBufferPointer) {
    while pipe.rawValue >= 0 {
      let count = read(pipe.rawValue, buffer.baseAddress, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN { return }
      guard count > 0 else { return pipe.close() }
      take(Array(buffer[..<count]))
    }
  }

  private mutating func take(_ bytes: [UInt8]) {
    switch place {
    case .memory(var data, let limit):
      let kept = bytes.prefix(max(0, limit - data.count))
      place = .memory(Data(), limit: limit)
      data.append(contentsOf: kept)
      place = .memory(data, limit: limit)
      if kept.count < bytes.count { wasCut = true }
    case .file(let file, let room):
      guard !wasCut else { return }
      let kept = Array(bytes.prefix(room))
      let written = file.writeAll(kept)
      place = .file(file, room: room - kept.count)
      guard written, kept.count == bytes.count else { return cut(file, written: written) }
    }
  }

  private mutating func cut(_ file: Descriptor, written: Bool) {
    wasCut = true
    if written { _ = file.writeAll(Array("\n[cut: this log reached its size limit]\n".utf8)) }
  }
}

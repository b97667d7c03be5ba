import Dispatch

/// Buffers that are filled by the writer and shown, in order, to an observer on another thread.
///
/// `@unchecked Sendable`: a buffer belongs either to the writer or to the serial queue, handed over by the queue and
/// given back by the semaphore; the observer is called on the serial queue only.
final class ByteRelay: @unchecked Sendable {
  static let bufferBytes = 1 << 20
  private let onBytes: ((UnsafeRawBufferPointer) -> Void)?
  private let queue = DispatchQueue(label: "fits-writer-observer")
  private let free: DispatchSemaphore
  private let buffers: [UnsafeMutableRawBufferPointer]
  private var next = 0

  init(_ onBytes: ((UnsafeRawBufferPointer) -> Void)?) {
    self.onBytes = onBytes
    let count = onBytes == nil ? 1 : 8
    buffers = (0..<count).map { _ in .allocate(byteCount: Self.bufferBytes, alignment: 64) }
    // Created at 0 and raised: a semaphore must not be destroyed below the value it was created with.
    free = DispatchSemaphore(value: 0)
    for _ in 0..<count { free.signal() }
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }

  /// A buffer to fill; waits until one is free. Give it back by `deliver`.
  func take() -> UnsafeMutableRawBufferPointer {
    free.wait()
    defer { next = (next + 1) % buffers.count }
    return buffers[next]
  }

  /// Shows the first bytes of a buffer to the observer and frees it.
  func deliver(_ buffer: UnsafeMutableRawBufferPointer, count: Int) {
    guard onBytes != nil else {
      free.signal()
      return
    }
    let base = UInt(bitPattern: buffer.baseAddress)
    queue.async { [self] in
      onBytes?(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: base), count: count))
      free.signal()
    }
  }

  /// Waits until the observer has seen everything.
  func drain() { queue.sync {} }
}

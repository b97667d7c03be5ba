import CZlib

/// Inflates a gzipped file in a stream and hands the result to a scanner, within the limits on size and
/// ratio.
struct GzipScan {
  let source: DescriptorSource
  let limits: Limits
  let hasWriter: Bool
  /// Go on to the end of the file when nothing more can be learned, for the sake of `onBytes`.
  let everyByte: Bool

  /// Reads the file to its end.
  ///
  /// - Parameters:
  ///   - scanner: receives the inflated bytes in pieces of whole blocks.
  ///   - buffer: room for compressed bytes; holds the file's first `first` bytes already.
  ///   - onBytes: sees every compressed byte, also after the stream was given up.
  /// - Returns: a verdict about the gzip stream itself, or `nil` when only the scanner's counts.
  func run(
    _ scanner: inout StructureScanner, _ buffer: UnsafeMutableRawBufferPointer, _ first: Int,
    onBytes: (UnsafeRawBufferPointer) -> Void
  ) throws(FITSStructureError) -> Completeness? {
    let inflater = Inflater(limits: limits)
    var have = first
    var offset: UInt64 = 0
    while have > 0 {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<have])
      onBytes(bytes)
      if inflater.isRunning { inflater.take(bytes) { scanner.consume($0) } }
      if !inflater.isRunning && !everyByte { break }
      offset += UInt64(have)
      have = try source.fill(buffer, at: offset)
    }
    inflater.flush { scanner.consume($0) }
    return verdict(inflater, scanner)
  }

  private func verdict(_ inflater: Inflater, _ scanner: StructureScanner) -> Completeness? {
    switch inflater.state {
    case .atEnd: return nil
    case .trailing(let count): return scannerIsComplete(scanner) ? .trailingBytes(count) : nil
    case .failed(let reason): return .notFITS(reason: "\(reason) after \(inflater.produced) inflated bytes")
    case .inflating:
      if case .refused = scanner.phase { return nil }
      if hasWriter { return .stillGrowing(have: inflater.produced, need: need(scanner, inflater)) }
      return .truncated(
        have: inflater.produced, need: need(scanner, inflater),
        where: "gzip stream, in HDU \(scanner.hdus.count)")
    }
  }

  private func scannerIsComplete(_ scanner: StructureScanner) -> Bool {
    scanner.completeness(hasWriter: false) == .complete
  }

  private func need(_ scanner: StructureScanner, _ inflater: Inflater) -> UInt64 {
    switch scanner.completeness(hasWriter: false) {
    case .truncated(_, let need, _): max(need, inflater.produced + 1)
    default: inflater.produced + 1
    }
  }
}

/// One zlib stream: any number of gzip members, output in pieces of whole blocks.
private final class Inflater {
  enum State {
    case inflating
    /// A member has ended and nothing followed.
    case atEnd
    /// Bytes that are no gzip member follow the last one.
    case trailing(UInt64)
    case failed(String)
  }

  private(set) var state = State.inflating
  private(set) var produced: UInt64 = 0
  private var consumed: UInt64 = 0
  private let limits: Limits
  // zlib keeps a pointer to its stream: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let output = UnsafeMutableRawBufferPointer.allocate(
    byteCount: DescriptorSource.chunkBytes, alignment: 64)
  private var filled = 0
  private var holdsMore = false  // the last call filled its output: there may be more without more input

  init(limits: Limits) {
    self.limits = limits
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    if czlib_inflate_init_gzip(stream) != Z_OK { state = .failed("zlib could not start") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  var isRunning: Bool { if case .failed = state { false } else { true } }

  /// Inflates a piece; every full output buffer goes to `body`.
  func take(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(bytes.count)
    while stream.pointee.avail_in > 0 || holdsMore, isRunning {
      switch state {
      case .trailing(let count):
        state = .trailing(count + UInt64(stream.pointee.avail_in))
        return
      case .atEnd: nextMember()
      default: step(body)
      }
    }
  }

  /// Hands the last, short piece over.
  func flush(_ body: (UnsafeRawBufferPointer) -> Void) {
    if filled > 0 { body(UnsafeRawBufferPointer(rebasing: output[..<filled])) }
    filled = 0
  }

  /// Another member follows when its first byte says so.
  private func nextMember() {
    if stream.pointee.next_in.pointee == 0x1F {
      state = inflateReset(stream) == Z_OK ? .inflating : .failed("zlib could not go on")
    } else {
      state = .trailing(0)
    }
  }

  private func step(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard let base = output.baseAddress else { return }
    let room = output.count - filled
    let input = stream.pointee.avail_in
    stream.pointee.next_out = (base + filled).assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(room)
    let status = inflate(stream, Z_NO_FLUSH)
    let count = room - Int(stream.pointee.avail_out)
    filled += count
    produced += UInt64(count)
    consumed += UInt64(input - stream.pointee.avail_in)
    holdsMore = stream.pointee.avail_out == 0 && status == Z_OK
    if filled == output.count { flush(body) }
    switch status {
    case Z_STREAM_END: state = .atEnd
    case Z_OK: checkLimits()
    case Z_BUF_ERROR where input == 0: break  // nothing was held back
    default: state = .failed("the gzip stream is damaged")
    }
  }

  private func checkLimits() {
    if produced > limits.maxInflatedBytes {
      state = .failed("the gzip stream inflates to more than \(limits.maxInflatedBytes) bytes: refused")
    } else if produced > limits.inflatedBytesAlwaysAllowed,
      produced / max(1, consumed) > limits.maxInflationRatio
    {
      state = .failed("the gzip stream inflates more than \(limits.maxInflationRatio)-fold: refused")
    }
  }
}

import Dispatch
import Glibc
import Synchronization

/// Image data that lie in a file as they are: neither compressed nor in CFITSIO's buffers.
///
/// Read in bands on several threads with `pread`, swapped or converted while they are in the cache.
struct PlainImage {
  /// How stored numbers become pixels.
  enum Conversion {
    /// Same type; bytes swapped, top bit flipped for the unsigned conventions.
    case swapped
    /// Float to double.
    case widened
    /// Whole numbers to floating point: `BZERO + BSCALE x`, `BLANK` to NaN.
    case linear
  }

  let descriptor: Int32
  let dataOffset: Int64
  let image: ImageHDU
  private static let bandPixels = 1 << 17

  /// The conversion to a pixel type, or `nil` when it is left to CFITSIO.
  static func conversion(_ image: ImageHDU, to type: PixelType) -> Conversion? {
    if image.bitpix == type.bitpix, image.bscale == 1, image.bzero == type.bzero,
      image.blank == nil || type != .float && type != .double
    {
      return .swapped
    }
    if image.bitpix == -32, type == .double, !image.scaled { return .widened }
    return image.bitpix > 0 && (type == .float || type == .double) ? .linear : nil
  }

  /// Fills `target` with the pixels from number `first` on.
  ///
  /// - Returns: false when the file ends too early.
  func read<T: FITSPixel>(
    _ conversion: Conversion, into target: UnsafeMutableBufferPointer<T>, first: Int
  ) -> Bool {
    guard let base = target.baseAddress else { return true }
    let count = target.count
    let bands = (count + Self.bandPixels - 1) / Self.bandPixels
    let failures = Atomic<Int>(0)
    // Each band writes its own part of the target.
    nonisolated(unsafe) let start = base
    DispatchQueue.concurrentPerform(iterations: bands) { band in
      let low = band * Self.bandPixels
      let size = min(Self.bandPixels, count - low)
      if !readBand(conversion, start + low, size, first: first + low) {
        failures.add(1, ordering: .relaxed)
      }
    }
    return failures.load(ordering: .relaxed) == 0
  }

  /// Fills `target` with `count` pixels from number `first` on, on the caller's thread.
  ///
  /// - Returns: false when the file ends too early.
  func readRun<T: FITSPixel>(
    _ conversion: Conversion, _ target: UnsafeMutablePointer<T>, _ count: Int, first: Int
  ) -> Bool {
    readBand(conversion, target, count, first: first)
  }

  private func readBand<T: FITSPixel>(
    _ conversion: Conversion, _ target: UnsafeMutablePointer<T>, _ count: Int, first: Int
  ) -> Bool {
    let width = abs(image.bitpix) / 8
    let offset = dataOffset + Int64(first * width)
    let raw = UnsafeMutableRawPointer(target)
    if case .swapped = conversion {
      guard fill(raw, count * width, offset) else { return false }
      ByteSwapping.decode(T.pixelType, from: raw, to: raw, count: count)
      return true
    }
    return withUnsafeTemporaryAllocation(byteCount: count * width, alignment: 64) { scratch in
      guard let stored = scratch.baseAddress, fill(stored, count * width, offset) else { return false }
      if T.pixelType == .float {
        convert(stored, raw.assumingMemoryBound(to: Float.self), count)
      } else {
        convert(stored, raw.assumingMemoryBound(to: Double.self), count)
      }
      return true
    }
  }

  private func fill(_ target: UnsafeMutableRawPointer, _ count: Int, _ offset: Int64) -> Bool {
    var have = 0
    while have < count {
      let got = pread(descriptor, target + have, count - have, off_t(offset) + off_t(have))
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { return false }
      have += got
    }
    return true
  }

  private func convert<F: BinaryFloatingPoint>(
    _ stored: UnsafeRawPointer, _ target: UnsafeMutablePointer<F>, _ count: Int
  ) {
    switch image.bitpix {
    case 8: linear(stored, target, count, UInt8.self)
    case 16: linear(stored, target, count, Int16.self)
    case 32: linear(stored, target, count, Int32.self)
    case 64: linear(stored, target, count, Int64.self)
    default:
      for i in 0..<count {
        let bits = stored.loadUnaligned(fromByteOffset: i &* 4, as: UInt32.self).byteSwapped
        target[i] = F(Float(bitPattern: bits))
      }
    }
  }

  /// Scaled in double precision, as CFITSIO does.
  @inline(__always)
  private func linear<F: BinaryFloatingPoint, Word: FixedWidthInteger & BitwiseCopyable>(
    _ stored: UnsafeRawPointer, _ target: UnsafeMutablePointer<F>, _ count: Int, _: Word.Type
  ) {
    let scale = image.bscale
    let zero = image.bzero
    if scale == 1, MemoryLayout<Word>.size <= 2, let offset = Int32(exactly: zero),
      (-(1 << 20)...(1 << 20)).contains(offset)
    {
      // Sums of these are exact in any floating point, and faster.
      for i in 0..<count {
        let word = stored.loadUnaligned(fromByteOffset: i &* MemoryLayout<Word>.size, as: Word.self)
          .byteSwapped
        target[i] = F(Int32(truncatingIfNeeded: word) &+ offset)
      }
    } else {
      for i in 0..<count {
        let word = stored.loadUnaligned(fromByteOffset: i &* MemoryLayout<Word>.size, as: Word.self)
          .byteSwapped
        target[i] = F(Double(word) * scale + zero)
      }
    }
    guard let blank = image.blank.flatMap({ Word(exactly: $0) }) else { return }
    for i in 0..<count {
      let word = stored.loadUnaligned(fromByteOffset: i &* MemoryLayout<Word>.size, as: Word.self).byteSwapped
      if word == blank { target[i] = .nan }
    }
  }
}

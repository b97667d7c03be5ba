import FITSStructure

/// Pixels between memory and the big-endian bytes of a file, the unsigned conventions included.
///
/// Stored unsigned numbers have their top bit flipped, which is what adding BZERO = half the range comes to.
enum ByteSwapping {
  /// From the file's bytes to numbers; source and target may be the same memory.
  static func decode(
    _ type: PixelType, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int
  ) {
    switch type {
    case .uint8: target.copyMemory(from: source, byteCount: count)
    case .int8: swap(source, target, count, flip: UInt8(1) << 7)
    case .int16: swap(source, target, count, flip: UInt16(0))
    case .uint16: swap(source, target, count, flip: UInt16(1) << 15)
    case .int32, .float: swap(source, target, count, flip: UInt32(0))
    case .uint32: swap(source, target, count, flip: UInt32(1) << 31)
    case .int64, .double: swap(source, target, count, flip: UInt64(0))
    case .uint64: swap(source, target, count, flip: UInt64(1) << 63)
    }
  }

  /// From numbers to the file's bytes.
  static func encode(
    _ type: PixelType, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int
  ) {
    switch type {
    case .uint8: target.copyMemory(from: source, byteCount: count)
    case .int8: swap(source, target, count, flip: UInt8(1) << 7)
    case .int16: swap(source, target, count, flip: UInt16(0))
    case .uint16: swap(source, target, count, flip: UInt16(0x80))
    case .int32, .float: swap(source, target, count, flip: UInt32(0))
    case .uint32: swap(source, target, count, flip: UInt32(0x80))
    case .int64, .double: swap(source, target, count, flip: UInt64(0))
    case .uint64: swap(source, target, count, flip: UInt64(0x80))
    }
  }

  /// Swaps each word's bytes, then flips the bits of `flip`.
  @inline(__always)
  private static func swap<Word: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, flip: Word
  ) {
    for i in 0..<count {
      let offset = i &* MemoryLayout<Word>.size
      let word = source.loadUnaligned(fromByteOffset: offset, as: Word.self)
      target.storeBytes(of: word.byteSwapped ^ flip, toByteOffset: offset, as: Word.self)
    }
  }
}

extension ByteSwapping {
  /// The ones-complement sum of the file's bytes, without making them where the words are 32 bits wide.
  ///
  /// - Parameters:
  ///   - source: pixels in memory; their bytes a multiple of four except at the end of the data.
  ///   - scratch: room for `count` pixels.
  static func datasum(
    _ type: PixelType, _ source: UnsafeRawPointer, count: Int, scratch: UnsafeMutableRawPointer
  ) -> UInt32 {
    switch type {
    case .int32, .float: return wordSum(source, count, flip: 0)
    case .uint32: return wordSum(source, count, flip: 1 << 31)
    default:
      encode(type, from: source, to: scratch, count: count)
      return checksumAccumulate(UnsafeRawBufferPointer(start: scratch, count: count * type.bytes))
    }
  }

  private static func wordSum(_ source: UnsafeRawPointer, _ count: Int, flip: UInt32) -> UInt32 {
    var low = SIMD8<UInt64>()
    var high = SIMD8<UInt64>()
    let mask = SIMD8<UInt64>(repeating: 0xFFFF_FFFF)
    let flips = SIMD16<UInt32>(repeating: flip)
    let whole = count / 16
    for i in 0..<whole {
      let words = source.loadUnaligned(fromByteOffset: i &* 64, as: SIMD16<UInt32>.self) ^ flips
      let pairs = unsafeBitCast(words, to: SIMD8<UInt64>.self)
      low &+= pairs & mask
      high &+= pairs &>> 32
    }
    var sum = UInt64(checksumFold(low.wrappedSum())) &+ UInt64(checksumFold(high.wrappedSum()))
    for i in (whole * 16)..<count {
      sum &+= UInt64(source.loadUnaligned(fromByteOffset: i &* 4, as: UInt32.self) ^ flip)
    }
    return checksumFold(sum)
  }
}

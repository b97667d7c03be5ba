import CZlib
import Foundation

/// Gzip streams: good, cut, broken, and bombs.
enum GzipMaker {
  /// Compresses in the gzip format.
  static func packed(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
    var stream = z_stream()
    let start = deflateInit2_(
      &stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(start == Z_OK)
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    let count = input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        let end = deflate(&stream, Z_FINISH)
        precondition(end == Z_STREAM_END)
        return target.count - Int(stream.avail_out)
      }
    }
    return Array(output.prefix(count))
  }

  /// A dark whose image would be 400 MB of zeros, in 400 kB.
  private static let bomb: [UInt8] = {
    var header = [
      "SIMPLE  =                    T", "BITPIX  =                  -32", "NAXIS   =                    2",
      "NAXIS1  =                10000", "NAXIS2  =                10000", "OBSNAME = 'IMG1-DRK'",
      "OBSTYPE = 'CAL'", "DETECTOR= 'IMG1'", "END",
    ].map { $0.padding(toLength: 80, withPad: " ", startingAt: 0) }.joined()
    header = header.padding(toLength: 2880, withPad: " ", startingAt: 0)
    return packed(Array(header.utf8) + [UInt8](repeating: 0, count: 400_000_320), level: 1)
  }()

  /// A compressed file with or without a fault.
  static func damaged(_ bytes: [UInt8], _ dice: inout Dice) -> (bytes: [UInt8], how: String) {
    var good = packed(bytes)
    switch Int.random(in: 0..<6, using: &dice) {
    case 0: return (good, "gzip")
    case 1: return (Array(good.prefix(Int.random(in: 1..<good.count, using: &dice))), "gzip cut")
    case 2:
      for _ in 0..<4 {
        good[Int.random(in: 0..<good.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      return (good, "gzip broken")
    case 3: return (packed(good), "gzip twice")
    case 4: return (good + packed(Array(bytes.prefix(2880))), "gzip members")
    default:
      let tail = (0..<8).map { _ in UInt8.random(in: 1...255, using: &dice) }
      return (bomb + tail, "gzip bomb")
    }
  }
}

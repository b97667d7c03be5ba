import CZlib
import FITSStructure
import Testing

@Suite struct GzipTests {
  /// One gzip member.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    let version = ZLIB_VERSION
    let size = Int32(MemoryLayout<z_stream>.size)
    guard deflateInit2_(&stream, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY, version, size) == Z_OK else {
      return []
    }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    let count = input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        deflate(&stream, Z_FINISH)
        return Int(stream.total_out)
      }
    }
    deflateEnd(&stream)
    return Array(output[..<count])
  }

  @Test func structureOfTheInflatedStream() throws {
    let plain = FITSBytes.twoHDUs
    let packed = Self.gzip(plain)
    let (found, verdicts, seen) = try MemoryFile(packed).verified()
    #expect(found.isGzipped)
    #expect(found.completeness == .complete)
    #expect(found.hdus.map(\.endOffset) == [2880, 8640])
    #expect(found.fileBytes == UInt64(packed.count))
    #expect(found.dataBytes == UInt64(plain.count))
    #expect(verdicts.count == 2)
    #expect(seen == packed)
    #expect(try MemoryFile(packed).structure().completeness == .complete)
  }

  @Test func membersAreOneStream() throws {
    let plain = FITSBytes.twoHDUs
    let packed = Self.gzip(Array(plain[..<4000])) + Self.gzip(Array(plain[4000...]))
    #expect(try MemoryFile(packed).structure().completeness == .complete)
    let more = try MemoryFile(packed + [0, 0, 0]).structure()
    #expect(more.completeness == .trailingBytes(3))
  }

  @Test func largeStreamsAreReadToTheEnd() throws {
    let plain =
      FITSBytes.primary(bitpix: 8, axes: [3000, 1001])
      + FITSBytes.padded([UInt8](repeating: 0, count: 3_003_000))
    let (found, _, _) = try MemoryFile(Self.gzip(plain)).verified()
    #expect(found.completeness == .complete)
    #expect(found.dataBytes == UInt64(plain.count))
  }

  @Test func cutAndDamagedStreams() throws {
    var random = SeededGenerator(state: 1)
    let noise = (0..<40_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let plain = FITSBytes.primary(bitpix: 8, axes: [40_000]) + FITSBytes.padded(noise)
    let packed = Self.gzip(plain)
    let cut = try MemoryFile(Array(packed[..<(packed.count / 2)])).structure()
    guard case .truncated(let have, let need, let place) = cut.completeness else {
      return #expect(Bool(false))
    }
    #expect(have < need && place.hasPrefix("gzip stream"))
    guard case .stillGrowing = try MemoryFile(Array(packed[..<300])).structure(hasWriter: true).completeness
    else {
      return #expect(Bool(false))
    }
    var damaged = packed
    damaged[packed.count - 6] ^= 0xFF  // the CRC
    let (found, _, seen) = try MemoryFile(damaged).verified()
    guard case .notFITS(let reason) = found.completeness else { return #expect(Bool(false)) }
    #expect(reason.contains("damaged"))
    #expect(seen == damaged)
    guard case .notFITS = try MemoryFile(Self.gzip(Array("text".utf8))).structure().completeness else {
      return #expect(Bool(false))
    }
  }

  @Test func bombsAreRefused() throws {
    let zeros =
      FITSBytes.primary(bitpix: 8, axes: [6_000_000])
      + FITSBytes.padded([UInt8](repeating: 0, count: 6_000_000))
    let packed = Self.gzip(zeros)
    let byRatio = Limits(maxInflationRatio: 100, inflatedBytesAlwaysAllowed: 2_000_000)
    for limits in [byRatio, Limits(maxInflatedBytes: 3_000_000)] {
      let (found, _, seen) = try MemoryFile(packed).verified(limits: limits)
      guard case .notFITS(let reason) = found.completeness else { return #expect(Bool(false)) }
      #expect(reason.contains("refused"))
      #expect(found.dataBytes < 5_000_000)
      #expect(seen == packed)
    }
    #expect(try MemoryFile(packed).structure().completeness == .complete)
  }
}

/// Adds bytes to a 32-bit ones-complement sum of big-endian words, the sum behind `DATASUM` and `CHECKSUM`.
///
/// Source: FITS 4.0 appendix J (Seaman, Pence, Rots). Sums of consecutive pieces may be chained through `sum`
/// when every piece but the last is a multiple of four bytes; a short last word is filled with zeros.
///
/// - Parameters:
///   - bytes: the data, of any length and alignment.
///   - sum: the sum so far; 0 to start.
/// - Returns: the new sum.
public func checksumAccumulate(_ bytes: UnsafeRawBufferPointer, into sum: UInt32 = 0) -> UInt32 {
  guard let base = bytes.baseAddress else { return sum }
  let blockBytes = 64
  let blocks = bytes.count / blockBytes
  // Two 16-bit sums per 32-bit lane: bytes 0 and 2 of each word in `even`, 1 and 3 in `odd`; 256 additions
  // fit.
  var byteSums = SIMD4<UInt64>()
  var block = 0
  let mask = SIMD16<UInt32>(repeating: 0x00FF_00FF)
  while block < blocks {
    var even = SIMD16<UInt32>()
    var odd = SIMD16<UInt32>()
    let end = min(block + 256, blocks)
    while block < end {
      let words = base.loadUnaligned(fromByteOffset: block &* blockBytes, as: SIMD16<UInt32>.self)
      even &+= words & mask
      odd &+= (words &>> 8) & mask
      block &+= 1
    }
    byteSums &+= laneSums(even, odd)
  }
  var total = byteSums[0] << 24 &+ byteSums[1] << 16 &+ byteSums[2] << 8 &+ byteSums[3]
  total = UInt64(checksumFold(total))
  var shift: UInt64 = 24
  for i in (blocks * blockBytes)..<bytes.count {
    total &+= UInt64(bytes[i]) << shift
    shift = shift == 0 ? 24 : shift &- 8
  }
  return checksumFold(UInt64(checksumFold(total)) &+ UInt64(sum))
}

/// The sums of bytes 0, 1, 2 and 3 of the little-endian words.
@inline(__always)
private func laneSums(_ even: SIMD16<UInt32>, _ odd: SIMD16<UInt32>) -> SIMD4<UInt64> {
  let low = SIMD16<UInt32>(repeating: 0xFFFF)
  return SIMD4(
    UInt64((even & low).wrappedSum()), UInt64((odd & low).wrappedSum()), UInt64((even &>> 16).wrappedSum()),
    UInt64((odd &>> 16).wrappedSum()))
}

/// A 64-bit sum of 32-bit words brought to 32 bits with end-around carry.
public func checksumFold(_ sum: UInt64) -> UInt32 {
  var folded = sum
  while folded >> 32 != 0 { folded = (folded & 0xFFFF_FFFF) &+ (folded >> 32) }
  return UInt32(truncatingIfNeeded: folded)
}

/// The ones-complement sum of two sums.
public func checksumAdd(_ a: UInt32, _ b: UInt32) -> UInt32 { checksumFold(UInt64(a) &+ UInt64(b)) }

/// The 16 ASCII characters that stand for a sum in a `CHECKSUM` card.
///
/// - Parameters:
///   - sum: the sum of the HDU while its `CHECKSUM` card holds sixteen `0` characters.
///   - complement: true for `CHECKSUM` (the HDU then sums to minus zero), false to spell `sum` itself.
public func checksumEncode(_ sum: UInt32, complement: Bool = true) -> String {
  let value = complement ? ~sum : sum
  var characters = [UInt8](repeating: 0, count: 16)
  for byteIndex in 0..<4 {
    let spelled = spell(UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * byteIndex)))
    for j in 0..<4 { characters[4 * j + byteIndex] = spelled[j] }
  }
  return String(decoding: (0..<16).map { characters[($0 + 15) % 16] }, as: UTF8.self)
}

/// Four characters out of `0-9A-Za-r` that sum to the byte plus four zeros.
private func spell(_ byte: UInt8) -> SIMD4<UInt8> {
  var four = SIMD4<UInt8>(repeating: byte / 4 + 0x30)
  four[0] += byte % 4
  func isPunctuation(_ c: UInt8) -> Bool { (0x3A...0x40).contains(c) || (0x5B...0x60).contains(c) }
  for j in [0, 2] {
    while isPunctuation(four[j]) || isPunctuation(four[j + 1]) {
      four[j] += 1
      four[j + 1] -= 1
    }
  }
  return four
}

/// The sum that sixteen characters of `checksumEncode` stand for; `nil` when there are not sixteen ASCII
/// characters.
public func checksumDecode(_ text: String, complement: Bool = true) -> UInt32? {
  let characters = Array(text.utf8)
  guard characters.count == 16, characters.allSatisfy({ (0x30...0x7A).contains($0) }) else { return nil }
  var total: UInt64 = 0
  for i in 0..<16 {
    let value = UInt64(characters[(i + 1) % 16] - 0x30)
    total += value << UInt64(24 - 8 * (i % 4))
  }
  let sum = checksumFold(total)
  return complement ? ~sum : sum
}

/// What an HDU's own checksums say about it.
public struct ChecksumVerdict: Sendable, Hashable, Codable {
  /// The outcome for one of the two keywords.
  public enum State: String, Sendable, Hashable, Codable {
    /// The keyword is missing or empty.
    case absent
    /// It agrees with the bytes.
    case correct
    /// It does not.
    case wrong
  }

  /// Number of the HDU, the primary being 0.
  public let hdu: Int
  /// `CHECKSUM`: header and data.
  public let checksum: State
  /// `DATASUM`: data only.
  public let datasum: State

  /// Makes a verdict; see the fields.
  public init(hdu: Int, checksum: State, datasum: State) {
    self.hdu = hdu
    self.checksum = checksum
    self.datasum = datasum
  }
}

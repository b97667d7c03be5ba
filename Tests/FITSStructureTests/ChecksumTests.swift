import FITSStructure
import Testing

@Suite struct ChecksumTests {
  /// The definition, word by word.
  private func slowSum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt64 = 0
    for start in stride(from: 0, to: bytes.count, by: 4) {
      var word: UInt64 = 0
      for i in 0..<4 { word = word << 8 | (start + i < bytes.count ? UInt64(bytes[start + i]) : 0) }
      sum += word
      if sum > 0xFFFF_FFFF { sum = (sum & 0xFFFF_FFFF) + 1 }
    }
    return UInt32(sum)
  }

  @Test func sumsAgreeWithTheDefinition() {
    var random = SeededGenerator(state: 3)
    for count in [0, 1, 3, 4, 63, 64, 65, 2880, 16384 + 12, 100_003] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(bytes.withUnsafeBytes { checksumAccumulate($0) } == slowSum(bytes))
    }
    let ones = [UInt8](repeating: 0xFF, count: 200_000)
    #expect(ones.withUnsafeBytes { checksumAccumulate($0) } == slowSum(ones))
    let chained = ones[..<1000].withUnsafeBytes { checksumAccumulate($0) }
    #expect(ones[1000...].withUnsafeBytes { checksumAccumulate($0, into: chained) } == slowSum(ones))
  }

  /// FITS 4.0 appendix J: `hcHjjc9ghcEghc9g` stands for 868229149; and every code reads back.
  @Test func codes() {
    #expect(checksumEncode(868_229_149) == "hcHjjc9ghcEghc9g")
    #expect(checksumDecode("hcHjjc9ghcEghc9g") == 868_229_149)
    #expect(checksumDecode("too short") == nil)
    var random = SeededGenerator(state: 4)
    for _ in 0..<5000 {
      let sum = UInt32.random(in: 0 ... .max, using: &random)
      for complement in [true, false] {
        let code = checksumEncode(sum, complement: complement)
        #expect(
          code.utf8.allSatisfy { c in
            (0x30...0x39).contains(c) || (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c)
          })
        #expect(checksumDecode(code, complement: complement) == sum)
      }
    }
  }

  /// Two HDUs with checksums worked out here by the definition.
  private func signed(datasum: UInt32? = nil) -> [UInt8] {
    let data = FITSBytes.data(80)
    let sum = datasum ?? slowSum(data)
    func image(_ code: String) -> [UInt8] {
      FITSBytes.image(["CHECKSUM= '\(code)'", "DATASUM = '\(sum)'"], bitpix: 16, axes: [8, 5])
    }
    let zeros = image("0000000000000000")
    return FITSBytes.primary() + image(checksumEncode(slowSum(zeros + data))) + data
  }

  @Test func verdicts() throws {
    let good = try MemoryFile(signed()).verified()
    #expect(
      good.1 == [
        ChecksumVerdict(hdu: 0, checksum: .absent, datasum: .absent),
        ChecksumVerdict(hdu: 1, checksum: .correct, datasum: .correct),
      ])
    var flipped = signed()
    flipped[5770] ^= 1
    #expect(
      try MemoryFile(flipped).verified().1[1] == ChecksumVerdict(hdu: 1, checksum: .wrong, datasum: .wrong))
    var comment = signed()
    comment[2880 + 70] ^= 1
    #expect(
      try MemoryFile(comment).verified().1[1] == ChecksumVerdict(hdu: 1, checksum: .wrong, datasum: .correct))
    let wrong = try MemoryFile(signed(datasum: 5)).verified().1[1]
    #expect(wrong == ChecksumVerdict(hdu: 1, checksum: .correct, datasum: .wrong))
  }

  @Test func noVerdictOnWhatIsNotThere() throws {
    let cut = try MemoryFile(Array(signed().dropLast(100))).verified()
    #expect(cut.1.count == 1)
    #expect(cut.0.hdus.count == 2)
  }
}

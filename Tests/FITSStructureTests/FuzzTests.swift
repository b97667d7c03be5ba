import FITSStructure
import Testing

/// Mutated files must give an answer: no trap, no endless loop, every byte shown once.
@Suite struct FuzzTests {
  private static let seeds: [[UInt8]] = {
    let table = FITSBytes.header([
      "XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 10", "NAXIS2  = 3", "PCOUNT  = 20",
      "GCOUNT  = 1", "TFIELDS = 1", "ZIMAGE  = T", "CHECKSUM= 'hcHjjc9ghcEghc9g'", "DATASUM = '12'",
      "LONG    = 'one &'", "CONTINUE  'two''s &'", "CONTINUE  'three'", "HIERARCH ESO A B = (1.0, 2.0)",
    ])
    let whole = FITSBytes.twoHDUs + table + FITSBytes.data(50)
    return [whole, GzipTests.gzip(whole), Array(whole.prefix(5760))]
  }()

  private static let fragments = [
    "NAXIS   = ", "NAXIS999= ", "-9223372036854775808", "99999999999999999999", "END     ", "XTENSION=", "'",
    "&'",
    "CONTINUE", "1E99999", "= ", "PCOUNT  = -1", "GROUPS  = T", "\u{0}\u{0}\u{0}", "HIERARCH = ",
  ].map { Array($0.utf8) }

  private func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...6, using: &random) where !result.isEmpty {
      let at = Int.random(in: 0..<result.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: result[at] = UInt8.random(in: 0...255, using: &random)
      case 1: result[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: result.removeSubrange(at..<min(result.count, at + 300))
      case 3: result = Array(result[..<at])
      case 4: result.insert(contentsOf: result[..<min(at, 200)], at: at)
      default:
        let fragment = Self.fragments.randomElement(using: &random) ?? []
        let start = Bool.random(using: &random) ? at / 80 * 80 : at
        for (i, byte) in fragment.enumerated() where start + i < result.count { result[start + i] = byte }
      }
    }
    return result
  }

  @Test(arguments: 0..<3)
  func mutationsNeverTrap(seed: Int) throws {
    var random = SeededGenerator(state: UInt64(seed) &+ 100)
    for _ in 0..<1500 {
      let bytes = mutate(Self.seeds[seed], &random)
      let file = try MemoryFile(bytes)
      let (verified, verdicts, seen) = try file.verified(limits: Limits(maxInflatedBytes: 1 << 22))
      #expect(seen == bytes)
      #expect(verdicts.count <= verified.hdus.count)
      let plain = try file.structure(limits: Limits(maxInflatedBytes: 1 << 22))
      #expect(plain.completeness == verified.completeness)
      for hdu in verified.hdus {
        #expect(hdu.header.text.unicodeScalars.count % 80 == 0)
        for card in hdu.header.cards where card.value != nil { _ = try? card.printable.formatted() }
      }
    }
  }
}

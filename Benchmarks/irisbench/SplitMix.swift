/// SplitMix64 (Steele, Lea and Flood 2014): a few lines, and the same numbers on every machine.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Between 0 and 1.
  mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Nearly normal, of mean 0 and variance 1: the sum of four uniform numbers.
  mutating func normal() -> Float {
    let bits = next()
    let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
    return (Float(sum) / 65536 - 2) * Float(3).squareRoot()
  }
}

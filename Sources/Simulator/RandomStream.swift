/// A reproducible stream of random numbers: xoshiro256++ seeded through SplitMix64.
///
/// Every row of every frame has a stream of its own, named by integers (seed, exposure, row …), so frames
/// come out the same bytes whatever the number of cores and the order in which rows are drawn.
///
/// Blackman & Vigna 2021, ACM Trans. Math. Softw. 47, 36 (xoshiro256++); Steele, Lea & Flood 2014
/// (SplitMix64).
public struct RandomStream: RandomNumberGenerator, Sendable {
  @usableFromInline var s0: UInt64
  @usableFromInline var s1: UInt64
  @usableFromInline var s2: UInt64
  @usableFromInline var s3: UInt64

  /// Creates the stream with the name `keys`; two different names give independent streams.
  public init(_ keys: UInt64...) {
    self.init(keys: keys)
  }

  /// Creates the stream with the name `keys`.
  public init(keys: [UInt64]) {
    var hash: UInt64 = 0x243f_6a88_85a3_08d3
    for key in keys {
      hash = Self.mixed(hash ^ Self.mixed(key &+ 0x9e37_79b9_7f4a_7c15)) &+ 0x9e37_79b9_7f4a_7c15
    }
    var state = hash
    func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      return Self.mixed(state)
    }
    s0 = next()
    s1 = next()
    s2 = next()
    s3 = next() | 1
  }

  /// The finaliser of SplitMix64: a bijection that scatters all bits.
  static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }

  /// The next 64 random bits.
  @inlinable public mutating func next() -> UInt64 {
    let sum = s0 &+ s3
    let result = ((sum &<< 23) | (sum &>> 41)) &+ s0
    let shifted = s1 &<< 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 &<< 45) | (s3 &>> 19)
    return result
  }

  /// A uniform number in [0, 1) with 53 random bits.
  @inlinable public mutating func uniform() -> Double {
    Double(next() &>> 11) * 0x1p-53
  }

  /// A uniform number in [`range.lowerBound`, `range.upperBound`).
  public mutating func uniform(in range: Range<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// A number whose logarithm is uniform over `range` (both bounds above 0).
  public mutating func logUniform(in range: Range<Double>) -> Double {
    range.lowerBound * Double.exp(Double.log(range.upperBound / range.lowerBound) * uniform())
  }
}

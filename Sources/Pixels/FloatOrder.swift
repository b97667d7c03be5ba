/// The order of samples by value, found digit by digit: for many samples several times faster than by comparisons.
enum FloatOrder {
  /// The places of the samples from the least to the greatest; those of equal value as they stand, NaN left out.
  static func ascending(_ samples: [Float]) -> [UInt32] {
    var keys: [UInt64] = []
    keys.reserveCapacity(samples.count)
    for (place, value) in samples.enumerated() where !value.isNaN {
      keys.append(UInt64(rising(value)) << 32 | UInt64(place))
    }
    sort(&keys)
    return keys.map { UInt32(truncatingIfNeeded: $0) }
  }

  /// A number that rises with the value: the bits, all turned round below zero, else the sign's alone.
  private static func rising(_ value: Float) -> UInt32 {
    // Minus zero is zero.
    let bits = (value + 0).bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  /// Sorts by the upper 32 bits, eleven at a time from the lowest on; each turn keeps the order of the one before.
  private static func sort(_ keys: inout [UInt64]) {
    var other = keys
    for shift: UInt64 in [32, 43, 54] {
      var places = [Int](repeating: 0, count: 1 << 11)
      for key in keys { places[Int(key >> shift & 0x7FF)] += 1 }
      var next = 0
      for digit in places.indices {
        (places[digit], next) = (next, next + places[digit])
      }
      for key in keys {
        let digit = Int(key >> shift & 0x7FF)
        other[places[digit]] = key
        places[digit] += 1
      }
      swap(&keys, &other)
    }
  }
}

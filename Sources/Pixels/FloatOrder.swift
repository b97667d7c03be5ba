/// The order of floats as that of unsigned integers: many samples are put in it digit by digit, several times faster than
/// by comparisons.
enum FloatOrder {
  /// A number that rises with the value: the bits, all turned round below zero, else the sign's alone.
  @inline(__always)
  static func key(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000)
  }

  /// The value of a key.
  @inline(__always)
  static func value(_ key: UInt32) -> Float {
    Float(bitPattern: key & 0x8000_0000 != 0 ? key ^ 0x8000_0000 : ~key)
  }

  /// The places of the samples from the least to the greatest; those of equal value as they stand, NaN left out.
  static func ascending(_ samples: [Float]) -> [UInt32] {
    var keys: [UInt64] = []
    keys.reserveCapacity(samples.count)
    for (place, value) in samples.enumerated() where !value.isNaN {
      keys.append(UInt64(key(value)) << 32 | UInt64(place))
    }
    var spare = keys
    sort(&keys, from: 32, &spare)
    return keys.map { UInt32(truncatingIfNeeded: $0) }
  }

  /// Sorts by 32 bits of the keys, those from bit `first` on, eleven at a time; `spare` is room for as many keys.
  static func sort<Key: FixedWidthInteger & UnsignedInteger>(
    _ keys: inout [Key], from first: Int, _ spare: inout [Key]
  ) {
    for shift in [first, first + 11, first + 22] {
      scatter(keys, by: shift, into: &spare)
      swap(&keys, &spare)
    }
  }

  /// Puts the keys in the order of eleven of their bits, those that agree in the order in which they were.
  @inline(__always)
  private static func scatter<Key: FixedWidthInteger & UnsignedInteger>(
    _ keys: [Key], by shift: Int, into sorted: inout [Key]
  ) {
    var places = [Int](repeating: 0, count: 2048)
    places.withUnsafeMutableBufferPointer { places in
      for key in keys { places[Int(truncatingIfNeeded: key >> Key(shift)) & 2047] += 1 }
      var next = 0
      for digit in 0..<2048 { (places[digit], next) = (next, next + places[digit]) }
      sorted.withUnsafeMutableBufferPointer { sorted in
        for key in keys {
          let digit = Int(truncatingIfNeeded: key >> Key(shift)) & 2047
          sorted[places[digit]] = key
          places[digit] += 1
        }
      }
    }
  }
}

/// 1/f noise in the order of time, at any time asked for.
///
/// A sum of independent levels, one per octave of time, each of which keeps a random value for 2^j ticks: the power of
/// such a sum falls with frequency as 1/f from the slowest octave to the fastest (Voss's algorithm: Gardner 1978,
/// Scientific American 238, 16). The value of a level is a hash of its number and the time, so each row of each read is
/// made by itself, whatever was made before. The sum is normal by the number of its levels.
package struct FlickerNoise: Sendable {
  private let key: UInt64
  private let octaves: Int
  private let amplitude: Double

  /// - Parameters:
  ///   - name: names the noise among all of a seed.
  ///   - rms: root mean square of its changes within a frame.
  ///   - frameTicks: ticks of a frame: its octaves hold `rms` together.
  ///   - totalTicks: ticks of all that is to be read: slower octaves, beyond those of the frame, add up to here.
  package init(name: [UInt64], rms: Double, frameTicks: Int, totalTicks: Int) {
    var random = RandomStream(keys: name)
    key = random.next()
    let inFrame = Self.octaves(frameTicks)
    octaves = max(inFrame, Self.octaves(totalTicks))
    amplitude = rms / Double(inFrame).squareRoot()
  }

  /// Whether there is none.
  var isSilent: Bool { amplitude == 0 }

  /// Adds the noise of the ticks from `start` on to the elements of `out`.
  package func add(from start: Int, to out: UnsafeMutableBufferPointer<Double>) {
    guard !isSilent else { return }
    var base = 0.0
    for octave in 0..<octaves {
      let levelKey = RandomStream.mixed(key ^ (UInt64(octave) &* 0x9e37_79b9_7f4a_7c15))
      // Octaves do not begin together: their steps would fall on the same rows.
      let shifted = start + Int(levelKey & ((1 << octave) - 1))
      let (first, last) = (shifted >> octave, (shifted + out.count - 1) >> octave)
      if first == last {
        base += Self.deviate(levelKey, first)
        continue
      }
      for block in first...last {
        let value = amplitude * Self.deviate(levelKey, block)
        let from = max((block << octave) - shifted, 0)
        let to = min(((block + 1) << octave) - shifted, out.count)
        for i in from..<to { out[i] += value }
      }
    }
    for i in out.indices { out[i] += amplitude * base }
  }

  private static func octaves(_ ticks: Int) -> Int {
    max(1, Int.bitWidth - max(ticks, 1).leadingZeroBitCount)
  }

  /// Variance 1, mean 0: the sum of four uniform numbers of 16 bits.
  @inline(__always) private static func deviate(_ key: UInt64, _ block: Int) -> Double {
    let bits = RandomStream.mixed(key &+ UInt64(bitPattern: Int64(block)) &* 0xd134_2543_de82_ef95)
    let sum = (bits & 0xffff) + (bits &>> 16 & 0xffff) + (bits &>> 32 & 0xffff) + (bits &>> 48)
    return (Double(sum) - 131_070) / 37_837.227_217
  }
}

/// Tells of most ramps, without putting their differences in order, that none of these can be a jump.
///
/// No difference is a jump where the clipped median is no further below the greatest than the noise allows, nor above
/// the least. Whether it is takes no median, but a count. The clipped median of `n` differences is made of those between
/// the `n / 2`-th from below and the `n / 2`-th from above (rounded down, and whichever end is left out): where fewer
/// than `n / 2` lie below a bound, the lowest of these does not, and no more does the median. The noise is that of the
/// least rate among them, which the median's is not below, over the longest difference, for which it allows least.
struct JumpScreen {
  /// As many differences beyond a bound may take the median there.
  private let half: Int32
  private let longest: Float
  /// Threshold in sigma, squared; a little less, for the rounding of what it is held against.
  private let threshold: Float

  /// nil for fewer than four differences, of which none is left out.
  init?(_ differences: [ReadDifference], rejection: Float) {
    guard differences.count >= 4 else { return nil }
    half = Int32(differences.count / 2)
    longest = differences.map(\.seconds).max() ?? 0
    threshold = rejection * rejection * 0.998
  }

  /// Where none of the rates can be a jump; says nothing of ramps with a value that is not finite.
  @inline(__always)
  func isQuiet(_ rates: UnsafeMutablePointer<Lanes>, count: Int, _ noise: NoiseLanes) -> LaneMask {
    var (low, high) = (rates[0], rates[0])
    for k in 1..<count {
      let rate = rates[k]
      low = rate.replacing(with: low, where: low .< rate)
      high = rate.replacing(with: high, where: high .> rate)
    }
    let slowest = low.replacing(with: -high, where: -high .> low)
    let photons = slowest.replacing(with: 0, where: slowest .< 0) * noise.inverseGain * longest
    let room = ((photons + noise.read * 2) * threshold).squareRoot() / longest
    let (floor, ceiling) = (high - room, low + room)
    // Eight at a time: so much has room in the processor's registers.
    let first = most(rates, count, floor.lowHalf, ceiling.lowHalf) { $0.lowHalf }
    let second = most(rates, count, floor.highHalf, ceiling.highHalf) { $0.highHalf }
    let beyond = SIMD16<Int32>(lowHalf: first, highHalf: second)
    return beyond .< SIMD16<Int32>(repeating: half)
  }

  /// How many rates are below the floor or above the ceiling, whichever are more.
  @inline(__always)
  private func most(
    _ rates: UnsafeMutablePointer<Lanes>, _ count: Int, _ floor: HalfLanes, _ ceiling: HalfLanes,
    _ part: (Lanes) -> HalfLanes
  ) -> SIMD8<Int32> {
    var (below, above) = (SIMD8<Int32>.zero, SIMD8<Int32>.zero)
    for k in 0..<count {
      let rate = part(rates[k])
      below &-= unsafeBitCast(rate .< floor, to: SIMD8<Int32>.self)
      above &-= unsafeBitCast(rate .> ceiling, to: SIMD8<Int32>.self)
    }
    return below.replacing(with: above, where: above .> below)
  }
}

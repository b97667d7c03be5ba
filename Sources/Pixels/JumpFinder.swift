/// A difference of two successive reads, in plain memory (see `ReadTable`).
struct ReadDifference {
  /// Where the samples of both reads begin in the ramp.
  let before: Int
  let after: Int
  let seconds: Float
  let perSecond: Float
  /// 1 where it begins with the read that the difference before ends with.
  let coupling: Float
}

/// Looks for jumps in sixteen pixels at a time.
///
/// What all sixteen have in common is one pass over their reads that tells in which of them there may be a jump: first
/// without their medians (`JumpScreen`), and with them where that does not do. Those that may have one, and those with
/// reads that cannot be used, are looked at one by one.
struct JumpFinder: Sendable {
  let samples: SharedPixels<Float>
  let groupQuality: FilledPixels<UInt8>
  let pixelQuality: SharedPixels<UInt32>
  let planeCount: Int
  let reads: Int
  let options: JumpOptions
  let noise: RampNoise
  let differences: [ReadDifference]
  private let network: SortingNetwork
  private let screen: JumpScreen?
  let saturation: Float

  /// The finder, or nil where no jump can be told; `missing` are the reads of each integration that no pixel has. The
  /// caller holds the memory.
  init?(
    _ samples: Ramp<Float>, _ groupQuality: FilledPixels<UInt8>, _ pixelQuality: Plane<UInt32>,
    _ options: JumpOptions, missing: [Int: Set<Int>]
  ) {
    guard
      let noise = RampNoise(
        gain: options.gain, readNoise: options.readNoise, gainPlane: options.gainPlane,
        readNoisePlane: options.readNoisePlane)
    else { return nil }
    self.noise = noise
    self.samples = SharedPixels(base: UnsafePointer(samples.storage.base))
    self.groupQuality = groupQuality
    self.pixelQuality = pixelQuality.laneBase
    self.options = options
    planeCount = samples.planeCount
    reads = samples.reads
    saturation = options.saturation ?? .infinity
    differences = Self.differences(
      options.times, reads: samples.reads, planeCount: samples.planeCount, missing)
    guard differences.count >= 2 else { return nil }
    screen = options.method == .twoPoint ? JumpScreen(differences, rejection: options.rejection) : nil
    network = .bringing(Self.ranks(of: differences.count, options.method), of: differences.count)
  }

  /// Which of the sorted rates are looked at: the middle ones, and for the clipped median those about it and both ends.
  private static func ranks(of n: Int, _ method: JumpOptions.Method) -> [Int] {
    guard method == .twoPoint else { return [(n - 1) / 2, n / 2] }
    guard n > 3 else { return Array(0..<n) }
    let m = n - 1
    return [0, (m - 1) / 2, m / 2, (m - 1) / 2 + 1, m / 2 + 1, m]
  }

  private static func differences(
    _ times: [[Double]], reads: Int, planeCount: Int, _ missing: [Int: Set<Int>]
  ) -> [ReadDifference] {
    times.enumerated().flatMap { index, times in
      let kept = times.indices.filter { !(missing[index]?.contains($0) ?? false) }
      return zip(kept, kept.dropFirst()).enumerated().map { number, pair in
        let seconds = times[pair.1] - times[pair.0]
        return ReadDifference(
          before: (index * reads + pair.0) * planeCount, after: (index * reads + pair.1) * planeCount,
          seconds: Float(seconds), perSecond: Float(1 / seconds), coupling: number > 0 ? 1 : 0)
      }
    }
  }

  /// Flags the jumps of some pixels; returns those whose neighbours are to be flagged.
  func find(in pixels: Range<Int>) -> [JumpPlace] {
    var found: [JumpPlace] = []
    let scratch = UnsafeMutablePointer<Lanes>.allocate(capacity: 8 * differences.count)
    let slots = UnsafeMutablePointer<JumpDifference>.allocate(capacity: differences.count)
    defer {
      scratch.deallocate()
      slots.deallocate()
    }
    scratch.initialize(repeating: .zero, count: 8 * differences.count)
    differences.withUnsafeBufferPointer { differences in
      network.comparators.withUnsafeBufferPointer { comparators in
        for i in stride(from: pixels.lowerBound, to: pixels.upperBound, by: 16) {
          let count = min(16, pixels.upperBound - i)
          let lanes = noise.lanes(at: i)
          let unusable = pixelQuality.base.lanes(i).has(DQ.doNotUse) .| lanes.missing
          let rates = scratch + differences.count
          let odd = gather(i, count, differences, into: rates)
          var careful = odd .& .!unusable
          var open = .!(odd .| unusable)
          if let screen { open .&= .!screen.isQuiet(rates, count: differences.count, lanes) }
          if anyLane(open) { careful .|= open .& hits(differences, comparators, lanes, scratch) }
          guard anyLane(careful) else { continue }
          for lane in 0..<count where careful[lane] {
            look(at: i + lane, read: lanes.read[lane], inverseGain: lanes.inverseGain[lane], slots, &found)
          }
        }
      }
    }
    return found
  }

  /// Where one of the rates may be a jump. They are kept behind the room in which they are put in order.
  @inline(__always)
  private func hits(
    _ differences: UnsafeBufferPointer<ReadDifference>, _ comparators: UnsafeBufferPointer<SIMD2<UInt16>>,
    _ noise: NoiseLanes, _ scratch: UnsafeMutablePointer<Lanes>
  ) -> LaneMask {
    scratch.update(from: scratch + differences.count, count: differences.count)
    SortingNetwork.sort(scratch, comparators)
    return options.method == .twoPoint
      ? twoPoint(differences, noise, scratch) : likelihood(differences, noise, scratch)
  }

  /// Reads the differences as rates. Returns the pixels with a read that is flagged, saturated or not finite.
  @inline(__always)
  private func gather(
    _ i: Int, _ count: Int, _ differences: UnsafeBufferPointer<ReadDifference>,
    into rates: UnsafeMutablePointer<Lanes>
  ) -> LaneMask {
    var flags = SIMD16<UInt8>.zero
    // Not finite where a read is not: cheaper than to look at each.
    var sum = Lanes.zero
    var y = Lanes.zero
    for k in differences.indices {
      let difference = differences[k]
      if difference.coupling == 0 {
        y = at(difference.before + i, count)
        flags |= flagged(difference.before + i, count)
      }
      let next = at(difference.after + i, count)
      flags |= flagged(difference.after + i, count)
      let rate = (next - y) * difference.perSecond
      sum += rate
      rates[k] = rate
      y = next
    }
    let looked = UInt8(DQ.doNotUse | DQ.saturated | DQ.jumpDet)
    let marked = FlagLanes(truncatingIfNeeded: flags & SIMD16(repeating: looked))
    var odd = sum.isNotFinite .| (marked .!= FlagLanes.zero)
    if saturation < .infinity { odd .|= saturated(i, count, differences) }
    return odd
  }

  /// Where a read is at or above the level of saturation.
  @inline(__always)
  private func saturated(
    _ i: Int, _ count: Int, _ differences: UnsafeBufferPointer<ReadDifference>
  ) -> LaneMask {
    let limit = Lanes(repeating: saturation)
    var full = LaneMask(repeating: false)
    for difference in differences {
      if difference.coupling == 0 { full .|= at(difference.before + i, count) .>= limit }
      full .|= at(difference.after + i, count) .>= limit
    }
    return full
  }

  @inline(__always)
  private func at(_ offset: Int, _ count: Int) -> Lanes {
    count == 16 ? samples.base.lanes(offset) : samples.base.lanes(offset, count: count)
  }

  @inline(__always)
  private func flagged(_ offset: Int, _ count: Int) -> SIMD16<UInt8> {
    let pointer = UnsafePointer(groupQuality.base)
    return count == 16 ? pointer.lanes(offset) : pointer.lanes(offset, count: count)
  }

  /// Where a difference is further from the median than the noise allows.
  @inline(__always)
  private func twoPoint(
    _ differences: UnsafeBufferPointer<ReadDifference>, _ noise: NoiseLanes,
    _ scratch: UnsafeMutablePointer<Lanes>
  ) -> LaneMask {
    let n = differences.count
    let typical = clippedMedian(scratch, n)
    let threshold = n >= 4 ? options.rejection : n == 3 ? options.rejectionOfThree : options.rejectionOfTwo
    let photons = magnitude(typical) * noise.inverseGain * (threshold * threshold)
    let read = noise.read * (2 * threshold * threshold)
    var hit = LaneMask(repeating: false)
    for k in 0..<n {
      let away = (scratch[n + k] - typical) * differences[k].seconds
      hit .|= away * away .> photons * differences[k].seconds + read
    }
    return hit
  }

  /// The median of sorted rates without the largest of four or more; the smaller of two.
  @inline(__always)
  private func clippedMedian(_ sorted: UnsafeMutablePointer<Lanes>, _ n: Int) -> Lanes {
    guard n != 3 else { return sorted[1] }
    let low = magnitude(sorted[0]) .> magnitude(sorted[n - 1])
    guard n > 3 else { return sorted[0].replacing(with: sorted[1], where: low) }
    let m = n - 1
    let upper = (sorted[(m - 1) / 2] + sorted[m / 2]) * 0.5
    let lower = (sorted[(m - 1) / 2 + 1] + sorted[m / 2 + 1]) * 0.5
    return upper.replacing(with: lower, where: low)
  }

  /// Where leaving out a difference, or two, makes chi squared better by more than the threshold.
  ///
  /// With `z` the weighted residuals and `P` what is left of the inverse covariance once the rate is fitted, the
  /// improvement by leaving out the differences of a set is `z' P^-1 z` over that set. All in units of the read noise.
  @inline(__always)
  private func likelihood(
    _ differences: UnsafeBufferPointer<ReadDifference>, _ noise: NoiseLanes,
    _ scratch: UnsafeMutablePointer<Lanes>
  ) -> LaneMask {
    let n = differences.count
    guard n >= 3 else { return LaneMask(repeating: false) }
    let median = (scratch[(n - 1) / 2] + scratch[n / 2]) * 0.5
    let squared = noise.read.replacing(with: RampNoise.least, where: noise.read .< RampNoise.least)
    let inverseRead = 1 / squared
    let photons = median.replacing(with: 0, where: .!(median .> 0)) * noise.inverseGain * inverseRead
    let fit = JumpChain(differences: differences, rates: scratch + n, columns: scratch + 2 * n)
    let inverseNorm = fit.solve(photons: photons)
    let one = squared * options.chiSquaredOfOne
    let two = squared * options.chiSquaredOfTwo
    var hit = LaneMask(repeating: false)
    var (before, spread, product) = (Lanes.zero, Lanes.zero, Lanes.zero)
    for k in 0..<n {
      let (z, u) = (fit.residual[k], fit.unit[k])
      let p = fit.inverse[k] - u * u * inverseNorm
      hit .|= z * z .> one * p
      if n >= 4, differences[k].coupling > 0 {
        let cross = fit.inverse[k] * fit.pivot[k - 1] - product * u
        let sum = before * before * p - 2 * before * z * cross + z * z * spread
        hit .|= sum .> two * (p * spread - cross * cross)
      }
      (before, spread, product) = (z, p, u * inverseNorm)
    }
    return hit
  }
}

/// The values without their signs.
@inline(__always)
private func magnitude(_ x: Lanes) -> Lanes { x.replacing(with: -x, where: x .< 0) }

/// The differences of sixteen ramps as a chain: each shares a read with its neighbours.
struct JumpChain {
  let differences: UnsafeBufferPointer<ReadDifference>
  let rates: UnsafeMutablePointer<Lanes>
  /// Five columns: 1 / pivot from the front, diagonal of the inverse, two solutions, residuals.
  let pivot: UnsafeMutablePointer<Lanes>
  let inverse: UnsafeMutablePointer<Lanes>
  let unit: UnsafeMutablePointer<Lanes>
  let residual: UnsafeMutablePointer<Lanes>

  init(
    differences: UnsafeBufferPointer<ReadDifference>, rates: UnsafeMutablePointer<Lanes>,
    columns: UnsafeMutablePointer<Lanes>
  ) {
    let n = differences.count
    self.differences = differences
    self.rates = rates
    pivot = columns
    inverse = columns + n
    unit = columns + 2 * n
    residual = columns + 3 * n
  }

  /// Fits a rate with the covariance of `photons` (in units of the read noise per second). Returns the squared error of
  /// the rate in units of the read noise.
  @inline(__always)
  func solve(photons: Lanes) -> Lanes {
    let n = differences.count
    var (reciprocal, side, counts) = (Lanes.zero, Lanes.zero, Lanes.zero)
    for k in 0..<n {
      let seconds = differences[k].seconds
      let link = reciprocal * differences[k].coupling
      reciprocal = 1 / (photons * seconds + (Lanes(repeating: 2) - link))
      side = seconds + side * link
      counts = rates[k] * seconds + counts * link
      pivot[k] = reciprocal
      unit[k] = side
      residual[k] = counts
    }
    var (norm, sum) = (Lanes.zero, Lanes.zero)
    var (laterUnit, laterCounts, laterPivot) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var coupling: Float = 0
    for k in stride(from: n - 1, through: 0, by: -1) {
      let seconds = differences[k].seconds
      laterUnit = pivot[k] * (unit[k] + laterUnit * coupling)
      laterCounts = pivot[k] * (residual[k] + laterCounts * coupling)
      // 1 / (pivot from the front + pivot from the back - diagonal)
      let back = laterPivot * coupling
      inverse[k] = pivot[k] / (Lanes(repeating: 1) - back * pivot[k])
      laterPivot = 1 / (photons * seconds + (Lanes(repeating: 2) - back))
      unit[k] = laterUnit
      residual[k] = laterCounts
      norm += laterUnit * seconds
      sum += laterCounts * seconds
      coupling = differences[k].coupling
    }
    let inverseNorm = 1 / norm
    let rate = sum * inverseNorm
    for k in 0..<n { residual[k] -= rate * unit[k] }
    return inverseNorm
  }
}

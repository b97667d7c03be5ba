/// What a running fit keeps of the reads of one integration.
///
/// `@unchecked Sendable`: written by the bands of `add` only, each its own pixels, and read when those are done.
final class RunningSums: @unchecked Sendable {
  /// What a read counts for.
  enum Factors {
    /// `b += t d`, `a += d`, d being the read less the first one.
    case line(Double)
    /// `a += weight d`, `b = d`.
    case last(weight: Int)
  }

  let count: Int
  /// The first read of each pixel.
  private let origin: PixelStorage<Float>
  let a: PixelStorage<Float>
  let b: PixelStorage<Float>
  /// Reads used, and `ended` where no further read counts.
  let used: PixelStorage<UInt16>
  let flags: PixelStorage<UInt32>

  static let ended: UInt16 = 0x8000

  init(count: Int) {
    self.count = count
    origin = PixelStorage(uninitialized: count)
    a = PixelStorage(uninitialized: count)
    b = PixelStorage(uninitialized: count)
    used = PixelStorage(uninitialized: count)
    flags = PixelStorage(uninitialized: count)
    flags.mutableBuffer.initialize(repeating: DQ.none)
    restart()
  }

  /// Begins an integration; flags stay.
  func restart() { used.mutableBuffer.initialize(repeating: 0) }

  /// Adds a read, which is number `number` of the integration.
  func add(_ read: RampBand, number: Int, _ factors: Factors, saturation: Float) {
    let count = count
    let samples = SharedPixels(base: UnsafePointer(read.samples.storage.base))
    let group = SharedPixels(base: UnsafePointer(read.groupQuality.storage.base))
    let pixel = read.pixelQuality.laneBase
    let isFirst = number == 0
    let targets = Targets(
      origin: FilledPixels(base: origin.base), a: FilledPixels(base: a.base), b: FilledPixels(base: b.base),
      used: FilledPixels(base: used.base), flags: FilledPixels(base: flags.base))
    withExtendedLifetime(read) {
      forEachPixelBand(count: count, length: 1 << 15) { band in
        for i in stride(from: band.lowerBound, to: band.upperBound, by: 16) {
          let n = min(16, count - i)
          var y = Lanes.zero
          var q = FlagLanes.zero
          if n == 16 {
            y = samples.base.lanes(i)
            q = FlagLanes(truncatingIfNeeded: group.base.lanes(i))
          } else {
            for lane in 0..<n {
              y[lane] = samples.base[i + lane]
              q[lane] = UInt32(group.base[i + lane])
            }
          }
          targets.add(y, q, pixel.base.lanes(i), at: i, isFirst: isFirst, factors, saturation)
        }
      }
    }
  }

  /// The planes while they are written.
  private struct Targets: Sendable {
    let origin: FilledPixels<Float>
    let a: FilledPixels<Float>
    let b: FilledPixels<Float>
    let used: FilledPixels<UInt16>
    let flags: FilledPixels<UInt32>

    @inline(__always)
    func add(
      _ y: Lanes, _ group: FlagLanes, _ pixel: FlagLanes, at i: Int, isFirst: Bool, _ factors: Factors,
      _ saturation: Float
    ) {
      let before = SIMD16<UInt32>(truncatingIfNeeded: used.base.lanes(i))
      let alive = .!before.has(UInt32(RunningSums.ended))
      let full = (y .>= saturation) .| group.has(DQ.saturated)
      let good = alive .& .!(full .| group.has(DQ.doNotUse) .| y.isNotFinite)
      var all = flags.base.lanes(i) | pixel | (group & ~DQ.doNotUse)
      all = all.raising(DQ.saturated, where: alive .& full)
      flags.base.store(all, at: i)
      let after = before &+ FlagLanes.zero.replacing(with: 1, where: good)
      used.base.store(
        SIMD16<UInt16>(
          truncatingIfNeeded: after.raising(UInt32(RunningSums.ended), where: alive .& .!good)), at: i)
      if isFirst {
        origin.base.store(Lanes.zero.replacing(with: y, where: good), at: i)
        a.base.store(.zero, at: i)
        b.base.store(.zero, at: i)
        return
      }
      let d = Lanes.zero.replacing(with: y - origin.base.lanes(i), where: good)
      switch factors {
      case .line(let seconds):
        a.base.store(a.base.lanes(i) + d, at: i)
        b.base.store(b.base.lanes(i) + Float(seconds) * d, at: i)
      case .last(let weight):
        if weight != 0 { a.base.store(a.base.lanes(i) + Float(weight) * d, at: i) }
        b.base.store(b.base.lanes(i).replacing(with: d, where: good), at: i)
      }
    }
  }
}

/// The rate of an integration from its running sums, for every number of reads that a pixel may have used.
struct RunningWeights: Sendable {
  private let method: RunningFitOptions.Method
  private let weights: [ReadWeights]
  /// The mean time of the first so many reads since the first.
  private let means: [Float]

  init(_ method: RunningFitOptions.Method, times: [Double]) {
    self.method = method
    weights = (0...times.count).map { n in
      ReadWeights(method: Self.method(method, n), times: times, usable: Array(0..<n))
    }
    means = (0...times.count).map { n in
      Float(times[..<n].reduce(0) { $0 + ($1 - times[0]) } / Double(max(n, 1)))
    }
  }

  /// MCDS is a CDS in an integration that ended early.
  private static func method(_ method: RunningFitOptions.Method, _ n: Int) -> RampFitOptions.Method {
    switch method {
    case .utr: .utr
    case .mcds(let m, let expected) where n == expected: .mcds(numCoadd: m)
    case .cds, .mcds: .cds
    }
  }

  @inline(__always)
  func line(of sums: RunningSums, at i: Int) -> RampLine {
    let (a, b) = (sums.a.base.lanes(i), sums.b.base.lanes(i))
    let used =
      FlagLanes(truncatingIfNeeded: sums.used.base.lanes(i)) & ~FlagLanes(
        repeating: UInt32(RunningSums.ended))
    var line = RampLine()
    line.flags = sums.flags.base.lanes(i)
    line.used = Lanes(SIMD16<Int32>(truncatingIfNeeded: used))
    var todo = line.used .>= 2
    // What lies past the last pixel was never written.
    for lane in min(sums.count - i, 16)..<16 { todo[lane] = false }
    line.valid = todo
    var lane = 0
    // Nearly always one round: all sixteen have used every read.
    while anyLane(todo) {
      while !todo[lane] { lane += 1 }
      let n = Int(used[lane])
      let same = todo .& (line.used .== Lanes(repeating: Float(n)))
      todo .&= .!same
      line.slope.replace(with: slope(n, a, b), where: same)
      line.read.replace(with: weights[n].read, where: same)
      line.poisson.replace(with: weights[n].poisson, where: same)
    }
    line.weight = Lanes.zero.replacing(with: 1 / line.read, where: line.valid)
    // The reads themselves are gone: nothing tells how they scatter.
    line.scatter = Lanes(repeating: .nan)
    return line
  }

  @inline(__always)
  private func slope(_ n: Int, _ a: Lanes, _ b: Lanes) -> Lanes {
    let divisor = weights[n].divisor
    switch method {
    case .utr: return (b - means[n] * a) / divisor
    case .mcds(_, let expected) where n == expected: return a / divisor
    case .cds, .mcds: return b / divisor
    }
  }
}

/// The sums of the integrations that have ended.
///
/// `@unchecked Sendable`: bands write their own pixels only.
final class RunningIntegrations: @unchecked Sendable {
  private let weight: PixelStorage<Float>
  private let read: PixelStorage<Float>
  private let slope: PixelStorage<Float>
  private let poisson: PixelStorage<Float>
  private let used: PixelStorage<Float>

  init(count: Int) {
    weight = Self.zeros(count)
    read = Self.zeros(count)
    slope = Self.zeros(count)
    poisson = Self.zeros(count)
    used = Self.zeros(count)
  }

  private static func zeros(_ count: Int) -> PixelStorage<Float> {
    let storage = PixelStorage<Float>(uninitialized: count)
    storage.mutableBuffer.initialize(repeating: 0)
    return storage
  }

  /// Adds the line of the sixteen pixels from `i` on.
  func add(_ line: RampLine, at i: Int) {
    var sum = sums(at: i)
    sum.add(line)
    weight.base.store(sum.weight, at: i)
    read.base.store(sum.read, at: i)
    slope.base.store(sum.slope, at: i)
    poisson.base.store(sum.poisson, at: i)
    used.base.store(sum.used, at: i)
  }

  func sums(at i: Int) -> RampSums {
    var sum = RampSums()
    sum.weight = weight.base.lanes(i)
    sum.read = read.base.lanes(i)
    sum.slope = slope.base.lanes(i)
    sum.poisson = poisson.base.lanes(i)
    sum.used = used.base.lanes(i)
    return sum
  }
}

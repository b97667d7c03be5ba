/// Fits sixteen pixels of a ramp at a time.
struct RampFitter<Element: PixelScalar>: Sendable {
  let samples: SharedPixels<Element>
  let groupQuality: SharedPixels<UInt8>?
  let pixelQuality: SharedPixels<UInt32>?
  let planeCount: Int
  let reads: Int
  let saturation: Float
  let cutsSaturation: Bool
  private let integrations: [IntegrationWeights]
  /// Squared read noise in data numbers and 1 / gain, or nil when either is not known.
  private let noise: (read: Float, inverseGain: Float)?

  init(
    _ ramp: Ramp<Element>, _ options: RampFitOptions, _ groupQuality: Ramp<UInt8>?,
    _ pixelQuality: Plane<UInt32>?
  ) {
    samples = SharedPixels(base: UnsafePointer(ramp.storage.base))
    self.groupQuality = groupQuality.map { SharedPixels(base: UnsafePointer($0.storage.base)) }
    self.pixelQuality = pixelQuality?.laneBase
    planeCount = ramp.planeCount
    reads = ramp.reads
    saturation = options.saturation ?? .infinity
    cutsSaturation = options.saturation != nil
    integrations = options.times.map { IntegrationWeights(times: $0, options: options) }
    if let gain = options.gain, let readNoise = options.readNoise {
      noise = ((readNoise / gain) * (readNoise / gain), 1 / gain)
    } else {
      noise = nil
    }
  }

  /// The fit of the sixteen pixels from `i` on; only the first `count` of them exist.
  @inline(__always)
  func fit(at i: Int, count: Int) -> RampResult {
    var sum = RampSums()
    for (index, weights) in integrations.enumerated() {
      let line = fitIntegration(index, weights, i, count)
      sum.add(line)
    }
    if let pixelQuality { sum.flags |= pixelQuality.base.lanes(i) }
    return sum.result(noise: noise)
  }

  /// The line through one integration: at once where all reads are usable, else with care.
  @inline(__always)
  private func fitIntegration(_ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int) -> RampLine
  {
    if let noise, weights.method == .gls { return fitGLS(index, weights, i, count, noise: noise) }
    if groupQuality == nil, noise != nil, let line = fitWhole(index, weights, i, count) { return line }
    return fitParts(index, weights, i, count)
  }

  /// The line through all reads, or nil where one is saturated or NaN.
  @inline(__always)
  private func fitWhole(_ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int) -> RampLine? {
    guard weights.kept.count >= 2 else { return nil }
    let all = weights.prefix[weights.kept.count]
    let origin = at(index, weights.kept[0], i, count)
    var slope = Lanes.zero
    var bad = LaneMask(repeating: false)
    weights.kept.withUnsafeBufferPointer { kept in
      all.weights.withUnsafeBufferPointer { w in
        for j in kept {
          let y = at(index, j, i, count)
          bad .|= .!(y .< saturation)
          slope += w[j] * (y - origin)
        }
      }
    }
    if anyLane(bad) { return nil }
    var line = RampLine()
    line.slope = slope / all.divisor
    line.used = Lanes(repeating: Float(weights.kept.count))
    line.read = Lanes(repeating: all.read)
    line.poisson = Lanes(repeating: all.poisson)
    line.weight = Lanes(repeating: 1 / all.read)
    line.valid = LaneMask(repeating: true)
    return line
  }

  /// The line through the usable reads of each pixel.
  private func fitParts(_ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int) -> RampLine {
    let all = weights.prefix[weights.kept.count]
    var line = RampLine()
    guard let firstRead = weights.kept.first else { return line }
    let origin = at(index, firstRead, i, count)
    var alive = LaneMask(repeating: true)
    var gaps = LaneMask(repeating: false)
    var slope = Lanes.zero
    var usable = Lanes.zero
    for j in weights.kept {
      let y = at(index, j, i, count)
      var bad = y .!= y
      if cutsSaturation {
        let full = y .>= saturation
        alive .&= .!full
        line.flags = line.flags.raising(DQ.saturated, where: full)
      }
      if groupQuality != nil { _ = groupFlags(index, j, i, count, &alive, &bad, &line.flags) }
      let good = alive .& .!bad
      gaps .|= (alive .& bad)
      usable += ones(where: good)
      slope += all.weights[j] * Lanes.zero.replacing(with: y - origin, where: good)
    }
    line.slope = slope / all.divisor
    line.used = usable
    line.read = Lanes(repeating: all.read)
    line.poisson = Lanes(repeating: all.poisson)
    let short = usable .!= Lanes(repeating: Float(weights.kept.count))
    if anyLane(short) { refit(index, weights, i, count, short, gaps, origin, &line) }
    line.weight = 1 / line.read
    line.valid = (line.used .>= 2)
    if noise == nil { addScatter(index, weights, i, count, origin, short, &line) }
    return line
  }

  /// Sixteen samples of a read; what lies past the end of the ramp's memory is not touched.
  @inline(__always)
  func at(_ integration: Int, _ read: Int, _ i: Int, _ count: Int) -> Lanes {
    let pointer = samples.base + ((integration * reads + read) * planeCount + i)
    if count == 16 { return Element.sixteen(at: pointer) }
    var lanes = Lanes.zero
    for lane in 0..<count { lanes[lane] = pointer[lane].asFloat }
    return lanes
  }

  /// Takes in the flags of a read: `SATURATED` ends the ramp, `DO_NOT_USE` skips the read, the rest inform. Returns
  /// where the read comes after a jump.
  @inline(__always)
  func groupFlags(
    _ integration: Int, _ read: Int, _ i: Int, _ count: Int, _ alive: inout LaneMask, _ bad: inout LaneMask,
    _ flags: inout FlagLanes
  ) -> LaneMask {
    guard let groupQuality else { return LaneMask(repeating: false) }
    let pointer = groupQuality.base + ((integration * reads + read) * planeCount + i)
    var q = FlagLanes.zero
    for lane in 0..<count { q[lane] = UInt32(pointer[lane]) }
    flags |= q & ~DQ.doNotUse
    alive .&= .!q.has(DQ.saturated)
    bad .|= q.has(DQ.doNotUse)
    return q.has(DQ.jumpDet)
  }

  /// Fits again the lanes in which not all reads are usable.
  private func refit(
    _ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int, _ short: LaneMask, _ gaps: LaneMask,
    _ origin: Lanes, _ line: inout RampLine
  ) {
    for lane in 0..<count where short[lane] && gaps[lane] {
      refit(lane, pattern(index, weights, i, lane), index, weights, i, &line)
    }
    // Ramps cut short: lanes of the same length share their weights.
    var todo = short .& .!gaps
    for lane in 0..<count where todo[lane] {
      let length = line.used[lane]
      let fit = weights.prefix[Int(length)]
      let same = todo .& (line.used .== length)
      todo .&= .!same
      var slope = Lanes.zero
      for j in weights.kept.prefix(Int(length)) {
        slope += fit.weights[j] * (at(index, j, i, count) - origin)
      }
      line.slope.replace(with: slope / fit.divisor, where: same)
      line.read.replace(with: fit.read, where: same)
      line.poisson.replace(with: fit.poisson, where: same)
    }
  }

  /// The usable reads of one pixel.
  private func pattern(_ index: Int, _ weights: IntegrationWeights, _ i: Int, _ lane: Int) -> [Int] {
    var usable: [Int] = []
    for j in weights.kept {
      let offset = (index * reads + j) * planeCount + i + lane
      let flags = groupQuality.map { UInt32($0.base[offset]) } ?? 0
      let y = samples.base[offset].asFloat
      if y >= saturation || flags & DQ.saturated != 0 { break }
      if y == y, flags & DQ.doNotUse == 0 { usable.append(j) }
    }
    return usable
  }

  /// Fits one pixel from its usable reads.
  private func refit(
    _ lane: Int, _ usable: [Int], _ index: Int, _ weights: IntegrationWeights, _ i: Int,
    _ line: inout RampLine
  ) {
    let fit = ReadWeights(method: weights.method, times: weights.times, usable: usable)
    let y = usable.map { samples.base[(index * reads + $0) * planeCount + i + lane].asFloat }
    let sum = zip(usable, y).reduce(Float(0)) { $0 + fit.weights[$1.0] * ($1.1 - (y.first ?? 0)) }
    line.slope[lane] = sum / fit.divisor
    line.read[lane] = fit.read
    line.poisson[lane] = fit.poisson
  }

  /// The variance of a read about the line of the fitted slope, from the reads themselves.
  @inline(__always)
  private func addScatter(
    _ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int, _ origin: Lanes, _ short: LaneMask,
    _ line: inout RampLine
  ) {
    // In double precision: residuals are small differences of large numbers.
    typealias Wide = SIMD16<Double>
    let start = weights.times[weights.kept[0]]
    let slope = Wide(line.slope)
    let zero = Wide(origin)
    var mean = Wide.zero
    var square = Wide.zero
    for j in weights.kept {
      mean += Wide(at(index, j, i, count)) - zero - (weights.times[j] - start) * slope
    }
    mean /= Double(weights.kept.count)
    for j in weights.kept {
      let d = Wide(at(index, j, i, count)) - zero - (weights.times[j] - start) * slope - mean
      square += d * d
    }
    let freedom = Double(weights.kept.count - 2)
    line.scatter = freedom > 0 ? Lanes(square / freedom) : Lanes(repeating: .nan)
    for lane in 0..<count where short[lane] {
      line.scatter[lane] = scatter(
        pattern(index, weights, i, lane), index, weights, i, lane, line.slope[lane])
    }
  }

  /// The same for one pixel with fewer reads; NaN for fewer than three.
  private func scatter(
    _ usable: [Int], _ index: Int, _ weights: IntegrationWeights, _ i: Int, _ lane: Int, _ slope: Float
  ) -> Float {
    guard usable.count > 2 else { return .nan }
    let residuals = usable.map { j in
      Double(samples.base[(index * reads + j) * planeCount + i + lane].asFloat)
        - Double(slope) * (weights.times[j] - weights.times[0])
    }
    let mean = residuals.reduce(0, +) / Double(usable.count)
    return Float(residuals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(usable.count - 2))
  }
}

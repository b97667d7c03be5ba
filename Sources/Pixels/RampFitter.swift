/// Fits sixteen pixels of a ramp at a time.
///
/// Pixels whose reads are all usable go through loops over lanes; the others are fitted one by one, in segments.
struct RampFitter<Element: PixelScalar>: Sendable {
  let samples: SharedPixels<Element>
  let groupQuality: SharedPixels<UInt8>?
  let pixelQuality: SharedPixels<UInt32>?
  let planeCount: Int
  let saturation: Float
  let cutsSaturation: Bool
  let zeroIsKnown: Bool
  let method: RampFitOptions.Method
  let tables: ReadTables
  let noise: RampNoise?

  /// The caller holds the ramp, the flags and the planes of the options.
  init(
    _ ramp: Ramp<Element>, _ options: RampFitOptions, _ groupQuality: Ramp<UInt8>?,
    _ pixelQuality: Plane<UInt32>?
  ) {
    samples = SharedPixels(base: UnsafePointer(ramp.storage.base))
    self.groupQuality = groupQuality.map { SharedPixels(base: UnsafePointer($0.storage.base)) }
    self.pixelQuality = pixelQuality?.laneBase
    planeCount = ramp.planeCount
    saturation = options.saturation ?? .infinity
    cutsSaturation = options.saturation != nil
    zeroIsKnown = options.zeroIsKnown
    noise = RampNoise(
      gain: options.gain, readNoise: options.readNoise, gainPlane: options.gainPlane,
      readNoisePlane: options.readNoisePlane)
    let needsNoise = options.method == .gls || options.method == .optimal
    method = noise == nil && needsNoise ? .utr : options.method
    var options = options
    options.method = method
    tables = ReadTables(options, reads: ramp.reads, planeCount: ramp.planeCount)
  }

  /// The fit of the sixteen pixels from `i` on; only the first `count` of them exist. `slots` is room for the differences
  /// of an integration.
  @inline(__always)
  func fit(at i: Int, count: Int, _ slots: UnsafeMutableBufferPointer<WholeDifference>) -> RampResult {
    let lanes = noise?.lanes(at: i) ?? NoiseLanes()
    var result: RampResult
    if tables.integrations.count == 1 {
      result = fitIntegration(tables.integrations[0], i, count, lanes, slots).result(
        noise: lanes, isKnown: noise != nil)
    } else {
      var sum = RampSums()
      for table in tables.integrations { sum.add(fitIntegration(table, i, count, lanes, slots)) }
      result = sum.result(noise: lanes, isKnown: noise != nil)
    }
    if let pixelQuality { result.flags |= pixelQuality.base.lanes(i) }
    return result
  }

  /// The line through one integration: at once where all reads are usable, else with care.
  @inline(__always)
  private func fitIntegration(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes,
    _ slots: UnsafeMutableBufferPointer<WholeDifference>
  ) -> RampLine {
    if method == .gls { return fitGLS(table, i, count, noise, slots) }
    guard table.count >= 2 else { return fitParts(table, i, count, noise, LaneMask(repeating: true)) }
    var (line, odd) = method == .optimal ? fitOptimal(table, i, count, noise) : fitWhole(table, i, count)
    if self.noise == nil { addScatter(table, i, count, &line) }
    if anyLane(odd) { fitOdd(table, i, count, noise, odd, &line) }
    return line
  }

  /// The line through all reads, and where one of them is saturated, NaN or flagged.
  @inline(__always)
  private func fitWhole(_ table: ReadTable, _ i: Int, _ count: Int) -> (RampLine, odd: LaneMask) {
    let set = table.sets[0]
    let origin = at(table.offsets[0], i, count)
    var slope = Lanes.zero
    var bad = LaneMask(repeating: false)
    if case .cds = method {
      let last = at(table.offsets[table.count - 1], i, count)
      slope = last - origin
      bad = unusable(table, i, count)
    } else {
      let limit = Lanes(repeating: saturation)
      for k in 0..<table.count {
        let y = at(table.offsets[k], i, count)
        bad .|= .!(y .< limit)
        slope += set.weights[k] * (y - origin)
      }
    }
    let (flags, odd) = flagged(table, i, count)
    var line = RampLine(set: set, slope: slope / set.divisor, table: table)
    line.flags = flags
    return (line, bad .| odd .| line.slope.isNotFinite)
  }

  /// Where a read is saturated or NaN.
  @inline(__always)
  func unusable(_ table: ReadTable, _ i: Int, _ count: Int) -> LaneMask {
    let limit = Lanes(repeating: saturation)
    var bad = LaneMask(repeating: false)
    for k in 0..<table.count { bad .|= .!(at(table.offsets[k], i, count) .< limit) }
    return bad
  }

  /// The same with the weights that each pixel's signal asks for.
  @inline(__always)
  private func fitOptimal(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes
  ) -> (RampLine, odd: LaneMask) {
    let origin = at(table.offsets[0], i, count)
    let signal = at(table.offsets[table.count - 1], i, count) - origin
    let positive = signal.replacing(with: 0, where: .!(signal .> 0))
    let square = positive * positive
    let variance = noise.read + positive * noise.inverseGain
    var level = Lanes.zero
    for limit in FixsenWeights.limits { level += ones(where: square .> limit * limit * variance) }
    var (line, odd) = fitLevel(0, table, i, count, origin)
    for number in 1..<FixsenWeights.powers.count {
      let here = level .== Lanes(repeating: Float(number))
      guard anyLane(here) else { continue }
      let (own, bad) = fitLevel(number, table, i, count, origin)
      line.slope.replace(with: own.slope, where: here)
      line.read.replace(with: own.read, where: here)
      line.poisson.replace(with: own.poisson, where: here)
      odd .|= bad
    }
    let (flags, marked) = flagged(table, i, count)
    line.flags = flags
    line.weight = Lanes(repeating: 1 / table.lineVariance)
    return (line, odd .| marked)
  }

  @inline(__always)
  private func fitLevel(
    _ number: Int, _ table: ReadTable, _ i: Int, _ count: Int, _ origin: Lanes
  ) -> (RampLine, odd: LaneMask) {
    let set = table.sets[number]
    let limit = Lanes(repeating: saturation)
    var slope = Lanes.zero
    var bad = LaneMask(repeating: false)
    for k in 0..<table.count {
      let y = at(table.offsets[k], i, count)
      bad .|= .!(y .< limit)
      slope += set.weights[k] * (y - origin)
    }
    return (RampLine(set: set, slope: slope / set.divisor, table: table), bad .| slope.isNotFinite)
  }

  /// Sixteen samples of a read; what lies past the end of the ramp's memory is not touched.
  @inline(__always)
  func at(_ offset: Int, _ i: Int, _ count: Int) -> Lanes {
    let pointer = samples.base + (offset + i)
    if count == 16 { return Element.sixteen(at: pointer) }
    var lanes = Lanes.zero
    for lane in 0..<count { lanes[lane] = pointer[lane].asFloat }
    return lanes
  }

  /// The flags of all reads together that inform, and where there is any flag at all.
  @inline(__always)
  func flagged(_ table: ReadTable, _ i: Int, _ count: Int) -> (flags: FlagLanes, odd: LaneMask) {
    guard let groupQuality else { return (.zero, LaneMask(repeating: false)) }
    var all = SIMD16<UInt8>.zero
    for k in 0..<table.count {
      let pointer = groupQuality.base + (table.offsets[k] + i)
      all |= count == 16 ? pointer.lanes(0) : pointer.lanes(0, count: count)
    }
    if !all.hasAny(0xFF) { return (.zero, LaneMask(repeating: false)) }
    let wide = FlagLanes(truncatingIfNeeded: all)
    return (wide & ~DQ.doNotUse, wide .!= FlagLanes.zero)
  }

  /// The variance of a read about the line of the fitted slope, from the reads themselves.
  @inline(__always)
  private func addScatter(_ table: ReadTable, _ i: Int, _ count: Int, _ line: inout RampLine) {
    // In double precision: residuals are small differences of large numbers.
    typealias Wide = SIMD16<Double>
    let start = table.times[0]
    let slope = Wide(line.slope)
    let zero = Wide(at(table.offsets[0], i, count))
    var mean = Wide.zero
    var square = Wide.zero
    for k in 0..<table.count {
      mean += Wide(at(table.offsets[k], i, count)) - zero - (table.times[k] - start) * slope
    }
    mean /= Double(table.count)
    for k in 0..<table.count {
      let d = Wide(at(table.offsets[k], i, count)) - zero - (table.times[k] - start) * slope - mean
      square += d * d
    }
    let freedom = Double(table.count - 2)
    line.scatter = freedom > 0 ? Lanes(square / freedom) : Lanes(repeating: .nan)
  }
}

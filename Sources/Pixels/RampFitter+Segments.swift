/// The pixels with reads that cannot be used, one by one.
///
/// A missing read is left out; a read flagged `JUMP_DET` begins a new segment; the first saturated read ends the
/// ramp. Each segment of two reads or more gives a rate, and they are combined by their variances from read noise;
/// with `optimal` by those from read noise and the photon noise of one rate, the median of the differences.
extension RampFitter {
  /// Fits all lanes of an integration one by one.
  @inline(never)
  func fitParts(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes, _ odd: LaneMask
  ) -> RampLine {
    var line = RampLine()
    line.flags = flagged(table, i, count).flags
    fitOdd(table, i, count, noise, odd, &line)
    return line
  }

  /// Puts the fits of the lanes in `odd` into `line`.
  @inline(never)
  func fitOdd(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes, _ odd: LaneMask, _ line: inout RampLine
  ) {
    withUnsafeTemporaryAllocation(of: UsableRead.self, capacity: max(table.count, 1)) { slots in
      for lane in 0..<count where odd[lane] {
        var pixel = PixelRamp(reads: slots, method: method)
        pixel.readNoise = Double(noise.read[lane])
        pixel.inverseGain = Double(noise.inverseGain[lane])
        gather(table, i + lane, &pixel)
        pixel.fit(zeroIsKnown: zeroIsKnown)
        line.take(pixel, lane: lane)
      }
    }
  }

  /// The usable reads of the pixel at `i`.
  private func gather(_ table: ReadTable, _ i: Int, _ pixel: inout PixelRamp) {
    var broken = false
    for k in 0..<table.count {
      let offset = table.offsets[k] + i
      let y = samples.base[offset].asFloat
      let flags = groupQuality.map { UInt32($0.base[offset]) } ?? 0
      if flags & DQ.saturated != 0 || (cutsSaturation && y >= saturation) {
        pixel.isSaturated = true
        return
      }
      broken = broken || flags & DQ.jumpDet != 0
      guard y.isFinite, flags & DQ.doNotUse == 0 else { continue }
      pixel.add(UsableRead(counts: Double(y), time: table.times[k], begins: broken))
      broken = false
    }
  }
}

extension RampLine {
  fileprivate mutating func take(_ pixel: PixelRamp, lane: Int) {
    slope[lane] = Float(pixel.slope)
    used[lane] = Float(pixel.count)
    valid[lane] = pixel.weight > 0
    read[lane] = Float(pixel.read)
    poisson[lane] = Float(pixel.poisson)
    weight[lane] = Float(pixel.weight)
    scatter[lane] = Float(pixel.scatter)
    if pixel.isSaturated { flags[lane] |= DQ.saturated }
  }
}

/// One usable read of one pixel.
struct UsableRead {
  var counts: Double
  /// Seconds.
  var time: Double
  /// Whether it begins a segment.
  var begins: Bool
  /// Of the read in its segment's rate, times `PixelRamp.divisor`.
  var weight = 0.0
}

/// The usable reads of one pixel in one integration, and the line through them.
struct PixelRamp {
  let reads: UnsafeMutableBufferPointer<UsableRead>
  let method: RampFitOptions.Method
  var count = 0
  var isSaturated = false
  /// Squared read noise in data numbers, and data numbers per electron.
  var readNoise = 0.0
  var inverseGain = 0.0
  /// As in `RampLine`; a weight of 0 is no rate.
  var slope = 0.0
  var read = 0.0
  var poisson = 0.0
  var weight = 0.0
  var scatter = Double.nan

  init(reads: UnsafeMutableBufferPointer<UsableRead>, method: RampFitOptions.Method) {
    self.reads = reads
    self.method = method
  }

  mutating func add(_ usable: UsableRead) {
    reads.initializeElement(at: count, to: usable)
    count += 1
  }

  /// Fits the segments and combines them.
  mutating func fit(zeroIsKnown: Bool) {
    var sum = (weight: 0.0, slope: 0.0, read: 0.0, poisson: 0.0)
    let typical = method == .optimal ? max(medianRate(), 0) : 0
    forEachSegment { segment in
      let line = fit(segment)
      let span = reads[segment.upperBound - 1].time - reads[segment.lowerBound].time
      let w =
        method == .optimal
        ? 1 / (readNoise * line.straight + typical * inverseGain / span + Double(RampNoise.least))
        : 1 / line.read
      sum.weight += w
      sum.slope += w * line.slope
      sum.read += w * w * line.read
      sum.poisson += w * w * line.poisson
      weight += 1 / line.straight
    }
    guard sum.weight > 0 else {
      if zeroIsKnown { fitFromZero() }
      return
    }
    slope = sum.slope / sum.weight
    read = sum.read / (sum.weight * sum.weight)
    poisson = sum.poisson / (sum.weight * sum.weight)
    if method != .optimal { weight = 1 / read }
    scatter = scatterAboutLine()
  }

  /// The rate of the first read, its counts being those since the reset.
  private mutating func fitFromZero() {
    guard count > 0, !reads[0].begins, reads[0].time > 0 else { return }
    let time = reads[0].time
    slope = reads[0].counts / time
    read = 1 / (time * time)
    poisson = 1 / time
    weight = 1 / read
  }

  /// Calls `body` with the segments of two reads or more.
  private func forEachSegment(_ body: (Range<Int>) -> Void) {
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, !reads[end].begins { end += 1 }
      if end - start >= 2 { body(start..<end) }
      start = end
    }
  }

  /// The line of one segment: its rate, its variances for a noise and a rate of 1, and the variance that the straight
  /// line of equal weights has.
  private func fit(_ segment: Range<Int>) -> (slope: Double, read: Double, poisson: Double, straight: Double)
  {
    let divisor = setWeights(segment)
    let origin = reads[segment.lowerBound].counts
    var (slope, square, poisson, later) = (0.0, 0.0, 0.0, 0.0)
    for k in segment.reversed() {
      let w = reads[k].weight
      slope += w * (reads[k].counts - origin)
      square += w * w
      later += w
      if k > segment.lowerBound { poisson += (reads[k].time - reads[k - 1].time) * later * later }
    }
    let scale = divisor * divisor
    let straight = method == .utr ? square / scale : 1 / spread(segment, power: 0).squares
    return (slope / divisor, square / scale, poisson / scale, straight)
  }

  /// Sets the weights of a segment's reads; returns what their sum is to be divided by.
  private func setWeights(_ segment: Range<Int>) -> Double {
    switch method {
    case .cds: return setDifference(segment, 1)
    case .mcds(let m): return setDifference(segment, max(min(m, segment.count / 2), 1))
    case .utr, .gls: return setSlope(segment, power: 0)
    case .optimal:
      let signal = reads[segment.upperBound - 1].counts - reads[segment.lowerBound].counts
      let level = FixsenWeights.level(
        signal: Float(signal), read: Float(readNoise), inverseGain: Float(inverseGain))
      return setSlope(segment, power: FixsenWeights.powers[level])
    }
  }

  private func setDifference(_ segment: Range<Int>, _ m: Int) -> Double {
    var time = 0.0
    for k in segment {
      let isFirst = k < segment.lowerBound + m
      let isLast = k >= segment.upperBound - m
      reads[k].weight = (isLast ? 1 : 0) - (isFirst ? 1 : 0)
      time += reads[k].weight * reads[k].time
    }
    return time
  }

  private func setSlope(_ segment: Range<Int>, power: Double) -> Double {
    let (mean, squares) = spread(segment, power: power)
    for k in segment {
      reads[k].weight = fixsen(k, segment, power) * (reads[k].time - mean)
    }
    return squares
  }

  /// The weighted mean of a segment's times and the weighted sum of squares about it.
  private func spread(_ segment: Range<Int>, power: Double) -> (mean: Double, squares: Double) {
    var (sum, mean, squares) = (0.0, 0.0, 0.0)
    for k in segment {
      let w = fixsen(k, segment, power)
      sum += w
      mean += w * reads[k].time
    }
    mean /= sum
    for k in segment {
      squares += fixsen(k, segment, power) * (reads[k].time - mean) * (reads[k].time - mean)
    }
    return (mean, squares)
  }

  private func fixsen(_ k: Int, _ segment: Range<Int>, _ power: Double) -> Double {
    guard power > 0 else { return 1 }
    return FixsenWeights.weight(
      of: reads[k].time, from: reads[segment.lowerBound].time, to: reads[segment.upperBound - 1].time,
      power: power)
  }

  /// The median rate of the differences within segments.
  private func medianRate() -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(count, 1)) { rates in
      var n = 0
      for k in 1..<max(count, 1) where !reads[k].begins {
        rates.initializeElement(
          at: n, to: (reads[k].counts - reads[k - 1].counts) / (reads[k].time - reads[k - 1].time))
        n += 1
      }
      guard n > 0 else { return 0 }
      var part = UnsafeMutableBufferPointer(rebasing: rates[..<n])
      part.sort()
      return (part[(n - 1) / 2] + part[n / 2]) / 2
    }
  }

  /// The variance of a read about lines of the fitted slope, one through each segment; NaN where no read is left over.
  private func scatterAboutLine() -> Double {
    var (squares, freedom) = (0.0, -1)
    forEachSegment { segment in
      let start = reads[segment.lowerBound]
      func residual(_ k: Int) -> Double {
        reads[k].counts - start.counts - slope * (reads[k].time - start.time)
      }
      let mean = segment.reduce(0) { $0 + residual($1) } / Double(segment.count)
      squares += segment.reduce(0) { $0 + (residual($1) - mean) * (residual($1) - mean) }
      freedom += segment.count - 1
    }
    return freedom > 0 ? squares / Double(freedom) : .nan
  }
}

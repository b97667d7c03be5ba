/// Combines stacks pixel by pixel, sixteen at a time; made once, shared by all bands.
struct CombineKernel: Sendable {
  let options: CombineOptions
  private let weights: [Float]
  private let network: SortingNetwork
  private let medianFactors: [Float]

  init(frameCount: Int, options: CombineOptions) {
    self.options = options
    if case .frames(let weights) = options.weights {
      self.weights = weights
    } else {
      weights = Array(repeating: 1, count: frameCount)
    }
    network = SortingNetwork(count: frameCount)
    medianFactors = (0...frameCount).map { Float(medianErrorFactor(samples: $0)) }
  }

  /// Combines `pixels` pixels of the frames.
  func run(_ frames: [CombineSamples], pixels: Int, into target: CombineTarget) {
    let stack = CombineStack(count: frames.count, network: network)
    frames.withUnsafeBufferPointer { frames in
      var i = 0
      while i + 16 <= pixels {
        combine(frames, i, stack, target)
        i += 16
      }
      if i < pixels { runTail(frames, i..<pixels, stack, target) }
    }
  }

  /// The last few pixels, by way of padded copies.
  private func runTail(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ range: Range<Int>, _ stack: CombineStack,
    _ target: CombineTarget
  ) {
    let first = range.lowerBound
    let length = range.count
    let n = frames.count
    var values = [Float](repeating: .nan, count: 16 * (2 * n + 3))
    var flags = [UInt32](repeating: 0, count: 16 * (n + 1))
    var counts = [UInt16](repeating: 0, count: 16)
    values.withUnsafeMutableBufferPointer { values in
      flags.withUnsafeMutableBufferPointer { flags in
        counts.withUnsafeMutableBufferPointer { counts in
          guard let v = values.baseAddress, let q = flags.baseAddress, let c = counts.baseAddress else {
            return
          }
          var padded: [CombineSamples] = []
          for (j, frame) in frames.enumerated() {
            let value = v + 32 * j
            let error = v + 32 * j + 16
            let quality = q + 16 * j
            value.update(from: frame.value + first, count: length)
            error.update(from: frame.error + first, count: length)
            quality.update(from: frame.quality + first, count: length)
            padded.append(CombineSamples(value: value, error: error, quality: quality))
          }
          let room = v + 32 * n
          let block = CombineTarget(
            value: room, error: room + 16, quality: q + 16 * n, count: c, scatter: room + 32)
          padded.withUnsafeBufferPointer { combine($0, 0, stack, block) }
          target.value.advanced(by: first).update(from: block.value, count: length)
          target.error.advanced(by: first).update(from: block.error, count: length)
          target.quality.advanced(by: first).update(from: block.quality, count: length)
          target.count.advanced(by: first).update(from: block.count, count: length)
          target.scatter.advanced(by: first).update(from: block.scatter, count: length)
        }
      }
    }
  }

  /// Sixteen pixels.
  @inline(__always)
  private func combine(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ i: Int, _ stack: CombineStack, _ target: CombineTarget
  ) {
    let (usable, seen) = load(frames, i, stack)
    let needsOrder = options.clipping != nil || options.method == .median
    if needsOrder { stack.sortSamples() }
    var low = Lanes(repeating: -Float.greatestFiniteMagnitude)
    var high = Lanes(repeating: Float.greatestFiniteMagnitude)
    if let clipping = options.clipping {
      let floor = errorFloor(clipping, usable, frames, i, stack)
      clip(clipping, usable: usable, floor: floor, stack, &low, &high)
    }
    var sums = Sums(count: .zero, weight: .zero, mean: .zero, flags: .zero)
    sumSamples(frames, i, stack, low, high, &sums)
    finish(frames, i, stack, low, high, sums, seen, target)
  }

  /// Fills `stack.samples`; returns how many are usable and the flags of all.
  @inline(__always)
  private func load(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ i: Int, _ stack: CombineStack
  ) -> (usable: Lanes, flags: FlagLanes) {
    var usable = Lanes.zero
    var seen = FlagLanes.zero
    for j in 0..<frames.count {
      let frame = frames[j]
      let x = frame.value.lanes(i)
      let q = frame.quality.lanes(i)
      var bad = x.isNotFinite .| ((q & options.excludedFlags) .!= 0)
      if weights[j] <= 0 { bad = LaneMask(repeating: true) }
      if options.weights == .pixelErrors { bad = bad .| .!(frame.error.lanes(i) .> 0) }
      stack.samples[j] = x.replacing(with: .nan, where: bad)
      usable += Lanes(repeating: 1).replacing(with: 0, where: bad)
      seen |= q
    }
    return (usable, seen)
  }

  /// What the samples used amount to.
  struct Sums {
    var count: Lanes
    var weight: Lanes
    var mean: Lanes
    var flags: FlagLanes
  }

  /// Count, weight, (weighted) mean and flags of the samples in `low...high`.
  @inline(__always)
  private func sumSamples(
    _ frames: UnsafeBufferPointer<CombineSamples>, _ i: Int, _ stack: CombineStack, _ low: Lanes,
    _ high: Lanes, _ sums: inout Sums
  ) {
    var pivot = Lanes.zero
    for j in 0..<frames.count {
      let x = stack.samples[j]
      pivot.replace(with: x, where: (x .>= low) .& (x .<= high))
    }
    var total = Lanes.zero
    for j in 0..<frames.count {
      let x = stack.samples[j]
      let used = (x .>= low) .& (x .<= high)
      let w = Lanes.zero.replacing(with: weight(frames, j, i), where: used)
      sums.count += ones(where: used)
      sums.weight += w
      total += Lanes.zero.replacing(with: w * (x - pivot), where: used)
      sums.flags |= FlagLanes.zero.replacing(with: frames[j].quality.lanes(i), where: used)
    }
    sums.mean = pivot + total / sums.weight
  }

  /// The weights of sixteen pixels of frame `j`: all 1 for the methods without weights.
  @inline(__always)
  func weight(_ frames: UnsafeBufferPointer<CombineSamples>, _ j: Int, _ i: Int) -> Lanes {
    switch options.method {
    case .mean, .median: return Lanes(repeating: 1)
    case .wmean, .wmedian:
      guard options.weights == .pixelErrors else { return Lanes(repeating: weights[j]) }
      let e = frames[j].error.lanes(i)
      return 1 / (e * e)
    }
  }

  /// The medians' error factors for the counts of sixteen pixels; 1 for means.
  @inline(__always)
  func errorFactor(_ count: Lanes) -> Lanes {
    guard options.method == .median || options.method == .wmedian else { return Lanes(repeating: 1) }
    var factor = Lanes(repeating: medianFactors[medianFactors.count - 1])
    if anyLane(count .!= Float(medianFactors.count - 1)) {
      for lane in 0..<16 { factor[lane] = medianFactors[Int(count[lane])] }
    }
    return factor
  }
}

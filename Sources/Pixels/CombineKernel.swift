/// Combines stacks pixel by pixel, sixteen at a time; made once, shared by all bands.
struct CombineKernel: Sendable {
  let options: CombineOptions
  private let weights: [Float]
  private let weighsByError: Bool
  private let network: SortingNetwork
  private let medianFactors: [Float]

  init(frameCount: Int, options: CombineOptions) {
    self.options = options
    if case .frames(let weights) = options.weights {
      self.weights = weights
    } else {
      weights = Array(repeating: 1, count: frameCount)
    }
    weighsByError = options.isWeighted && options.weights == .pixelErrors
    network = SortingNetwork(count: frameCount)
    medianFactors = (0...frameCount).map { Float(medianErrorFactor(samples: $0)) }
  }

  /// Combines `pixels` pixels of the frames.
  func run(_ frames: [CombineSamples], pixels: Int, into target: CombineTarget) {
    let stack = CombineStack(count: frames.count, network: network)
    for first in stride(from: 0, to: pixels, by: 16 * stack.blocks) {
      let length = min(16 * stack.blocks, pixels - first)
      for (j, frame) in frames.enumerated() { load(frame, j, first, length, stack) }
      for b in 0..<(length + 15) / 16 {
        stack.select(b)
        let result = combine(stack)
        let i = first + 16 * b
        if i + 16 <= pixels {
          result.store(in: target, at: i)
        } else {
          result.store(in: target, at: i, count: pixels - i)
        }
      }
    }
  }

  /// Loads a run of `length` pixels of frame `j`; what may not be used becomes NaN.
  @inline(__always)
  func load(_ frame: CombineSamples, _ j: Int, _ first: Int, _ length: Int, _ stack: CombineStack) {
    let unused = weights[j] <= 0
    for b in 0..<(length + 15) / 16 {
      let i = first + 16 * b
      let rest = length - 16 * b
      let x: Lanes
      let e: Lanes
      let q: FlagLanes
      if rest >= 16 {
        (x, e, q) = (frame.value.lanes(i), frame.error.lanes(i), frame.quality.lanes(i))
      } else {
        (x, e, q) = (
          frame.value.lanes(i, count: rest), frame.error.lanes(i, count: rest),
          frame.quality.lanes(i, count: rest)
        )
      }
      var bad = x.isNotFinite .| q.has(options.excludedFlags)
      if unused { bad = LaneMask(repeating: true) }
      if weighsByError { bad .|= .!(e .> 0) }
      stack.load(x.replacing(with: .nan, where: bad), e, q, frame: j, block: b)
    }
  }

  /// The block at hand.
  @inline(__always)
  private func combine(_ stack: CombineStack) -> CombineResult {
    if options.clipping != nil || options.method == .median { stack.sortSamples() }
    var low = Lanes(repeating: -Float.greatestFiniteMagnitude)
    var high = Lanes(repeating: Float.greatestFiniteMagnitude)
    if let clipping = options.clipping { clip(clipping, stack, &low, &high) }
    return finish(stack, low, high, sumSamples(stack, low, high))
  }

  /// What the samples used amount to.
  struct Sums {
    var count = Lanes.zero
    var weight = Lanes.zero
    var mean = Lanes.zero
    var flags = FlagLanes.zero
  }

  /// Count, weight, (weighted) mean and flags of the samples in `low...high`.
  @inline(__always)
  private func sumSamples(_ stack: CombineStack, _ low: Lanes, _ high: Lanes) -> Sums {
    var sums = Sums()
    // Sums run from one of the samples used, which keeps single precision exact enough.
    var pivot = Lanes.zero
    for j in 0..<stack.n {
      let x = stack.samples[j]
      pivot.replace(with: x, where: (x .>= low) .& (x .<= high))
    }
    var total = Lanes.zero
    for j in 0..<stack.n {
      let x = stack.samples[j]
      let used = (x .>= low) .& (x .<= high)
      sums.count += ones(where: used)
      sums.flags |= FlagLanes.zero.replacing(with: stack.flags[j], where: used)
      let d = Lanes.zero.replacing(with: x - pivot, where: used)
      if options.isWeighted {
        let w = Lanes.zero.replacing(with: weight(stack, j), where: used)
        sums.weight += w
        total += w * d
      } else {
        total += d
      }
    }
    if !options.isWeighted { sums.weight = sums.count }
    sums.mean = pivot + total / sums.weight
    return sums
  }

  /// The weights of frame `j` in a weighted method.
  @inline(__always)
  func weight(_ stack: CombineStack, _ j: Int) -> Lanes {
    guard weighsByError else { return Lanes(repeating: weights[j]) }
    let e = stack.errors[j]
    return 1 / (e * e)
  }

  /// The medians' error factors for the counts of sixteen pixels.
  @inline(__always)
  func errorFactor(_ count: Lanes) -> Lanes {
    let full = medianFactors.count - 1
    var factor = Lanes(repeating: medianFactors[full])
    if anyLane(count .!= Lanes(repeating: Float(full))) {
      for lane in 0..<16 { factor[lane] = medianFactors[Int(count[lane])] }
    }
    return factor
  }
}

/// Sixteen pixels of a combined stack.
struct CombineResult {
  var value, error, scatter, count: Lanes
  var flags: FlagLanes

  /// Writes all sixteen from index `i` on.
  @inline(__always)
  func store(in target: CombineTarget, at i: Int) {
    target.value.store(value, at: i)
    target.error.store(error, at: i)
    target.quality.store(flags, at: i)
    target.scatter.store(scatter, at: i)
    // 2^23 + n holds n in its low bits: an exact conversion of small integers without a loop over lanes.
    let counts = unsafeBitCast(count + 0x1p23, to: SIMD16<Int32>.self)
    target.count.store(SIMD16<UInt16>(truncatingIfNeeded: counts), at: i)
  }

  /// Writes the first `length` of the sixteen.
  func store(in target: CombineTarget, at i: Int, count length: Int) {
    for lane in 0..<length {
      target.value[i + lane] = value[lane]
      target.error[i + lane] = error[lane]
      target.quality[i + lane] = flags[lane]
      target.scatter[i + lane] = scatter[lane]
      target.count[i + lane] = UInt16(count[lane])
    }
  }
}

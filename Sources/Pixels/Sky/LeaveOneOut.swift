/// For each frame of a small stack the clipped median of all the others, with one sorting for all of them.
///
/// Samples are sorted and clipped once per pixel; without its own sample a frame's median is one of three neighbours in
/// that order, or between two. The clipping so knows the frame itself too: a sample of n frames is rejected by what n
/// frames say, not n - 1.
struct LeaveOneOut: Sendable {
  private let kernel: CombineKernel
  private let frameCount: Int
  private let minimumSamples: Float
  private let factors: [Float]

  /// - Precondition: there are at least two frames, and the options are a median's.
  init(frameCount: Int, options: CombineOptions, minimumSamples: Int) {
    precondition(frameCount > 1 && options.method == .median, "no median to leave one out of")
    self.frameCount = frameCount
    self.minimumSamples = Float(minimumSamples)
    kernel = CombineKernel(frameCount: frameCount, options: options)
    factors = (0...frameCount).map { Float(medianErrorFactor(samples: $0)) }
  }

  /// The medians of the others for the frames `wanted`, in that order: value, error, `UNRELIABLE_ERROR` where they are
  /// fewer than the minimum; 0 with the mean of their errors where no sample is left.
  func combined(_ bands: [Measured], for wanted: [Int]) -> [Measured] {
    let (width, height) = (bands[0].width, bands[0].height)
    let values = wanted.map { _ in PixelStorage<Float>(uninitialized: width * height) }
    let errors = wanted.map { _ in PixelStorage<Float>(uninitialized: width * height) }
    let flags = wanted.map { _ in PixelStorage<UInt32>(uninitialized: width * height) }
    let lanes = bands.map(MeasuredLanes.init)
    withExtendedLifetime(bands) {
      forEachPixelBand(count: width * height, length: 1 << 14) { band in
        let stack = CombineStack(count: frameCount, network: SortingNetwork(count: frameCount))
        let samples = lanes.map {
          CombineSamples(value: $0.value.base, error: $0.error.base, quality: $0.quality.base)
        }
        for first in stride(from: band.lowerBound, to: band.upperBound, by: 16 * stack.blocks) {
          let length = min(16 * stack.blocks, band.upperBound - first)
          for (j, frame) in samples.enumerated() { kernel.load(frame, j, first, length, stack) }
          for b in 0..<(length + 15) / 16 {
            stack.select(b)
            let order = Order(stack, kernel, factors)
            for (k, i) in wanted.enumerated() {
              let result = order.without(i, stack, minimumSamples)
              values[k].base.store(result.value, at: first + 16 * b)
              errors[k].base.store(result.error, at: first + 16 * b)
              flags[k].base.store(result.flags, at: first + 16 * b)
            }
          }
        }
      }
    }
    return wanted.indices.map { k in
      Measured(
        value: Plane(width: width, height: height, storage: values[k]),
        error: Plane(width: width, height: height, storage: errors[k]),
        quality: Plane(width: width, height: height, storage: flags[k]))
    }
  }

  /// What sixteen pixels' medians with one sample less are found from.
  private struct Order {
    private var low = Lanes(repeating: -Float.greatestFiniteMagnitude)
    private var high = Lanes(repeating: Float.greatestFiniteMagnitude)
    private let count: Lanes
    private let whole: Lanes
    /// The samples at the lower middle of one sample less, and the two after it.
    private let a, b, c: Lanes
    /// Whether the middle of one sample less is one sample: then its upper middle is its lower one.
    private let isSingle: LaneMask
    private let squares: Lanes
    private let factorAll, factorLess: Lanes

    @inline(__always)
    init(_ stack: CombineStack, _ kernel: CombineKernel, _ factors: [Float]) {
      stack.sortSamples()
      if let clipping = kernel.options.clipping { kernel.clip(clipping, stack, &low, &high) }
      count = stack.count(low, high)
      let first = stack.countBelow(low)
      whole = stack.median(stack.sorted, first: first, count: count)
      // Of m = count - 1 samples the middle is (m - 1) / 2 and m / 2: twice it is an integer in a float.
      let half = (0.5 * (count - 2)).rounded(.down)
      let isEven = (2 * half) .== (count - 2)
      isSingle = isEven
      let place = first + half.replacing(with: Lanes.zero, where: half .< 0)
      var (x, y, z) = (Lanes(repeating: .nan), Lanes(repeating: .nan), Lanes(repeating: .nan))
      var index = Lanes.zero
      for j in 0..<stack.n {
        let value = stack.sorted[j]
        x.replace(with: value, where: index .== place)
        y.replace(with: value, where: index .== place + 1)
        z.replace(with: value, where: index .== place + 2)
        index += 1
      }
      (a, b, c) = (x, y, z)
      var sum = Lanes.zero
      for j in 0..<stack.n {
        let value = stack.samples[j]
        let e = Lanes.zero.replacing(with: stack.errors[j], where: (value .>= low) .& (value .<= high))
        sum += e * e
      }
      squares = sum
      let full = factors.count - 1
      var (all, less) = (Lanes(repeating: factors[full]), Lanes(repeating: factors[max(full - 1, 0)]))
      if anyLane(count .!= Lanes(repeating: Float(full))) {
        for lane in 0..<16 {
          let n = Int(count[lane])
          (all[lane], less[lane]) = (factors[n], factors[max(n - 1, 0)])
        }
      }
      (factorAll, factorLess) = (all, less)
    }

    @inline(__always)
    func without(
      _ i: Int, _ stack: CombineStack, _ least: Float
    ) -> (value: Lanes, error: Lanes, flags: FlagLanes) {
      let own = stack.samples[i]
      let used = (own .>= low) .& (own .<= high)
      let lower = a.replacing(with: b, where: .!(a .< own))
      let upper = lower.replacing(with: b.replacing(with: c, where: .!(b .< own)), where: .!isSingle)
      var value = whole.replacing(with: 0.5 * lower + 0.5 * upper, where: used)
      let left = count - ones(where: used)
      let e = Lanes.zero.replacing(with: stack.errors[i], where: used)
      let square = squares - e * e
      var error = square.replacing(with: Lanes.zero, where: square .< 0).squareRoot() / left
      error *= factorAll.replacing(with: factorLess, where: used)
      let empty = left .<= 0
      if anyLane(empty) {
        value.replace(with: Lanes.zero, where: empty)
        error.replace(with: meanError(without: i, stack), where: empty)
      }
      return (
        value, error, FlagLanes.zero.raising(DQ.unreliableError, where: left .< Lanes(repeating: least))
      )
    }

    /// The mean of the errors of all other samples, used or not, that have one; 0 of none.
    private func meanError(without i: Int, _ stack: CombineStack) -> Lanes {
      var (sum, known) = (Lanes.zero, Lanes.zero)
      for j in 0..<stack.n where j != i {
        let good = .!stack.errors[j].isNotFinite
        sum += Lanes.zero.replacing(with: stack.errors[j], where: good)
        known += ones(where: good)
      }
      return (sum / known).replacing(with: Lanes.zero, where: known .<= 0)
    }
  }
}

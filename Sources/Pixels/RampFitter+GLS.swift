/// Generalised least squares on the differences of successive usable reads.
///
/// A difference over `dt` has the variance `rate / gain * dt + 2 R^2`, and shares a read with its neighbour, which
/// gives the covariance `-R^2`; every other pair is independent. With `C` that tridiagonal matrix the rate is
/// `(dt' C^-1 d) / (dt' C^-1 dt)`, found in one pass forth and one back (Brandt 2024, PASP 136, 045004). The
/// covariance is that of a rate fitted before with the weights `g` of read noise alone, which make the straight line of
/// equal weights. Since this rate comes from the same reads, the estimate is pulled by
/// `(sum dt w^2 - sum dt w g) / gain` to first order, `w` being its own weights, and is freed of it.
///
/// A missing read makes its two differences one longer one; a read flagged `JUMP_DET` ends a segment: the difference
/// that leads to it is left out, and the next one starts anew.
extension RampFitter {
  /// A floor for the squared read noise in data numbers, that of a detector without any.
  private static var leastNoise: Float { 1e-6 }

  /// The line through the usable reads of one integration.
  @inline(__always)
  func fitGLS(
    _ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int,
    noise: (read: Float, inverseGain: Float)
  ) -> RampLine {
    guard weights.kept.count >= 2 else { return RampLine() }
    return withUnsafeTemporaryAllocation(of: GLSDifference.self, capacity: weights.kept.count) { slots in
      var line = RampLine()
      let squared = max(noise.read, Self.leastNoise)
      if gather(index, weights, i, count, squared, into: slots, &line) {
        for k in slots.indices { slots[k].prior = Lanes(repeating: weights.differences[k]) }
      } else {
        let norm = solve(slots, photons: .zero, squared)
        for k in slots.indices { slots[k].prior = slots[k].weight / norm }
      }
      var first = Lanes.zero
      var span = Lanes.zero
      for slot in slots {
        span += slot.seconds
        first += Lanes.zero.replacing(with: slot.counts * slot.prior, where: slot.seconds .> 0)
      }
      line.valid = (span .> 0)
      let hasLight = line.valid .& (first .> 0)
      let norm = solve(slots, photons: ones(where: hasLight) * first * noise.inverseGain, squared)
      finish(slots, norm, squared, noise.inverseGain, hasLight, &line)
      line.weight = 1 / priorVariance(weights, line.used)
      return line
    }
  }

  /// Reads the differences. Returns whether all reads of all pixels make them, without a jump.
  @inline(__always)
  private func gather(
    _ index: Int, _ weights: IntegrationWeights, _ i: Int, _ count: Int, _ squared: Float,
    into slots: UnsafeMutableBufferPointer<GLSDifference>, _ line: inout RampLine
  ) -> Bool {
    var jumps = LaneMask(repeating: false)
    var (previous, since) = (Lanes.zero, Lanes.zero)
    var alive = LaneMask(repeating: true)
    var started = LaneMask(repeating: false)
    // Whether the difference before ends at the read that the next one starts from.
    var linked = LaneMask(repeating: false)
    for (k, j) in weights.kept.enumerated() {
      let y = at(index, j, i, count)
      let time = Lanes(repeating: Float(weights.times[j] - weights.times[weights.kept[0]]))
      var bad = y.isNotFinite
      var broken = LaneMask(repeating: false)
      if cutsSaturation {
        let full = y .>= saturation
        alive .&= .!full
        line.flags = line.flags.raising(DQ.saturated, where: full)
      }
      if groupQuality != nil { broken = groupFlags(index, j, i, count, &alive, &bad, &line.flags) }
      let good = alive .& .!bad
      let exists = good .& started .& .!broken
      var slot = GLSDifference()
      slot.seconds.replace(with: time - since, where: exists)
      slot.counts.replace(with: y - previous, where: exists)
      slot.coupling.replace(with: squared, where: exists .& linked)
      slots.initializeElement(at: k, to: slot)
      jumps .|= good .& broken
      line.used += ones(where: good)
      linked = ((linked .| exists) .& .!(good .& broken))
      started .|= good
      previous.replace(with: y, where: good)
      since.replace(with: time, where: good)
    }
    return !anyLane(jumps .| (line.used .!= Lanes(repeating: Float(weights.kept.count))))
  }

  /// Solves `C z = dt`, forth by `C = L D L'`, then back; `z` is left in `weight`. Returns `dt' z`.
  @inline(__always)
  private func solve(
    _ slots: UnsafeMutableBufferPointer<GLSDifference>, photons: Lanes, _ squared: Float
  ) -> Lanes {
    var (inverse, right) = (Lanes.zero, Lanes.zero)
    for k in slots.indices {
      let slot = slots[k]
      let exists = slot.seconds .> 0
      let ratio = slot.coupling * inverse
      let diagonal = photons * slot.seconds + 2 * squared - slot.coupling * ratio
      let side = slot.seconds + ratio * right
      let reciprocal = Lanes.zero.replacing(with: 1 / diagonal, where: exists)
      slots[k].reciprocal = reciprocal
      slots[k].side = side
      inverse.replace(with: reciprocal, where: exists)
      right.replace(with: side, where: exists)
    }
    var (later, norm) = (Lanes.zero, Lanes.zero)
    for k in slots.indices.reversed() {
      let slot = slots[k]
      // 0 where there is no difference, and what comes later is then carried on.
      let z = slot.reciprocal * (slot.side + later)
      slots[k].weight = z
      norm += slot.seconds * z
      later.replace(with: slot.coupling * z, where: slot.seconds .> 0)
    }
    return norm
  }

  /// The rate, freed of its pull, and what its variances are made of.
  @inline(__always)
  private func finish(
    _ slots: UnsafeMutableBufferPointer<GLSDifference>, _ norm: Lanes, _ squared: Float,
    _ inverseGain: Float, _ hasLight: LaneMask, _ line: inout RampLine
  ) {
    var (counts, squares, shared) = (Lanes.zero, Lanes.zero, Lanes.zero)
    var (poisson, common, later) = (Lanes.zero, Lanes.zero, Lanes.zero)
    let inverseNorm = 1 / norm
    for slot in slots.reversed() {
      let w = slot.weight * inverseNorm
      counts += slot.counts * w
      squares += w * w
      poisson += slot.seconds * w * w
      common += Lanes.zero.replacing(with: slot.seconds * w * slot.prior, where: slot.seconds .> 0)
      shared += w * later
      later.replace(with: slot.coupling * w, where: slot.seconds .> 0)
    }
    line.poisson = poisson
    line.read = 2 * (squares - shared / squared)
    line.slope = counts - ones(where: hasLight) * (poisson - common) * inverseGain
  }

  /// Variance by read noise alone of a straight line through so many reads, by which integrations are weighed: the
  /// pixel's own rate in the weight would bias their mean.
  @inline(__always)
  private func priorVariance(_ weights: IntegrationWeights, _ used: Lanes) -> Lanes {
    let all = Float(weights.kept.count)
    var variance = Lanes(repeating: weights.prefix[weights.kept.count].read)
    let short = used .!= Lanes(repeating: all)
    guard anyLane(short) else { return variance }
    for lane in 0..<16 where short[lane] { variance[lane] = weights.prefix[Int(used[lane])].read }
    return variance
  }
}

/// One difference of two successive usable reads, in each of sixteen pixels; all zero where there is none.
struct GLSDifference {
  var counts = Lanes.zero
  var seconds = Lanes.zero
  /// Minus the covariance with the difference before it.
  var coupling = Lanes.zero
  /// 1 / D of the factorisation, and its right-hand side.
  var reciprocal = Lanes.zero
  var side = Lanes.zero
  /// What the difference counts for in the rate (times the sum of `seconds * weight`).
  var weight = Lanes.zero
  /// The same by read noise alone, for the rate that the covariance is made with.
  var prior = Lanes.zero
}

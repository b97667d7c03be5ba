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
  /// The line through the usable reads of one integration.
  @inline(__always)
  func fitGLS(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes,
    _ slots: UnsafeMutableBufferPointer<WholeDifference>
  ) -> RampLine {
    guard table.count >= 2 else { return fitParts(table, i, count, noise, LaneMask(repeating: true)) }
    let (flags, odd) = flagged(table, i, count)
    if !anyLane(odd), let line = fitWholeGLS(table, i, count, noise, slots) { return line }
    return fitPartsGLS(table, i, count, noise, flags)
  }

  /// The line through the usable reads of pixels of which some have not all.
  @inline(never)
  private func fitPartsGLS(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes, _ flags: FlagLanes
  ) -> RampLine {
    withUnsafeTemporaryAllocation(of: GLSDifference.self, capacity: table.count) { slots in
      var line = RampLine()
      line.flags = flags
      let squared = noise.read.replacing(with: RampNoise.least, where: noise.read .< RampNoise.least)
      gather(table, i, count, squared, into: slots, &line)
      let straight = solve(slots, photons: .zero, squared)
      for k in slots.indices { slots[k].prior = slots[k].weight / straight }
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
      line.weight = straight * squared
      if zeroIsKnown, anyLane(.!line.valid) { fitOdd(table, i, count, noise, .!line.valid, &line) }
      return line
    }
  }

  /// Reads the differences of usable reads.
  private func gather(
    _ table: ReadTable, _ i: Int, _ count: Int, _ squared: Lanes,
    into slots: UnsafeMutableBufferPointer<GLSDifference>, _ line: inout RampLine
  ) {
    var (previous, since) = (Lanes.zero, Lanes.zero)
    var alive = LaneMask(repeating: true)
    var started = LaneMask(repeating: false)
    // Whether the difference before ends at the read that the next one starts from.
    var linked = LaneMask(repeating: false)
    // Whether a jump came since the last usable read.
    var broken = LaneMask(repeating: false)
    for k in 0..<table.count {
      let y = at(table.offsets[k], i, count)
      let time = Lanes(repeating: Float(table.times[k] - table.times[0]))
      var bad = y.isNotFinite
      if cutsSaturation {
        let full = y .>= Lanes(repeating: saturation)
        line.flags = line.flags.raising(DQ.saturated, where: full .& alive)
        alive .&= .!full
      }
      if let groupQuality {
        let pointer = groupQuality.base + (table.offsets[k] + i)
        let q = FlagLanes(truncatingIfNeeded: count == 16 ? pointer.lanes(0) : pointer.lanes(0, count: count))
        alive .&= .!q.has(DQ.saturated)
        bad .|= q.has(DQ.doNotUse)
        broken .|= q.has(DQ.jumpDet)
      }
      let good = alive .& .!bad
      let exists = good .& started .& .!broken
      var slot = GLSDifference()
      slot.seconds.replace(with: time - since, where: exists)
      slot.counts.replace(with: y - previous, where: exists)
      slot.coupling.replace(with: squared, where: exists .& linked)
      slots.initializeElement(at: k, to: slot)
      line.used += ones(where: good)
      linked = ((linked .| exists) .& .!(good .& broken))
      started .|= good
      broken .&= .!good
      previous.replace(with: y, where: good)
      since.replace(with: time, where: good)
    }
  }

  /// Solves `C z = dt`, forth by `C = L D L'`, then back; `z` is left in `weight`. Returns `dt' z`.
  @inline(__always)
  private func solve(
    _ slots: UnsafeMutableBufferPointer<GLSDifference>, photons: Lanes, _ squared: Lanes
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
    _ slots: UnsafeMutableBufferPointer<GLSDifference>, _ norm: Lanes, _ squared: Lanes,
    _ inverseGain: Lanes, _ hasLight: LaneMask, _ line: inout RampLine
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

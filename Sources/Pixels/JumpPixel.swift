/// A difference of two successive usable reads of one pixel.
struct JumpDifference {
  var counts: Double
  var seconds: Double
  /// Number of the read it leads to, over all integrations.
  var plane: Int
  /// Whether it begins with the read that the difference before ends with.
  var isLinked: Bool
  var isJump = false
  // Of the fit to what is left.
  var pivot = 0.0
  var inverse = 0.0
  var unit = 0.0
  var residual = 0.0

  var rate: Double { counts / seconds }
}

extension JumpFinder {
  /// Looks at one pixel with care and flags its jumps.
  @inline(never)
  func look(
    at pixel: Int, read: Float, inverseGain: Float, _ slots: UnsafeMutablePointer<JumpDifference>,
    _ found: inout [JumpPlace]
  ) {
    let ramp = JumpPixel(
      differences: UnsafeMutableBufferPointer(start: slots, count: gather(pixel, slots)),
      read: Double(read), inverseGain: Double(inverseGain))
    let typical = ramp.median(includingJumps: true)
    switch options.method {
    case .twoPoint: ramp.findByMedian(options)
    case .likelihood: ramp.findByLikelihood(options)
    }
    for jump in ramp.differences where jump.isJump {
      groupQuality.base[jump.plane * planeCount + pixel] |= UInt8(DQ.jumpDet)
      let size = jump.counts - typical * jump.seconds
      let sigma = ramp.variance(typical, jump.seconds).squareRoot()
      if let range = options.neighbours, abs(size) > sigma * Double(range.lowerBound),
        abs(size) < sigma * Double(range.upperBound)
      {
        found.append(JumpPlace(plane: jump.plane, pixel: pixel))
      }
      flagTransient(after: jump.plane, of: pixel, size: size)
    }
  }

  /// The differences of usable reads; returns how many.
  private func gather(_ pixel: Int, _ slots: UnsafeMutablePointer<JumpDifference>) -> Int {
    var n = 0
    for (index, times) in options.times.enumerated() {
      var last: (counts: Double, seconds: Double)?
      var (broken, linked) = (false, false)
      for j in 0..<reads {
        let plane = index * reads + j
        let y = samples.base[plane * planeCount + pixel]
        let flags = UInt32(groupQuality.base[plane * planeCount + pixel])
        if flags & DQ.saturated != 0 || y >= saturation { break }
        broken = broken || flags & DQ.jumpDet != 0
        guard y.isFinite, flags & DQ.doNotUse == 0 else { continue }
        if let last, !broken {
          (slots + n).initialize(
            to: JumpDifference(
              counts: Double(y) - last.counts, seconds: times[j] - last.seconds, plane: plane,
              isLinked: linked))
          n += 1
          linked = true
        } else {
          linked = false
        }
        last = (Double(y), times[j])
        broken = false
      }
    }
    return n
  }

  private func flagTransient(after plane: Int, of pixel: Int, size: Double) {
    let times = options.times[plane / reads]
    for rule in options.transients where size >= Double(rule.counts) {
      let end = times[plane % reads] + rule.seconds
      for j in (plane % reads + 1)..<max(reads, plane % reads + 1) where times[j] <= end {
        let index = (plane - plane % reads + j) * planeCount + pixel
        if UInt32(groupQuality.base[index]) & (DQ.saturated | DQ.doNotUse) == 0 {
          groupQuality.base[index] |= UInt8(DQ.jumpDet)
        }
      }
    }
  }
}

/// The usable differences of one pixel.
struct JumpPixel {
  let differences: UnsafeMutableBufferPointer<JumpDifference>
  /// Squared read noise in data numbers, and data numbers per electron.
  let read: Double
  let inverseGain: Double

  /// The variance of a difference.
  func variance(_ rate: Double, _ seconds: Double) -> Double {
    abs(rate) * seconds * inverseGain + 2 * max(read, Double(RampNoise.least))
  }

  /// The median rate.
  func median(includingJumps: Bool) -> Double {
    withRates(includingJumps: includingJumps) { rates in
      let n = rates.count
      return n == 0 ? 0 : (rates[(n - 1) / 2] + rates[n / 2]) / 2
    }
  }

  /// The median of all rates but the largest of four or more; the smaller of two.
  private func clippedMedian() -> Double {
    withRates(includingJumps: false) { rates in
      let n = rates.count
      guard n != 3 else { return rates[1] }
      let low = abs(rates[0]) > abs(rates[n - 1])
      guard n > 3 else { return low ? rates[1] : rates[0] }
      let shift = low ? 1 : 0
      return (rates[(n - 2) / 2 + shift] + rates[(n - 1) / 2 + shift]) / 2
    }
  }

  /// Calls `body` with the sorted rates.
  private func withRates(includingJumps: Bool, _ body: (UnsafeMutableBufferPointer<Double>) -> Double)
    -> Double
  {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(differences.count, 1)) { rates in
      var n = 0
      for difference in differences where includingJumps || !difference.isJump {
        rates.initializeElement(at: n, to: difference.rate)
        n += 1
      }
      var part = UnsafeMutableBufferPointer(rebasing: rates[..<n])
      part.sort()
      return body(part)
    }
  }

  /// Takes out the worst difference as long as it is further from the median than the threshold.
  func findByMedian(_ options: JumpOptions) {
    var left = differences.count
    while left >= 2 {
      let threshold =
        left >= 4 ? options.rejection : left == 3 ? options.rejectionOfThree : options.rejectionOfTwo
      let typical = clippedMedian()
      var worst = (index: 0, ratio: 0.0)
      for k in differences.indices where !differences[k].isJump {
        let away = differences[k].counts - typical * differences[k].seconds
        let ratio = away * away / variance(typical, differences[k].seconds)
        if ratio > worst.ratio { worst = (k, ratio) }
      }
      guard worst.ratio > Double(threshold * threshold) else { return }
      differences[worst.index].isJump = true
      left -= 1
    }
  }

  /// Takes out the difference that improves chi squared most, or the two successive ones where no single one is enough,
  /// as long as they improve it by more than the threshold; two at least are left.
  func findByLikelihood(_ options: JumpOptions) {
    let typical = max(median(includingJumps: true), 0)
    var left = differences.count
    while left >= 3 {
      let inverseNorm = solve(typical)
      var best = (index: 0, count: 0, excess: 0.0)
      var previous: Int?
      for k in differences.indices where !differences[k].isJump {
        defer { previous = k }
        let d = differences[k]
        let p = d.inverse - d.unit * d.unit * inverseNorm
        let one = d.residual * d.residual / p - Double(options.chiSquaredOfOne)
        if one > 0, best.count != 1 || one > best.excess { best = (k, 1, one) }
        // Two are a way to see what one alone does not tell, like a read that is wrong itself.
        guard best.count != 1, left >= 4, let l = previous, l == k - 1, d.isLinked else { continue }
        let e = differences[l]
        let q = e.inverse - e.unit * e.unit * inverseNorm
        let cross = d.inverse * e.pivot - d.unit * e.unit * inverseNorm
        let sum =
          e.residual * e.residual * p - 2 * e.residual * d.residual * cross + d.residual * d.residual * q
        let two = sum / (p * q - cross * cross) - Double(options.chiSquaredOfTwo)
        if two > best.excess { best = (k, 2, two) }
      }
      guard best.count > 0 else { return }
      for k in 0..<best.count { differences[best.index - k].isJump = true }
      left -= best.count
    }
  }

  /// Fits a rate to what is left with the covariance of the rate `typical`; returns its squared error. `pivot` is 1 / D
  /// of the factorisation times the squared read noise, everything else in data numbers.
  private func solve(_ typical: Double) -> Double {
    let squared = max(read, Double(RampNoise.least))
    var previous = -1
    for k in differences.indices where !differences[k].isJump {
      let d = differences[k]
      let isLinked = d.isLinked && previous == k - 1 && k > 0
      let link = isLinked ? differences[k - 1].pivot : 0
      let diagonal = variance(typical, d.seconds)
      let reciprocal = 1 / (diagonal - squared * link)
      differences[k].pivot = squared * reciprocal
      differences[k].unit = d.seconds + (isLinked ? differences[k - 1].unit * link : 0)
      differences[k].residual = d.counts + (isLinked ? differences[k - 1].residual * link : 0)
      previous = k
    }
    return solveBack(typical, squared)
  }

  private func solveBack(_ typical: Double, _ squared: Double) -> Double {
    var (norm, sum) = (0.0, 0.0)
    var later: (unit: Double, counts: Double, pivot: Double)?
    for k in differences.indices.reversed() {
      let d = differences[k]
      guard !d.isJump else {
        later = nil
        continue
      }
      let reciprocal = d.pivot / squared
      let after = later ?? (0, 0, 0)
      let unit = reciprocal * (d.unit + squared * after.unit)
      let counts = reciprocal * (d.residual + squared * after.counts)
      let back = squared * squared * after.pivot
      differences[k].inverse = reciprocal / (1 - back * reciprocal)
      differences[k].unit = unit
      differences[k].residual = counts
      norm += unit * d.seconds
      sum += counts * d.seconds
      later = d.isLinked ? (unit, counts, 1 / (variance(typical, d.seconds) - back)) : nil
    }
    for k in differences.indices where !differences[k].isJump {
      differences[k].residual -= sum / norm * differences[k].unit
    }
    return 1 / norm
  }
}

/// Generalised least squares where all reads of sixteen pixels are usable, in units of the read noise.
///
/// The weights of eight pixels at a time: what their sums need has room in the processor's registers.
extension RampFitter {
  /// The line through all reads; nil where a read is saturated or not finite.
  @inline(__always)
  func fitWholeGLS(
    _ table: ReadTable, _ i: Int, _ count: Int, _ noise: NoiseLanes,
    _ slots: UnsafeMutableBufferPointer<WholeDifference>
  ) -> RampLine? {
    if cutsSaturation, anyLane(unusable(table, i, count)) { return nil }
    let first = differences(table, i, count, into: slots)
    if anyLane(first.isNotFinite) { return nil }
    let hasLight = first .> 0
    let inverseRead = 1 / noise.read.replacing(with: RampNoise.least, where: noise.read .< RampNoise.least)
    let photons = first.replacing(with: 0, where: .!hasLight) * noise.inverseGain * inverseRead
    let low = WholeSolution(slots, table, photons: photons.lowHalf).sums { $0.counts.lowHalf }
    let high = WholeSolution(slots, table, photons: photons.highHalf).sums { $0.counts.highHalf }
    return line(low, high, table, noise, hasLight)
  }

  /// Reads the differences; returns their sum with the weights of a straight line, which is not finite where a read is
  /// not.
  @inline(__always)
  private func differences(
    _ table: ReadTable, _ i: Int, _ count: Int, into slots: UnsafeMutableBufferPointer<WholeDifference>
  ) -> Lanes {
    var previous = at(table.offsets[0], i, count)
    var first = Lanes.zero
    for k in 1..<table.count {
      let y = at(table.offsets[k], i, count)
      let counts = y - previous
      first += counts * table.prior[k]
      slots[k].counts = counts
      previous = y
    }
    return first
  }

  /// The rate, freed of its pull, and its variances.
  @inline(__always)
  private func line(
    _ low: WholeSums, _ high: WholeSums, _ table: ReadTable, _ noise: NoiseLanes, _ hasLight: LaneMask
  ) -> RampLine {
    let inverse = 1 / Lanes(lowHalf: low.norm, highHalf: high.norm)
    var line = RampLine()
    line.poisson = Lanes(lowHalf: low.poisson, highHalf: high.poisson) * inverse * inverse
    line.read = 2 * Lanes(lowHalf: low.squares, highHalf: high.squares) * inverse * inverse
    let common = Lanes(lowHalf: low.common, highHalf: high.common) * inverse
    let pull = (line.poisson - common) * noise.inverseGain
    line.slope =
      Lanes(lowHalf: low.counts, highHalf: high.counts) * inverse
      - Lanes.zero.replacing(with: pull, where: hasLight)
    line.used = Lanes(repeating: Float(table.count))
    line.valid = LaneMask(repeating: true)
    line.weight = Lanes(repeating: 1 / table.lineVariance)
    return line
  }
}

/// One difference of two successive reads of sixteen pixels, and what is solved for it in eight of them.
struct WholeDifference {
  var counts: Lanes
  /// 1 / D of the factorisation, and what goes forth with it.
  var reciprocal: HalfLanes
  var side: HalfLanes
}

/// What the weights `z` of the differences make.
private struct WholeSums {
  /// `dt' z`.
  var norm = HalfLanes.zero
  /// The differences weighted.
  var counts = HalfLanes.zero
  /// `z' C z` of read noise alone, halved.
  var squares = HalfLanes.zero
  /// The same of photons.
  var poisson = HalfLanes.zero
  /// `z` times the weights of the straight line.
  var common = HalfLanes.zero

  /// Adds all but the counts of a difference whose next one has the weight `later`.
  @inline(__always)
  mutating func add(_ z: HalfLanes, _ later: HalfLanes, seconds: Float, prior: Float) {
    let lit = z * seconds
    norm += lit
    squares += z * (z - later)
    poisson += lit * z
    common += lit * prior
  }

  /// Multiplies all but the counts.
  @inline(__always)
  mutating func scale(_ factor: Float) {
    norm *= factor
    squares *= factor
    poisson *= factor
    common *= factor
  }
}

/// Solves `C z = dt` for eight pixels.
private struct WholeSolution {
  let slots: UnsafeMutableBufferPointer<WholeDifference>
  let table: ReadTable
  /// The photon rate over the squared read noise.
  let photons: HalfLanes

  @inline(__always)
  init(_ slots: UnsafeMutableBufferPointer<WholeDifference>, _ table: ReadTable, photons: HalfLanes) {
    self.slots = slots
    self.table = table
    self.photons = photons
  }

  /// What the weights make of the `counts` of each difference.
  @inline(__always)
  func sums(of counts: (WholeDifference) -> HalfLanes) -> WholeSums {
    table.isSymmetric ? mirroredSums(counts) : plainSums(counts)
  }

  /// Forth by `C = L D L'`, and back.
  @inline(__always)
  private func plainSums(_ counts: (WholeDifference) -> HalfLanes) -> WholeSums {
    forth(through: table.count - 1)
    var sums = WholeSums()
    var later = HalfLanes.zero
    for k in stride(from: table.count - 1, to: 0, by: -1) {
      let z = slots[k].side + slots[k].reciprocal * later
      sums.add(z, later, seconds: table.steps[k], prior: table.prior[k])
      sums.counts += counts(slots[k]) * z
      later = z
    }
    return sums
  }

  /// The same of steps that read the same from both ends, as the weights then do: half of them are solved for.
  ///
  /// In the middle `z` is its own neighbour (an even number of differences), or has the same one on both sides.
  @inline(__always)
  private func mirroredSums(_ counts: (WholeDifference) -> HalfLanes) -> WholeSums {
    let (count, middle) = (table.count - 1, table.count / 2)
    let (inverse, right) = forth(through: middle - 1)
    let isOdd = count % 2 == 1
    let diagonal = photons * table.steps[middle] + HalfLanes(repeating: isOdd ? 2 : 1)
    let sides: Float = isOdd ? 2 : 1
    var later = (right * sides + table.steps[middle]) / (diagonal - inverse * sides)
    var sums = WholeSums()
    sums.add(later, .zero, seconds: table.steps[middle], prior: table.prior[middle])
    // Half of what the middle counts for: all is doubled in the end.
    sums.scale(isOdd ? 0.5 : 1)
    sums.squares = later * later * 0.5
    let opposite = isOdd ? HalfLanes.zero : counts(slots[count + 1 - middle])
    sums.counts = (counts(slots[middle]) + opposite) * later
    for k in stride(from: middle - 1, to: 0, by: -1) {
      let z = slots[k].side + slots[k].reciprocal * later
      sums.add(z, later, seconds: table.steps[k], prior: table.prior[k])
      sums.counts += (counts(slots[k]) + counts(slots[count + 1 - k])) * z
      later = z
    }
    sums.scale(2)
    return sums
  }

  /// Goes forth through the differences up to `last`; returns the reciprocal pivot and the right-hand side there.
  @inline(__always)
  @discardableResult
  private func forth(through last: Int) -> (inverse: HalfLanes, right: HalfLanes) {
    var (inverse, right) = (HalfLanes.zero, HalfLanes.zero)
    for k in 1..<last + 1 {
      let seconds = table.steps[k]
      inverse = 1 / (photons * seconds + (HalfLanes(repeating: 2) - inverse))
      right = inverse * (seconds + right)
      slots[k].reciprocal = inverse
      slots[k].side = right
    }
    return (inverse, right)
  }
}

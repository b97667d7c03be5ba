/// The rates of sixteen pixels in one integration.
struct RampLine {
  /// Data numbers per second.
  var slope = Lanes.zero
  /// Usable reads.
  var used = Lanes.zero
  /// Whether there is a rate.
  var valid = LaneMask(repeating: false)
  /// `ReadWeights.read` and `.poisson` of each pixel.
  var read = Lanes.zero
  var poisson = Lanes.zero
  /// What integrations are weighed by: read noise alone.
  var weight = Lanes.zero
  /// Variance of a single read about the line, where it was asked for.
  var scatter = Lanes.zero
  var flags = FlagLanes.zero

  init() {}

  /// The line through all reads of a table.
  @inline(__always)
  init(set: WeightSet, slope: Lanes, table: ReadTable) {
    self.slope = slope
    used = Lanes(repeating: Float(table.count))
    valid = LaneMask(repeating: true)
    read = Lanes(repeating: set.read)
    poisson = Lanes(repeating: set.poisson)
    weight = Lanes(repeating: 1 / set.read)
  }

  /// The result of a single integration.
  @inline(__always)
  func result(noise: NoiseLanes, isKnown: Bool) -> RampResult {
    var result = RampResult()
    result.rate = slope
    result.variancePoisson = poisson
    result.varianceRead = isKnown ? read : scatter * read
    result.used = used
    result.flags = flags
    result.finish(noise: noise, isKnown: isKnown, valid: valid)
    return result
  }
}

/// Rates of several integrations on their way to one, weighted by read noise alone.
struct RampSums {
  var weight = Lanes.zero
  var read = Lanes.zero
  var slope = Lanes.zero
  var poisson = Lanes.zero
  var scatter = Lanes.zero
  var used = Lanes.zero
  var flags = FlagLanes.zero

  @inline(__always)
  mutating func add(_ line: RampLine) {
    let w = Lanes.zero.replacing(with: line.weight, where: line.valid)
    weight += w
    let square = w * w
    let read = square * line.read
    self.read += Lanes.zero.replacing(with: read, where: line.valid)
    slope += Lanes.zero.replacing(with: w * line.slope, where: line.valid)
    poisson += Lanes.zero.replacing(with: square * line.poisson, where: line.valid)
    scatter += Lanes.zero.replacing(with: read * line.scatter, where: line.valid)
    used += line.used
    flags |= line.flags
  }

  /// Rate and variances, with known noise or from the reads' own scatter.
  @inline(__always)
  func result(noise: NoiseLanes, isKnown: Bool) -> RampResult {
    let inverse = 1 / weight
    var result = RampResult()
    result.rate = slope * inverse
    result.variancePoisson = poisson * inverse * inverse
    result.varianceRead = (isKnown ? read : scatter) * inverse * inverse
    result.used = used
    result.flags = flags
    result.finish(noise: noise, isKnown: isKnown, valid: weight .> 0)
    return result
  }
}

/// The fit of sixteen pixels.
struct RampResult {
  var rate = Lanes.zero
  var error = Lanes.zero
  var variancePoisson = Lanes.zero
  var varianceRead = Lanes.zero
  var used = Lanes.zero
  var flags = FlagLanes.zero

  /// Makes variances of those for a rate and a read noise of 1, and takes out what has none.
  @inline(__always)
  mutating func finish(noise: NoiseLanes, isKnown: Bool, valid: LaneMask) {
    if isKnown {
      let photons = Lanes.zero.replacing(with: rate, where: rate .> 0)
      variancePoisson *= photons * noise.inverseGain
      varianceRead *= noise.read
      flags |= noise.flags
      if anyLane(noise.missing) {
        variancePoisson.replace(with: .nan, where: noise.missing)
        varianceRead.replace(with: .nan, where: noise.missing)
      }
    } else {
      variancePoisson = .zero
      flags |= FlagLanes(repeating: DQ.unreliableError)
    }
    let none = .!valid
    if anyLane(none) {
      rate.replace(with: .nan, where: none)
      variancePoisson.replace(with: .nan, where: none)
      varianceRead.replace(with: .nan, where: none)
      flags = flags.raising(DQ.doNotUse, where: none)
    }
    error = (variancePoisson + varianceRead).squareRoot()
  }
}

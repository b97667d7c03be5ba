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
    read += Lanes.zero.replacing(with: w * w * line.read, where: line.valid)
    slope += Lanes.zero.replacing(with: w * line.slope, where: line.valid)
    poisson += Lanes.zero.replacing(with: w * w * line.poisson, where: line.valid)
    scatter += Lanes.zero.replacing(with: w * line.scatter, where: line.valid)
    used += line.used
    flags |= line.flags
  }

  /// Rate and variances, with known noise or from the reads' own scatter.
  @inline(__always)
  func result(noise: (read: Float, inverseGain: Float)?) -> RampResult {
    let none = .!(weight .> 0)
    var result = RampResult()
    result.rate = (slope / weight).replacing(with: .nan, where: none)
    if let noise {
      let photons = result.rate.replacing(with: 0, where: .!(result.rate .> 0))
      result.variancePoisson = photons * noise.inverseGain * poisson / (weight * weight)
      result.varianceRead = noise.read * read / (weight * weight)
    } else {
      result.varianceRead = scatter / (weight * weight)
      result.flags = FlagLanes(repeating: DQ.unreliableError)
    }
    result.variancePoisson.replace(with: .nan, where: none)
    result.varianceRead.replace(with: .nan, where: none)
    result.error = (result.variancePoisson + result.varianceRead).squareRoot()
    result.flags = (result.flags | flags).raising(DQ.doNotUse, where: none)
    result.used = used
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
}

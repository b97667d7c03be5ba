/// When a ramp is read, how its reads become a rate, and how sure that rate is.
///
/// `EXPTIME` is the time over which signal is measured: from the first read to the last (of MCDS from the
/// first group's mean to the second's). With reads y_k (adu) at times t_k the rate is Σ w_k y_k, and its
/// variance is
///
///     var = Σ_j W_j² (t_j − t_{j−1}) rate / gain  +  (readnoise / gain)² Σ_k w_k²      (adu/s)²
///
/// where W_j = Σ_{k ≥ j} w_k: the photons between two reads are in all later reads. The sum reduces to
/// rate/(gain·T) + 2R²/(gain·T)² for CDS, to 1.2(n²+1)/(n(n²−1))·rate/(gain·δt) + 12R²/((n³−n)(gain·δt)²) for
/// equally weighted up-the-ramp reads, and to the formula of Vacca, Cushing & Rayner 2004 for MCDS.
public struct RampTiming: Sendable, Hashable {
  /// Seconds from the reset to each read, increasing.
  public let readTimes: [Double]
  /// The weight of each read in the rate (1/s); they add up to 0.
  public let weights: [Double]
  /// Σ W_j² Δt_j: the Poisson variance of the rate per unit rate, for a gain of 1 (1/s).
  public let poissonFactor: Double
  /// Σ w_k²: the variance of the rate per unit variance of a read (1/s²).
  public let readNoiseFactor: Double
  /// Seconds between consecutive reads (of MCDS within a group).
  public let spacing: Double

  /// The timing of `sampling` over `exposureSeconds`, with reads `frameSeconds` apart where they are back to
  /// back.
  ///
  /// The first read ends one frame time after the reset. A frame time that does not fit is shortened.
  public init(_ sampling: Sampling, exposureSeconds: Double, frameSeconds: Double) {
    let frame: Double
    switch sampling {
    case .cds:
      frame = min(frameSeconds, exposureSeconds)
      readTimes = [frame, frame + exposureSeconds]
      weights = [-1 / exposureSeconds, 1 / exposureSeconds]
      spacing = exposureSeconds
    case .utr(let reads):
      spacing = exposureSeconds / Double(reads - 1)
      frame = min(frameSeconds, spacing)
      let (first, step) = (frame, spacing)
      readTimes = (0..<reads).map { first + Double($0) * step }
      weights = Self.slopeWeights(readTimes)
    case .mcds(let reads):
      frame = min(frameSeconds, exposureSeconds / Double(reads))
      spacing = frame
      let weight = 1 / (exposureSeconds * Double(reads))
      let first = (0..<reads).map { Double($0 + 1) * frame }
      readTimes = first + first.map { $0 + exposureSeconds }
      weights = (0..<2 * reads).map { $0 < reads ? -weight : weight }
    }
    readNoiseFactor = weights.reduce(0) { $0 + $1 * $1 }
    poissonFactor = Self.poissonFactor(times: readTimes, weights: weights)
  }

  /// The variance of a rate of `rate` adu/s (negative rates count as 0), in (adu/s)².
  public func variance(rate: Double, gain: Double, readNoise: Double) -> Double {
    poissonFactor * max(rate, 0) / gain + readNoiseFactor * (readNoise / gain) * (readNoise / gain)
  }

  private static func slopeWeights(_ times: [Double]) -> [Double] {
    let mean = times.reduce(0, +) / Double(times.count)
    let scatter = times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return times.map { ($0 - mean) / scatter }
  }

  private static func poissonFactor(times: [Double], weights: [Double]) -> Double {
    var later = 0.0
    var sum = 0.0
    for j in stride(from: times.count - 1, through: 1, by: -1) {
      later += weights[j]
      sum += later * later * (times[j] - times[j - 1])
    }
    return sum
  }
}

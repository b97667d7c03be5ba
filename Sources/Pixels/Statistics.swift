/// Robust statistics of an image's good pixels.
public struct Statistics: Sendable, Equatable {
  /// Mean of the pixels that survived clipping.
  public let mean: Double
  /// Their median.
  public let median: Double
  /// 1.4826 x their median absolute deviation: sigma, for Gaussian noise.
  public let madSigma: Double
  /// Their standard deviation (n - 1).
  public let std: Double
  /// How many they are.
  public let count: Int
}

/// Which pixels a statistic takes and how it clips.
public struct StatisticsOptions: Sendable, Equatable {
  /// Pixels with any of these flags are left out (NaN and infinite ones always are).
  public var excludedFlags: UInt32
  /// Clipped below `median - kappaLow sigma`; infinite for no clipping.
  public var kappaLow: Float
  /// Clipped above `median + kappaHigh sigma`.
  public var kappaHigh: Float
  /// The sigma: 1.4826 MAD, or the standard deviation.
  public var spread: Clipping.Spread
  /// At most this many rounds; it ends when a round rejects nothing.
  public var maximumIterations: Int

  /// Options with the house's defaults: kappa 3 of the MAD, 10 rounds.
  public init(
    excludedFlags: UInt32 = DQ.doNotUse, kappaLow: Float = 3, kappaHigh: Float = 3,
    spread: Clipping.Spread = .mad, maximumIterations: Int = 10
  ) {
    self.excludedFlags = excludedFlags
    self.kappaLow = kappaLow
    self.kappaHigh = kappaHigh
    self.spread = spread
    self.maximumIterations = maximumIterations
  }
}

/// The exact median of the good pixels (the mean of the middle two of an even number); NaN when there are
/// none.
public func median(
  of plane: Plane<Float>, quality: Plane<UInt32>? = nil, excluding flags: UInt32 = DQ.doNotUse
) -> Float {
  let samples = GoodSamples(plane, quality, excluding: flags)
  return samples.median(.init(), count: samples.count)
}

/// The median absolute deviation of the good pixels from their median (not scaled); NaN when there are none.
public func medianAbsoluteDeviation(
  of plane: Plane<Float>, quality: Plane<UInt32>? = nil, excluding flags: UInt32 = DQ.doNotUse
) -> Float {
  let samples = GoodSamples(plane, quality, excluding: flags)
  let center = samples.median(.init(), count: samples.count)
  return samples.median(.init(), count: samples.count, from: center)
}

/// Mean, median, MAD sigma, standard deviation and number of the good pixels after iterative clipping about
/// the median; all NaN and 0 when there are none. Sums are taken in double precision.
public func clippedStatistics(
  of plane: Plane<Float>, quality: Plane<UInt32>? = nil, options: StatisticsOptions = StatisticsOptions()
) -> Statistics {
  let samples = GoodSamples(plane, quality, excluding: options.excludedFlags)
  let (bounds, count) = samples.clipped(options)
  let moments = samples.moments(bounds)
  let center = samples.median(bounds, count: count)
  return Statistics(
    mean: moments.mean, median: Double(center),
    madSigma: madToSigma * Double(samples.median(bounds, count: count, from: center)), std: moments.std,
    count: count)
}

/// The median of the good pixels after iterative clipping about it, as `clippedStatistics` finds it; NaN when there are
/// none.
public func clippedMedian(
  of plane: Plane<Float>, quality: Plane<UInt32>? = nil, options: StatisticsOptions = StatisticsOptions()
) -> Float {
  let samples = GoodSamples(plane, quality, excluding: options.excludedFlags)
  let (bounds, count) = samples.clipped(options)
  return samples.median(bounds, count: count)
}

/// Tukey's biweight location (c = 6) of the good pixels; the median where the MAD is 0.
public func biweightLocation(
  of plane: Plane<Float>, quality: Plane<UInt32>? = nil, excluding flags: UInt32 = DQ.doNotUse
) -> Double {
  let samples = GoodSamples(plane, quality, excluding: flags)
  let center = samples.median(.init(), count: samples.count)
  let mad = samples.median(.init(), count: samples.count, from: center)
  guard mad > 0 else { return Double(center) }
  let c = Double(center)
  let scale = 6 * Double(mad)
  @Sendable func weight(_ x: Float) -> Double {
    let u = (Double(x) - c) / scale
    let t = 1 - u * u
    return t > 0 ? t * t : 0
  }
  let top = samples.sums(.init()) { (Double($0) - c) * weight($0) }.sum
  return c + top / samples.sums(.init(), weight).sum
}

/// sigma / MAD of a Gaussian.
let madToSigma = 1.482602218505602

extension GoodSamples {
  /// What iterative clipping about the median leaves.
  fileprivate func clipped(_ options: StatisticsOptions) -> (bounds: Bounds, count: Int) {
    var bounds = Bounds()
    var count = count
    let clips = options.kappaLow < .infinity || options.kappaHigh < .infinity
    for _ in 0..<(clips ? options.maximumIterations : 0) {
      let center = median(bounds, count: count)
      let sigma = sigma(bounds, count, center, options.spread)
      guard sigma > 0 else { break }
      let narrower = Bounds(
        low: max(bounds.low, center - options.kappaLow * sigma),
        high: min(bounds.high, center + options.kappaHigh * sigma))
      let left = self.count(within: narrower)
      if left == count { break }
      (bounds, count) = (narrower, left)
    }
    return (bounds, count)
  }

  /// The clipping sigma of the samples within bounds.
  fileprivate func sigma(
    _ bounds: Bounds, _ count: Int, _ center: Float, _ spread: Clipping.Spread
  ) -> Float {
    if spread == .mad {
      let mad = median(bounds, count: count, from: center)
      if mad > 0 { return Float(madToSigma) * mad }
      // More than half of the pixels are equal: the MAD says nothing.
    }
    return Float(moments(bounds).std)
  }
}

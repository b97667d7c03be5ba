/// What a frame is divided by to bring it to one.
public enum NormalizeMethod: String, Sendable, CaseIterable {
  /// Nothing: the factor is 1.
  case none
  /// The mean of the illuminated good pixels.
  case mean
  /// Their median.
  case median
  /// Their half-sample mode.
  case mode
}

/// Which pixels decide the factor of a normalisation.
public struct NormalizeOptions: Sendable, Equatable {
  /// What the frame is divided by.
  public var method: NormalizeMethod
  /// Pixels with any of these flags do not count.
  public var excludedFlags: UInt32
  /// Pixels below this fraction of the good pixels' 90th percentile are not illuminated and do not count; 0 for all.
  public var illuminatedFraction: Float

  /// Options with the house's defaults.
  public init(
    method: NormalizeMethod = .median,
    excludedFlags: UInt32 = DQ.doNotUse | DQ.nonScience | DQ.referencePixel | DQ.dead,
    illuminatedFraction: Float = 0.3
  ) {
    self.method = method
    self.excludedFlags = excludedFlags
    self.illuminatedFraction = illuminatedFraction
  }
}

/// A frame brought to one, and the number it was divided by.
public struct Normalized: Sendable, Equatable {
  /// The frame over the factor; errors scale with it.
  public var measured: Measured
  /// The factor, in the frame's unit.
  public var factor: Double
}

/// Divides a frame by the mean, median or mode of its illuminated good pixels.
///
/// - Throws: `nothing-to-normalize` when no good pixel is left or the factor is not a positive number.
public func normalize(
  _ frame: Measured, options: NormalizeOptions = NormalizeOptions()
) throws(PixelsError) -> Normalized {
  let factor = normalization(of: frame, options)
  guard factor > 0, factor.isFinite else {
    throw PixelsError(
      code: "nothing-to-normalize",
      message: "the \(options.method.rawValue) of its illuminated good pixels is \(factor)", subject: "frame",
      hint: "look at the frame's level and its DQ plane")
  }
  return Normalized(measured: frame.divided(by: Float(factor)), factor: factor)
}

/// The median of the illuminated good pixels: those of at least `fraction` of the good pixels' 90th percentile.
///
/// Of all good pixels where that percentile is not positive; NaN without one.
public func illuminatedMedian(
  of plane: Plane<Float>, quality: Plane<UInt32>?, excluding flags: UInt32 = DQ.doNotUse,
  fraction: Float = 0.3
) -> Float {
  let samples = GoodSamples(plane, quality, excluding: flags)
  let (bounds, count) = samples.illuminated(fraction)
  return samples.median(bounds, count: count)
}

/// Flags the pixels of a normalised flat outside `low...high` (and NaN ones) as having no flat field.
///
/// - Returns: the flat with `NO_FLAT_FIELD | DO_NOT_USE` raised there, and how many pixels that concerns.
public func flagFlatOutliers(
  _ flat: Measured, low: Float = 0.01, high: Float = 10
) -> (flat: Measured, count: Int) {
  var result = flat
  var count = 0
  flat.value.withUnsafeBuffer { values in
    result.quality.withUnsafeMutableBuffer { quality in
      for i in values.indices where !(values[i] >= low && values[i] <= high) {
        quality[i] |= DQ.noFlatField | DQ.doNotUse
        count += 1
      }
    }
  }
  return (result, count)
}

/// The factor of a normalisation; NaN without good pixels.
private func normalization(of frame: Measured, _ options: NormalizeOptions) -> Double {
  if options.method == .none { return 1 }
  let samples = GoodSamples(frame.value, frame.quality, excluding: options.excludedFlags)
  let (bounds, count) = samples.illuminated(options.illuminatedFraction)
  switch options.method {
  case .none: return 1
  case .mean: return samples.moments(bounds).mean
  case .median: return Double(samples.median(bounds, count: count))
  case .mode: return samples.mode(bounds)
  }
}

extension GoodSamples {
  /// The half-sample mode of at most about a million samples within bounds, evenly taken; the mode's own
  /// uncertainty falls so slowly (as n^(-1/3)) that more would not sharpen it. `3 median - 2 mean` for fewer
  /// than 10.
  fileprivate func mode(_ bounds: Bounds) -> Double {
    let step = max(count >> 20, 1)
    var taken: [Float] = []
    withExtendedLifetime(self) {
      for i in stride(from: 0, to: count, by: step) {
        let x = base.base[i]
        if x >= bounds.low && x <= bounds.high { taken.append(x) }
      }
    }
    if taken.count < 10 {
      let moments = moments(bounds)
      return 3 * Double(median(bounds, count: moments.count)) - 2 * moments.mean
    }
    taken.sort()
    return Double(SampleStatistics.halfSampleMode(sorted: taken))
  }
}

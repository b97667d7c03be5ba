/// Which pixels of a master dark are flagged.
public struct DarkFlagOptions: Sendable, Equatable {
  /// `HOT` above the median by this many sigma (the MAD's, of the master).
  public var hotKappa: Float
  /// `WARM` from this many sigma up to `hotKappa`.
  public var warmKappa: Float
  /// `UNRELIABLE_DARK` where the frames scatter more than this many times as expected.
  public var scatterFactor: Float
  /// `UNRELIABLE_DARK` where fewer frames were used.
  public var minimumFrames: Int

  /// Options with the house's defaults: 10, 5, 3 and 3.
  public init(
    hotKappa: Float = 10, warmKappa: Float = 5, scatterFactor: Float = 3, minimumFrames: Int = 3
  ) {
    self.hotKappa = hotKappa
    self.warmKappa = warmKappa
    self.scatterFactor = scatterFactor
    self.minimumFrames = minimumFrames
  }
}

/// A master dark with its bad pixels flagged, and what was found.
public struct FlaggedDark: Sendable {
  /// The dark with `HOT`, `WARM` and `UNRELIABLE_DARK` raised.
  public var dark: Measured
  /// The level and sigma that hot pixels were counted from.
  public var statistics: Statistics
  /// Hot pixels.
  public var hot: Int
  /// Warm pixels.
  public var warm: Int
  /// Pixels whose dark is unreliable.
  public var unreliable: Int
}

/// Flags hot, warm and unreliable pixels of a master dark.
///
/// - Parameters:
///   - combined: the master with the number and scatter of its frames.
///   - expectedScatter: the standard deviation expected of a single frame at each pixel; by default the
///     median of the scatter plane everywhere.
///   - options: thresholds.
public func flagDark(
  _ combined: Combined, expectedScatter: Plane<Float>? = nil, options: DarkFlagOptions = DarkFlagOptions()
) -> FlaggedDark {
  let master = combined.measured
  let statistics = clippedStatistics(of: master.value, quality: master.quality)
  let level = Float(statistics.median)
  let sigma = Float(statistics.madSigma)
  let hot = level + options.hotKappa * sigma
  let warm = level + options.warmKappa * sigma
  let usual = median(of: combined.scatter, quality: master.quality)
  var result = FlaggedDark(dark: master, statistics: statistics, hot: 0, warm: 0, unreliable: 0)
  let value = master.value.elements
  let scatter = combined.scatter.elements
  let count = combined.count.elements
  let expected = expectedScatter?.elements
  result.dark.quality.withUnsafeMutableBuffer { quality in
    for i in quality.indices {
      if value[i] > hot {
        quality[i] |= DQ.hot
        result.hot += 1
      } else if value[i] > warm {
        quality[i] |= DQ.warm
        result.warm += 1
      }
      let limit = options.scatterFactor * (expected?[i] ?? usual)
      if Int(count[i]) < options.minimumFrames || scatter[i] > limit {
        quality[i] |= DQ.unreliableDark
        result.unreliable += 1
      }
    }
  }
  return result
}

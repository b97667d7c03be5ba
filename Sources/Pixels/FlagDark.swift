import Foundation

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
  /// `UNRELIABLE_DARK` where more than this share of the frames was not used: clipping makes the rest of a pixel that
  /// jumps look quiet.
  public var maximumRejected: Float

  /// Options with the house's defaults: 10, 5, 3, 3 and a quarter.
  public init(
    hotKappa: Float = 10, warmKappa: Float = 5, scatterFactor: Float = 3, minimumFrames: Int = 3,
    maximumRejected: Float = 0.25
  ) {
    self.maximumRejected = maximumRejected
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
///   - expectedScatter: the standard deviation expected of a single frame at each pixel; by default
///     `combined.expectedScatter`, and where the errors cannot tell it, the median of the scatter plane.
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
  let known = expectedScatter ?? combined.expectedScatter
  let usual = known == nil ? median(of: combined.scatter, quality: master.quality) : .nan
  let expected = known ?? Plane(width: master.width, height: master.height, repeating: usual)
  let frames = Float(combined.count.withUnsafeBuffer { $0.max() ?? 0 })
  let fewest = max(Float(options.minimumFrames), frames * (1 - options.maximumRejected))
  var result = FlaggedDark(dark: master, statistics: statistics, hot: 0, warm: 0, unreliable: 0)
  master.value.withUnsafeBuffer { value in
    combined.scatter.withUnsafeBuffer { scatter in
      combined.count.withUnsafeBuffer { count in
        expected.withUnsafeBuffer { expected in
          result.dark.quality.withUnsafeMutableBuffer { quality in
            for i in quality.indices {
              let isHot = value[i] > hot
              let isWarm = !isHot && value[i] > warm
              let isUnreliable =
                Float(count[i]) < fewest || scatter[i] > options.scatterFactor * expected[i]
              quality[i] |=
                (isHot ? DQ.hot : 0) | (isWarm ? DQ.warm : 0) | (isUnreliable ? DQ.unreliableDark : 0)
              result.hot += isHot ? 1 : 0
              result.warm += isWarm ? 1 : 0
              result.unreliable += isUnreliable ? 1 : 0
            }
          }
        }
      }
    }
  }
  return result
}

extension Combined {
  /// The standard deviation that the samples used at each pixel should show by their own errors (read noise and
  /// Poisson noise of the dark current), or nil where the errors were measured from that very scatter or the frames
  /// were weighted.
  ///
  /// The rms error of n samples is `error √n`, over the median's factor. Clipping at kappa sigma makes good samples
  /// look quieter than they are: a Gaussian cut at ± kappa keeps `√(1 - 2 kappa φ(kappa) / (2 Φ(kappa) - 1))` of its
  /// sigma (0.987 for 3).
  public var expectedScatter: Plane<Float>? {
    guard options.errors == .propagate, options.method == .median || options.method == .mean else {
      return nil
    }
    let kept = options.clipping.map { truncatedSigma(kappa: Double(min($0.kappaLow, $0.kappaHigh))) } ?? 1
    let most = count.withUnsafeBuffer { Int($0.max() ?? 0) }
    let factors = (0...most).map { n -> Float in
      let median = options.method == .median ? medianErrorFactor(samples: n) : 1
      return Float(kept * Double(n).squareRoot() / median)
    }
    return count.withUnsafeBuffer { count in
      measured.error.withUnsafeBuffer { error in
        Plane(uninitializedWidth: measured.width, height: measured.height) { out in
          for i in 0..<count.count { out.initializeElement(at: i, to: factors[Int(count[i])] * error[i]) }
        }
      }
    }
  }
}

/// The standard deviation of a unit Gaussian cut at ± kappa.
func truncatedSigma(kappa: Double) -> Double {
  let inside = erf(kappa / 2.0.squareRoot())
  let density = exp(-0.5 * kappa * kappa) / (2 * Double.pi).squareRoot()
  return (1 - 2 * kappa * density / inside).squareRoot()
}

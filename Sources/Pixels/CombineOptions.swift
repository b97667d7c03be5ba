/// How a stack of frames becomes one.
public struct CombineOptions: Sendable, Equatable {
  /// The estimate at each pixel.
  public enum Method: String, Sendable, CaseIterable { case mean, wmean, median, wmedian }

  /// Where the weights of `wmean` and `wmedian` come from.
  public enum Weights: Sendable, Equatable {
    /// All the same.
    case equal
    /// One weight per frame, from read noise and smooth sky (see ALGORITHMS §0); frames of weight 0 are not
    /// used.
    case frames([Float])
    /// `1 / error^2` of each pixel. A pixel's own Poisson term makes this biased (up to -0.2 sigma); for
    /// errors that hold no such term, and for comparison with other programs.
    case pixelErrors
  }

  /// How the error of the result is found.
  public enum ErrorMethod: String, Sendable, CaseIterable {
    /// From the errors of the samples used.
    case propagate
    /// From the scatter of the samples used; a single sample keeps its own error.
    case measure
  }

  /// Whose flags a result carries.
  public enum FlagSource: Sendable { case usedSamples, allSamples }

  /// The estimate.
  public var method: Method
  /// Weights of the weighted methods.
  public var weights: Weights
  /// Rejection of outliers, or nil for none.
  public var clipping: Clipping?
  /// How errors are found.
  public var errors: ErrorMethod
  /// Samples with any of these flags are not used (nor are NaN and infinite ones).
  public var excludedFlags: UInt32
  /// Whose flags are OR-ed into the result.
  public var flags: FlagSource

  /// Options with the defaults of the house.
  public init(
    method: Method = .median, weights: Weights = .equal, clipping: Clipping? = Clipping(),
    errors: ErrorMethod = .propagate, excludedFlags: UInt32 = DQ.doNotUse, flags: FlagSource = .usedSamples
  ) {
    self.method = method
    self.weights = weights
    self.clipping = clipping
    self.errors = errors
    self.excludedFlags = excludedFlags
    self.flags = flags
  }

  /// Whether the method uses weights.
  var isWeighted: Bool { method == .wmean || method == .wmedian }

  /// Checks the options against the number of frames.
  ///
  /// - Throws: `no-frames`, `weights-count`, `weights-value`, `clip-value`.
  public func validate(frameCount: Int) throws(PixelsError) {
    func fail(_ code: String, _ subject: String, _ message: String) -> PixelsError {
      PixelsError(code: code, message: message, subject: subject)
    }
    guard frameCount > 0, frameCount < Int(UInt16.max) else {
      throw fail("no-frames", "frames", "\(frameCount) frames cannot be combined")
    }
    if case .frames(let weights) = weights {
      guard weights.count == frameCount else {
        throw fail("weights-count", "weights", "\(weights.count) weights for \(frameCount) frames")
      }
      guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
        throw fail("weights-value", "weights", "weights must be finite and not negative, one above 0")
      }
    }
    if let clipping, !(clipping.kappaLow > 0 && clipping.kappaHigh > 0 && clipping.maximumIterations > 0) {
      throw fail("clip-value", "clipping", "kappa and the number of iterations must be positive")
    }
  }
}

/// Iterative rejection of outliers in units of a robust sigma.
public struct Clipping: Sendable, Equatable {
  /// The centre that deviations are counted from.
  public enum Center: String, Sendable, CaseIterable { case median, mean, biweight }
  /// The sigma that they are counted in.
  public enum Spread: String, Sendable, CaseIterable {
    /// 1.4826 x the median absolute deviation.
    case mad
    /// The standard deviation of the samples (n - 1).
    case standardDeviation
    /// The biweight midvariance's root (c = 9, about the centre, counting only the samples it weighs).
    case biweight
  }

  /// Rejected below `center - kappaLow sigma`.
  public var kappaLow: Float
  /// Rejected above `center + kappaHigh sigma`.
  public var kappaHigh: Float
  /// The centre.
  public var center: Center
  /// The sigma.
  public var spread: Spread
  /// At most this many rounds; it ends when a round rejects nothing.
  public var maximumIterations: Int
  /// A rejection that would leave fewer samples is not made.
  public var minimumSurvivors: Int
  /// Pixels with fewer samples are not clipped at all.
  public var minimumSamples: Int
  /// In stacks of fewer samples than this, sigma is at least the samples' median error (a bare MAD of 5
  /// rejects 8 % of good samples); only with `.mad`. 0 turns it off.
  public var errorFloorBelow: Int

  /// Clipping with the defaults of the house: kappa 3, median and MAD, 10 iterations, 3 survivors.
  public init(
    kappaLow: Float = 3, kappaHigh: Float = 3, center: Center = .median, spread: Spread = .mad,
    maximumIterations: Int = 10, minimumSurvivors: Int = 3, minimumSamples: Int = 3, errorFloorBelow: Int = 15
  ) {
    self.kappaLow = kappaLow
    self.kappaHigh = kappaHigh
    self.center = center
    self.spread = spread
    self.maximumIterations = maximumIterations
    self.minimumSurvivors = minimumSurvivors
    self.minimumSamples = minimumSamples
    self.errorFloorBelow = errorFloorBelow
  }
}

/// How the reads of a ramp become a count rate.
public struct RampFitOptions: Sendable, Equatable {
  /// The estimator.
  public enum Method: Sendable, Equatable {
    /// Last usable read minus the first, over their times.
    case cds
    /// Mean of the last m reads minus the mean of the first m; m shrinks to n / 2 where fewer are usable.
    case mcds(numCoadd: Int)
    /// Up the ramp: the least-squares slope with equal weights.
    case utr
    /// Least squares with the weights of Fixsen et al. (2000, PASP 112, 1350) by the signal of each ramp: those at
    /// its ends count the more, the more photon noise there is. Equal weights where gain or read noise are not known.
    case optimal
    /// Generalised least squares: the weights that the photon and read noise of each pixel ask for, with the
    /// correlation that reads of one ramp have. Equal weights where gain or read noise are not known.
    case gls
  }

  /// The estimator.
  public var method: Method
  /// Seconds of each read, per integration; any origin, rising.
  public var times: [[Double]]
  /// Electrons per data number, for the Poisson variance; nil when not known.
  public var gain: Float?
  /// Read noise of a single read in electrons; nil when not known.
  public var readNoise: Float?
  /// The gain of each pixel; where it is NaN or not positive `gain` stands in and `NO_GAIN_VALUE` is raised.
  public var gainPlane: Plane<Float>?
  /// The read noise of each pixel; where it is NaN or negative `readNoise` stands in and `UNRELIABLE_ERROR` is raised.
  public var readNoisePlane: Plane<Float>?
  /// A read at or above this level, and all later ones of its integration, are not used; nil for no cut.
  public var saturation: Float?
  /// Reads left out everywhere (by number from 0), like reads taken while a loop was open: missing, not a
  /// gap in time.
  public var droppedReads: Set<Int>
  /// The same for single integrations (by number from 0), besides those dropped everywhere.
  public var droppedReadsByIntegration: [Int: Set<Int>] = [:]
  /// Whether the counts are above the pixel's zero (a bias was taken off, or a reset read) and the times since the
  /// reset: then a single usable read is a rate, `counts / time`.
  public var zeroIsKnown: Bool

  /// Options for reads at the given times.
  public init(
    method: Method = .utr, times: [[Double]], gain: Float? = nil, readNoise: Float? = nil,
    saturation: Float? = nil, droppedReads: Set<Int> = [], gainPlane: Plane<Float>? = nil,
    readNoisePlane: Plane<Float>? = nil, zeroIsKnown: Bool = false
  ) {
    self.method = method
    self.times = times
    self.gain = gain
    self.readNoise = readNoise
    self.saturation = saturation
    self.droppedReads = droppedReads
    self.gainPlane = gainPlane
    self.readNoisePlane = readNoisePlane
    self.zeroIsKnown = zeroIsKnown
  }

  /// Checks the options against a ramp's shape.
  ///
  /// - Throws: `times-shape` when there is not one time per read, `times-order` when they do not rise,
  ///   `num-coadd` outside 1...reads/2, `gain-value` and `noise-value` for numbers that are not positive.
  public func validate(integrations: Int, reads: Int) throws(PixelsError) {
    func fail(_ code: String, _ subject: String, _ message: String) -> PixelsError {
      PixelsError(code: code, message: message, subject: subject)
    }
    guard times.count == integrations, times.allSatisfy({ $0.count == reads }) else {
      let found = "\(times.count) x \(times.first?.count ?? 0)"
      throw fail("times-shape", "times", "\(found) times for \(integrations) x \(reads) reads")
    }
    guard times.allSatisfy({ zip($0, $0.dropFirst()).allSatisfy { $0 < $1 } && $0.allSatisfy(\.isFinite) })
    else { throw fail("times-order", "times", "the times of the reads do not rise") }
    if case .mcds(let m) = method, m < 1 || (reads >= 2 && m > reads / 2) {
      throw fail("num-coadd", "num_coadd", "\(m) is not in 1...\(reads / 2) for \(reads) reads")
    }
    if let gain, !(gain > 0 && gain.isFinite) { throw fail("gain-value", "gain", "\(gain) is not a gain") }
    if let readNoise, !(readNoise >= 0 && readNoise.isFinite) {
      throw fail("noise-value", "read noise", "\(readNoise) is not a noise")
    }
  }
}

/// The rate image of a ramp.
public struct RampFit: Sendable, Equatable {
  /// Rate in data numbers per second, its error, and flags.
  public var measured: Measured
  /// The photon noise's part of the variance; 0 where gain or read noise were not known.
  public var variancePoisson: Plane<Float>
  /// The read noise's part of the variance (the fit's own scatter where gain or read noise were not known).
  public var varianceReadNoise: Plane<Float>
  /// Reads used, over all integrations.
  public var readsUsed: Plane<UInt16>
}
